"""Where manifests come from, as git says: repository, commit, whether they were edited since, and path.

Owns asking git. Never fails and never waits long: without git, or outside a repository, the origin is simply not known.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from .plain import clean

_SECONDS = 5.0
#: The API's limit.
_LONGEST = 500


def origin_of(paths: Sequence[str]) -> dict[str, Any]:
    """`{repository, commit, dirty, path}` of the paths, or an empty object."""
    try:
        resolved = [Path(path).resolve() for path in paths]
        common = Path(os.path.commonpath(resolved))
    except (OSError, ValueError):
        return {}
    folder = common if common.is_dir() else common.parent
    top = _git(folder, "rev-parse", "--show-toplevel")
    if not top:
        return {}
    status = _git(folder, "status", "--porcelain", "--untracked-files=all", "--", *map(str, resolved))
    return {
        "repository": _told(_without_secrets(_git(folder, "remote", "get-url", "origin") or "") or Path(top).name),
        "commit": _git(folder, "rev-parse", "--verify", "HEAD") or "",
        # What git can't tell counts as edited: the commit must not vouch for content it may not have.
        "dirty": status is None or bool(status),
        "path": _told(os.path.relpath(common, Path(top).resolve())),
    }


def _told(name: str) -> str:
    """A name as the API takes it: an overlong or strange one must not stop an apply."""
    return clean(name)[:_LONGEST]


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints; None when it fails, hangs or is not there."""
    # No locks and no file-system monitor: reading a repository must change nothing in it and start nothing.
    command = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - fixed words and paths after "--", no shell
            command, capture_output=True, timeout=_SECONDS, stdin=subprocess.DEVNULL, check=True
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip()


def _without_secrets(remote: str) -> str:
    """The remote without the user name and password that some write into it."""
    try:
        parts = urlsplit(remote)
        if parts.scheme in {"http", "https"} and "@" in parts.netloc:
            return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    except ValueError:
        return ""
    return remote
