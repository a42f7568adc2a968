"""What the comparisons of an API give: changes, each with its weight, and payloads that prove breaks. Shapes only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from governance.contracts.report import Direction, Finding

Weight = Literal["breaking", "undecided", ""]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `way`: BACKWARD for what callers send, FORWARD for what they read."""

    rule: str
    pointer: str
    text: str
    weight: Weight
    way: Direction = "BACKWARD"
    #: Of the schemas that it is about; empty for what the rule, the place and the sentence tell whole.
    about: str = ""

    def finding(self) -> Finding:
        """As a report lists it: a direction where it breaks or can't be told."""
        plain = Finding(self.rule, self.pointer or "/", self.way if self.weight else "", self.text)
        return plain.signed(self.text, self.about, "")


@dataclass(frozen=True, slots=True)
class Witness:
    """A payload that one side sends at the titled place and the other refuses, with where and why."""

    way: Direction
    title: str
    payload: Any
    complaint: tuple[str, str]
