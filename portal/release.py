"""Which version of Plumbline runs. Owns where that is read. Never says what a version holds."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@cache
def running_version() -> str:
    """The installed package's version, or the checkout's where nothing is installed."""
    try:
        return version("plumbline")
    except PackageNotFoundError:
        text = (Path(__file__).resolve().parents[1] / "pyproject.toml").read_text(encoding="utf-8")
        return str(tomllib.loads(text)["project"]["version"])
