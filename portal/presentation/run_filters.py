"""The filters of the list of runs, between the URL and the engine: read, shown as words, taken off one by one.

Owns the parameters' names and what `since` may say. Never queries; a state that there is not is the selector's refusal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from orchestration.errors import InvalidInput
from orchestration.manifest import parse_duration
from orchestration.selectors.runs import RunFilter

NAMES = ("workflow", "version", "team", "status", "result", "compensation", "key", "since")
#: What a filter is called in a sentence.
WORDS = {name: name for name in NAMES} | {"since": "started within"}


@dataclass(frozen=True, slots=True)
class Applied:
    """One filter in force, and the URL query without it."""

    name: str
    word: str
    value: str
    without: str


def read(query: Mapping[str, str], now: datetime) -> tuple[dict[str, str], RunFilter]:
    """The non-empty parameters, and the filter that they ask for. Raises InvalidInput for an unreadable `since`."""
    given = {name: query[name].strip() for name in NAMES if query.get(name, "").strip()}
    wanted = {name: value for name, value in given.items() if name != "since"}
    return given, RunFilter(**wanted, since=_since(given.get("since", ""), now))  # type: ignore[arg-type]


def _since(text: str, now: datetime) -> datetime | None:
    """`24h`, `7d` or a moment such as 2026-11-17T13:58."""
    if not text:
        return None
    try:
        return now - timedelta(seconds=parse_duration(text))
    except (ValueError, OverflowError):
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            f"since {text[:40]!r} is no time; write a length such as 24h or 7d, or 2026-11-17T13:58"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def applied(given: Mapping[str, str]) -> list[Applied]:
    """Each filter in force with the query that takes it off."""
    return [
        Applied(
            name,
            WORDS[name],
            value.replace("_", " "),
            urlencode({key: kept for key, kept in given.items() if key != name}),
        )
        for name, value in given.items()
    ]


def sentence(given: Mapping[str, str]) -> str:
    """`workflow order-fulfilment, result failed`, for an empty list to name."""
    return ", ".join(f"{WORDS[name]} {value.replace('_', ' ')}" for name, value in given.items())
