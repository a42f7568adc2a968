"""Static files that live inside installed packages. Today one: Plotly's script, and only that file of its package."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage, Storage

NAME = "plotly/plotly.min.js"


class _OneFile(FileSystemStorage):
    """Plotly's package_data folder, under the name that pages use."""

    prefix = "plotly"


class PackagedAssetsFinder(BaseFinder):
    """Finds NAME and nothing else."""

    def __init__(self, *_: Any) -> None:
        spec = find_spec("plotly")
        assert spec is not None
        assert spec.origin is not None
        self._folder = Path(spec.origin).parent / "package_data"
        self._storage = _OneFile(location=str(self._folder))

    def check(self, **_: Any) -> list[Any]:
        """Nothing to configure."""
        return []

    def find(self, path: str, find_all: bool = False, **_: Any) -> Any:
        """The file's place, for runserver and WhiteNoise."""
        if path != NAME:
            return []
        found = str(self._folder / "plotly.min.js")
        return [found] if find_all else found

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, Storage]]:
        """For collectstatic."""
        yield "plotly.min.js", self._storage
