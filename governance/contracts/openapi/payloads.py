"""What is sent: the schemas of parameters, bodies and headers, asked about by the engine in the direction in which they travel.

Only what differs is looked at: an operation whose schemas, and all that these lead to, are the same text is passed over. The rest
becomes one document for each side, so that what is found out about a part that many operations share is found out once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from governance.contracts.comparing import Answer, Comparison
from governance.contracts.differences import direction_of
from governance.contracts.effects import View as Seen
from governance.contracts.inhabitants import FUEL
from governance.contracts.openapi.changes import Change, Weight, Witness
from governance.contracts.openapi.operations import Payload
from governance.contracts.openapi.schemas import PATTERNS, View, alike
from governance.contracts.openapi.sides import Side
from governance.contracts.openapi.source import Source, references_in, text_of
from governance.contracts.openapi.unchanged import is_touched
from governance.contracts.report import Direction, Verdict
from governance.contracts.rules import Rules
from governance.contracts.values import shown
from governance.contracts.walk import Difference, Walk

#: Steps of the searches of one view, all operations together, and of one of them.
STEPS, EACH = FUEL // 2, FUEL // 8
#: Pairs of parts that are looked into for differences, and parts that validators are made of, all operations together.
PAIRS, JUDGED = 20_000, 6_000
#: Farther than any part is from another.
FAR = 10**9
_GRAVEST: tuple[Verdict, ...] = ("breaking", "undecided", "safe")
_WAYS: dict[View, Direction] = {
    "request": "BACKWARD", "parameter": "BACKWARD", "response": "FORWARD", "header": "FORWARD",
}  # fmt: skip
#: A property that is no longer read: no payload is refused, and what it asked for may not be done.
_UNREAD = ("property-removed-from-open-object", "property-removed-from-partly-open-object")
#: Formats as a difference writes the patterns that stand for them.
_WRITTEN = {name: shown(pattern) for name, pattern in PATTERNS.items()}


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: may what is sent at this place still be sent, or read? `rule` goes before the ids of its findings."""

    title: str
    rule: str
    view: View
    old: Payload
    new: Payload


def compared(
    asked: Sequence[Asked], base: Source, revision: Source, touched: frozenset[str] | None
) -> Iterator[Change | Witness]:
    """Each change once, with how many places share it, and the payloads that prove breaks. `touched`: unchanged.py's."""
    for view in _WAYS:
        questions = [one for one in asked if one.view == view and _differs(one, touched)]
        if questions:
            yield from _View(view, questions, base, revision).changes()


def _differs(one: Asked, touched: frozenset[str] | None) -> bool:
    old, new = text_of(one.old.schema), text_of(one.new.schema)
    if touched is None or not (old == new or alike(one.old.schema, one.new.schema)):
        return True
    return is_touched(references_in(new), touched)


class _View:
    """All questions of one view."""

    def __init__(self, view: View, questions: Sequence[Asked], base: Source, revision: Source) -> None:
        self._view, self._way = view, _WAYS[view]
        self._questions: dict[str, Asked] = {}
        for one in questions:
            title, more = one.title, 1
            while title in self._questions:
                more += 1
                title = f"{one.title} ({more})"
            self._questions[title] = one
        self._old = Side(base, view, {title: one.old for title, one in self._questions.items()})
        self._new = Side(revision, view, {title: one.new for title, one in self._questions.items()})
        self._leading: dict[tuple[str, str], frozenset[str]] = {}
        self._comparison = Comparison(self._old.document, self._new.document, "tolerant", fuel=STEPS, each=EACH)

    def changes(self) -> Iterator[Change | Witness]:
        walk = Walk(PAIRS)
        differences = [
            one
            for title in self._questions
            for one in walk.through(self._old.node(title), self._new.node(title), Seen())
        ]
        answers = self._answers(differences, is_cut=walk.is_cut)
        yield from (
            Witness(self._way, title, answer.witness, answer.complaint)
            for title, answer in answers.items()
            if answer.found
        )
        verdicts = {title: answers[title].verdict if title in answers else "safe" for title in self._questions}
        told, gravest = False, sorted(self._questions, key=lambda one: _GRAVEST.index(verdicts[one]))
        order = {title: number for number, title in enumerate(gravest)}
        for difference in differences:
            places = self._places(difference.within)
            title = min(places, key=order.__getitem__)
            change = self._change(title, difference, verdicts[title], len(places) - 1)
            told = told or bool(change.weight)
            yield change
        yield from self._untold(verdicts, told=told, is_cut=walk.is_cut)

    def _answers(self, differences: Sequence[Difference], *, is_cut: bool) -> dict[str, Answer]:
        """To the questions that tell what each difference does; the others have none.

        Those that lead to harmless differences alone are safe. Of the others those are asked first that are nearest to one that
        may harm, and none whose differences are all known to break elsewhere.
        """
        sender = self._old if self._way == "BACKWARD" else self._new
        rules = Rules(self._way, self._comparison.places(sender.document))
        harmful = [one for one in differences if not rules.allow(one)]
        harm, explained = self._distances(harmful), self._distances(differences)
        open_at: dict[str, set[tuple[str, str]]] = {}
        for within in {one.within for one in harmful}:
            for title in self._places(within):
                open_at.setdefault(title, set()).add(within)
        broken: set[tuple[str, str]] = set()
        found: dict[str, Answer] = {}
        asked = [title for title in self._questions if is_cut or title in harm or title not in explained]
        for title in sorted(asked, key=lambda one: harm.get(one, FAR)):
            if not open_at.get(title, {("", "")}) <= broken:
                found[title] = self._answer(title)
                broken |= open_at.get(title, set()) if found[title].verdict == "breaking" else set()
        return found

    def _places(self, within: tuple[str, str]) -> frozenset[str]:
        """The questions that lead to a pair of parts."""
        if within not in self._leading:
            self._leading[within] = self._old.users(within[0]) | self._new.users(within[1])
        return self._leading[within]

    def _distances(self, differences: Sequence[Difference]) -> dict[str, int]:
        """The questions that lead to one of these, by how far the nearest is."""
        old = self._old.distances(one.within[0] for one in differences)
        new = self._new.distances(one.within[1] for one in differences)
        return {title: min(old.get(title, FAR), new.get(title, FAR)) for title in old.keys() | new.keys()}

    def _answer(self, title: str) -> Answer:
        old, new = self._old.node(title), self._new.node(title)
        sides = {id(self._old.document): self._old, id(self._new.document): self._new}
        if old.kind != new.kind and sum(side.judged for side in sides.values()) > JUDGED:
            return Answer("undecided", doubt="not asked, for there are so many")
        return self._comparison.answer(
            self._way, old, new, lambda node: sides[id(node.document)].judge(node), lazily=True
        )

    def _change(self, title: str, difference: Difference, verdict: Verdict, more: int) -> Change:
        """A difference as it is told, at the gravest place that has it."""
        rule, at = difference.rule, difference.pointer
        weight: Weight = ""
        if verdict != "safe" and direction_of(difference.effect, [self._way]):
            weight = verdict
        elif self._view == "request" and rule in _UNREAD:
            weight = "undecided"
        text = difference.text.replace("the document", title)
        for name, pattern in _WRITTEN.items():
            if pattern in text:
                rule = rule.replace("pattern-", "format-", 1)
                text = text.replace(f"pattern {pattern}", f"format {name}").replace(pattern, f"format {name}")
        text = text if title in text else f"{title}: {text}"
        text += f" (and {more} more place{'s' if more > 1 else ''})" if more > 0 else ""
        side = self._old if "-removed" in rule else self._new
        return Change(
            f"{self._questions[title].rule}-{rule}", side.pointer(at), text, weight, self._way, repr(difference.values)
        )

    def _untold(self, verdicts: dict[str, Verdict], *, told: bool, is_cut: bool) -> Iterator[Change]:
        """Where there are more differences than were looked for, or none that says what broke."""
        unsafe = {verdict: title for title, verdict in reversed(verdicts.items())}
        verdict = next(one for one in _GRAVEST if one in unsafe)
        if verdict == "safe" or (told and not is_cut):
            return
        title = unsafe[verdict]
        text = f"{title}: there are more differences, here or elsewhere, than are listed"
        rule = f"{self._questions[title].rule}-more-differences"
        yield Change(rule, self._questions[title].new.pointer, text, verdict, self._way)
