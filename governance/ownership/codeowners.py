"""CODEOWNERS: patterns of paths and who owns what matches them; the last line that matches decides.

As GitHub reads it, and GitLab's sections beside. Patterns are those of gitignore. Owns reading that. Never reads a repository.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pathspec

from governance.ownership.claims import NamedTeam, Told, team_name

_SECTION = re.compile(r"\^?\[[^\]]+\](?:\[\d+\])?\s*(?P<owners>.*)")
_SPACE = re.compile(r"(?<!\\)\s+")
MOST_LINES = 10_000


@dataclass(frozen=True, slots=True)
class Rule:
    """One line. `teams`: empty where nobody, or only people, own what matches."""

    pattern: str
    teams: tuple[str, ...]
    place: str
    spec: pathspec.GitIgnoreSpec

    def matches(self, path: str) -> bool:
        return self.spec.match_file(path.lstrip("/"))


@dataclass(frozen=True, slots=True)
class CodeOwners:
    """A file: its rules in order, and what else it tells."""

    rules: tuple[Rule, ...]
    told: Told

    def rule_for(self, path: str) -> Rule | None:
        """The last rule that matches a path of the repository."""
        return next((rule for rule in reversed(self.rules) if rule.matches(path)), None)


def codeowners(text: str, source: str) -> CodeOwners:
    """Everything of a file; a line that can't be read is a note, and keeps no other from being read."""
    rules: list[Rule] = []
    notes: list[str] = []
    section: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines()[:MOST_LINES], 1):
        place = f"{source}:{number}"
        words = [word for word in _SPACE.split(line.partition(" #")[0].strip()) if word]
        if not words or words[0].startswith("#"):
            continue
        opened = _SECTION.fullmatch(" ".join(words))
        if opened is not None:
            section = tuple(opened["owners"].split())
            continue
        teams, people = _owners(tuple(words[1:]) or section)
        if people:
            notes.append(f"{place}: {', '.join(people)}: only a team owns things here")
        try:
            spec = pathspec.GitIgnoreSpec.from_lines([words[0].replace("\\ ", " ")])
        except ValueError as error:
            notes.append(f"{place}: the pattern can't be read: {error}")
            continue
        rules.append(Rule(words[0], teams, place, spec))
    names = dict.fromkeys(name for rule in rules for name in rule.teams)
    return CodeOwners(tuple(rules), Told(tuple(NamedTeam(name) for name in names), (), tuple(notes)))


def _owners(words: tuple[str, ...]) -> tuple[tuple[str, ...], list[str]]:
    """Teams, `@org/team`, and people: `@name` or an address."""
    teams = [team_name(word.rpartition("/")[2]) for word in words if word.startswith("@") and "/" in word]
    people = [word for word in words if not (word.startswith("@") and "/" in word)]
    return tuple(dict.fromkeys(name for name in teams if name)), people
