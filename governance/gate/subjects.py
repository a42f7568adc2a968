"""What can be asked for at the gate: each kind of change says how it is judged, done and refused.

Owns the protocol and the register. A new kind (accepting a decision, forcing a breaker, running a playbook) registers here,
in its app's `ready`, and has the whole gate. Never decides whom a change asks: requirements.py does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from governance.models import Change, ContractVersion
from orchestration.models import Team

Verdict = Literal["safe", "breaking", "undecided"]
#: The review that makes up for broken glass (glass.py): it has no gate to break, no rollout, and no way back.
FOLLOW_UP = "glass.review"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What doing it would mean, with what there is now. `hits`: teams and why each is hit, whose it is first."""

    verdict: Verdict
    report: dict[str, Any]
    hits: tuple[tuple[Team, str], ...]
    #: Whatever a reviewer sees and agrees to, as JSON: a review is bound to it.
    content: Any
    base: ContractVersion | None = None
    #: Asks for reviews although nothing breaks: what it is and why.
    held: str = ""
    #: Whose it is, and whose it would be; the change's own owner apart.
    owners: tuple[Team, ...] = ()
    #: From then on there is nothing left to do: a change that still waits has expired.
    until: datetime | None = None

    @property
    def is_free(self) -> bool:
        """Whether it may be done without anybody's consent, as far as the judgement goes."""
        return self.verdict == "safe" and not self.held

    def bound_to(self, asked: list[tuple[int, int]], revision: int) -> str:
        """The hash that reviews name: the content, the verdict, who is asked (team, how many), and which revision it is."""
        told = [self.content, self.verdict, self.held, sorted(asked)]
        if revision:  # changes of before revisions were counted have none
            told.append(revision)
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Object:
    """What a change is about: `payment.receipt`, `4.0.0`, and the contract version, where it is one."""

    kind: str
    name: str
    number: str
    owner: Team
    version: ContractVersion | None = None
    proposal: dict[str, Any] = field(default_factory=dict)


class Subject(Protocol):
    """One kind of change."""

    kind: str
    #: What doing it is called, in the past: `published`.
    done: str

    def judge(self, change: Change) -> Judgement:
        """Judge with what there is now. Raises Conflict when it can't be done at all any more."""
        ...

    def do(self, change: Change, actor: Any, reason: str) -> None:
        """Do it, in the caller's transaction."""
        ...

    def refuse(self, change: Change, actor: Any, reason: str) -> None:
        """It was rejected, withdrawn or has expired."""
        ...

    def undo(self, change: Change, reason: str) -> None:
        """Take back what broken glass let through and nobody agreed to in time."""
        ...


def each_once(hits: Iterable[tuple[Team, str]]) -> tuple[tuple[Team, str], ...]:
    """Each team with the first reason why it is hit. By name: a team of the same batch has no row yet."""
    found: dict[str, tuple[Team, str]] = {}
    for team, why in hits:
        found.setdefault(team.name, (team, why))
    return tuple(found.values())


_register: dict[str, Subject] = {}


def register(subject: Subject) -> None:
    """Have the gate for this kind of change."""
    _register[subject.kind] = subject


def subject_of(kind: str) -> Subject:
    """The registered subject. A kind is written by us alone: an unknown one is a fault of the installation."""
    return _register[kind]


def kinds() -> list[str]:
    """All registered kinds, by name."""
    return sorted(_register)
