"""Semantic versions and npm ranges, for contracts and workflows alike. Pure. Never touches the database."""

from __future__ import annotations

from collections.abc import Iterable

from semantic_version import NpmSpec, Version


def highest(versions: Iterable[str], range_: str) -> str | None:
    """The highest of the versions that fits the npm range, or None. Raises ValueError for an unreadable range."""
    spec = NpmSpec(range_)
    fitting = [version for version in versions if Version(version) in spec]
    return max(fitting, key=Version) if fitting else None


def newest(versions: Iterable[str]) -> str | None:
    """The highest version, or None of none."""
    return max(versions, key=Version, default=None)


def is_version(text: str) -> bool:
    """Whether it is a semantic version."""
    try:
        Version(text)
    except ValueError:
        return False
    return True


def precedence(version: str) -> str:
    """A key that sorts as versions do, in any collation: digits padded, a release after its pre-releases."""
    parsed = Version(version)
    numbers = ".".join(f"{number:010d}" for number in (parsed.major, parsed.minor, parsed.patch))
    if not parsed.prerelease:
        return f"{numbers}.z"
    parts = [part.zfill(10) if part.isdigit() else part for part in parsed.prerelease]
    return f"{numbers}.a." + ".".join(parts)[:60]
