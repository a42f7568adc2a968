"""What a file says of teams and of what they own, in words that both kinds of file share.

Owns those shapes. Never reads a file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_OUTSIDE = re.compile(r"[^a-z0-9]+")
LONGEST = 63


@dataclass(frozen=True, slots=True)
class NamedTeam:
    """A team that a file knows. `name`: as the portal may call it."""

    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """Something is a team's. Either `name` says what, or `path` where its manifest lies; `place` where the file says so."""

    team: str
    place: str
    name: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """Everything of one file. `notes`: what of it is not read, and why."""

    teams: tuple[NamedTeam, ...] = ()
    claims: tuple[Claim, ...] = ()
    notes: tuple[str, ...] = ()


def team_name(text: str) -> str:
    """A team's name made of another tool's; empty where nothing is left of it."""
    plain = _OUTSIDE.sub("-", text.lower()).strip("-")[:LONGEST].rstrip("-")
    return plain if not plain or plain[0].isalpha() else f"x{plain}"[:LONGEST]
