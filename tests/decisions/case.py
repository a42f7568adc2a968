"""A record written by hand, and what a reader of it would say that it states."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Case:
    name: str
    path: str
    text: str
    number: int | None
    title: str
    status: str | None
    day: date | None = None
    links: tuple[tuple[str, int | None], ...] = ()
    people: dict[str, tuple[str, ...]] = field(default_factory=dict)
    raw: str | None = None
    warns: str = ""


def on(text: str) -> date:
    return date.fromisoformat(text)
