"""`compare`: is every document of one schema one of the other's? Proved, disproved by a payload, or left to a person.

Owns the verdict, the levels and the bump. The search is inhabitants.py's, the last word on a payload that of the two
validators in judges.py, the words for people differences.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from governance.contracts.declared import Sender, sends_only_declared
from governance.contracts.differences import differences
from governance.contracts.documents import Document
from governance.contracts.equality import equate
from governance.contracts.inhabitants import FUEL, Search
from governance.contracts.judges import Disagreement, Judge, Unable
from governance.contracts.matching import OutOfFuel
from governance.contracts.nodes import Node
from governance.contracts.report import Bump, Direction, Report, Verdict
from governance.contracts.values import canonical
from governance.contracts.vocabulary import InvalidSchema

LEVELS = {"NONE": (), "BACKWARD": ("BACKWARD",), "FORWARD": ("FORWARD",), "FULL": ("BACKWARD", "FORWARD")}
POLICIES = ("strict", "tolerant")
#: Payloads that are shown to both validators before the search is given up.
TRIED = 400
#: As how many more one counts on which they differ, or which is too much for one of them: the next will hardly fare better.
DIFFER, UNABLE = 3, 100


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be said of one direction: the verdict, and the payload that proves a break."""

    verdict: Verdict
    witness: Any = None
    found: bool = False
    complaint: tuple[str, str] = ("", "")
    doubt: str = ""


def compare(old: Any, new: Any, *, level: str = "BACKWARD", policy: str = "strict") -> Report:
    """Compare two parsed JSON Schemas, booleans included.

    BACKWARD asks whether new accepts all that old accepted, FORWARD the other way round, FULL both; `…_TRANSITIVE` is the
    caller's loop over earlier versions and reads like the plain level here. `strict` means all documents, `tolerant` those
    whose properties the sender's own schema declares. Raises InvalidSchema for a schema that can't be read, ValueError for
    an unknown level or policy. The same pair always gives the same report.
    """
    directions: tuple[Direction, ...] | None = LEVELS.get(level.removesuffix("_TRANSITIVE"))  # type: ignore[assignment]
    if directions is None:
        raise ValueError(f"level {level!r}: there are {', '.join(LEVELS)}, each but NONE also with _TRANSITIVE")
    if policy not in POLICIES:
        raise ValueError(f"policy {policy!r}: there are {' and '.join(POLICIES)}")
    try:
        return _compared(read(old, "old"), read(new, "new"), level, directions, policy)
    except RecursionError:
        raise InvalidSchema("the schemas are nested too deep; name parts in $defs") from None


def _compared(before: Document, after: Document, level: str, directions: tuple[Direction, ...], policy: str) -> Report:
    comparison = Comparison(before, after, policy)
    judges = {id(before.root): before.judge, id(after.root): after.judge}
    answers = {
        way: comparison.answer(way, before.root, after.root, lambda node: judges[id(node)]()) for way in directions
    }
    findings = differences(before.root, after.root, {way: answer.verdict for way, answer in answers.items()})
    verdicts = [answer.verdict for answer in answers.values()]
    verdict: Verdict = next((one for one in ("breaking", "undecided") if one in verdicts), "safe")
    shown = next(((way, answer) for way, answer in answers.items() if answer.found), None)
    doubt = "; ".join(answer.doubt for answer in answers.values() if answer.doubt)
    return Report(
        verdict, findings, shown[1].witness if shown else None, _bump(before, after, verdict),
        level, policy, shown is not None, shown[0] if shown else "", shown[1].complaint if shown else ("", ""), doubt,
    )  # fmt: skip


def read(schema: Any, name: str) -> Document:
    """The schema, once it was read whole. Raises InvalidSchema, with which of the two it is."""
    try:
        return Document(schema, name)
    except InvalidSchema as error:
        raise InvalidSchema(f"{name} schema: {error}") from None
    except RecursionError:
        raise InvalidSchema(f"{name} schema: it is nested too deep") from None


class Comparison:
    """Two documents whose parts are asked about, pair by pair: what is found out about one part is known for the next.

    `fuel`: steps of all searches together, of which one pair may take `each`; pairs that find none left are undecided.
    """

    def __init__(
        self, before: Document, after: Document, policy: str, *, fuel: int = 2 * FUEL, each: int = FUEL
    ) -> None:
        equate(before, after)
        self._each = each
        self._policy = policy
        self._fuel = fuel
        self._searches: dict[Direction, Search] = {}
        self._places: dict[int, Sender] = {}
        self._answers: dict[tuple[Direction, int, int], Answer] = {}

    def answer(
        self, way: Direction, old: Node, new: Node, judge: Callable[[Node], Judge], *, lazily: bool = False
    ) -> Answer:
        """What is to be said of two parts. `judge` makes the validators of one, `lazily` only for a payload to judge."""
        key = way, old.kind, new.kind
        if key not in self._answers:
            sender, receiver = (old, new) if way == "BACKWARD" else (new, old)
            judges = cache(lambda: (judge(sender), judge(receiver)))
            self._answers[key] = self._answer(way, sender, receiver, judges, lazily=lazily)
        return self._answers[key]

    def _answer(
        self, way: Direction, sender: Node, receiver: Node, judges: Callable[[], tuple[Judge, Judge]], *, lazily: bool
    ) -> Answer:
        if sender.kind == receiver.kind or _is_the_same_text(sender, receiver):
            return Answer("safe")
        try:
            if not lazily:
                judges()
        except Disagreement as error:
            return Answer("undecided", doubt=f"{way}: a validator can't read a schema: {error}")
        doubt = "no payload was found that proves a break, and not all of the schemas' words can be proved"
        search = self._search(way, sender.document)
        source = search.values(frozenset({(sender, True), (receiver, False)}))
        try:
            tried = 0
            while tried < TRIED:
                document = next(source)
                try:
                    verdict = self._judged(judges(), sender, document)
                except Disagreement as error:
                    verdict, tried = None, tried + (UNABLE if isinstance(error, Unable) else DIFFER)
                if verdict is not None:
                    return verdict
                tried += 1
                doubt = "the validators do not confirm what the comparison found"
        except StopIteration as end:
            if end.value and doubt.startswith("no payload"):
                return Answer("safe")
        except OutOfFuel:
            doubt = "the schemas are too intricate for the steps that a comparison may take"
        except RecursionError:
            doubt = "the schemas refer to themselves too deeply"
        finally:
            self._fuel -= search.spent
        return Answer("undecided", doubt=f"{way}: {doubt}")

    def places(self, sender: Document) -> Sender:
        """What one of the two documents declares, place by place; found out once."""
        if id(sender) not in self._places:
            self._places[id(sender)] = Sender(sender)
        return self._places[id(sender)]

    def _search(self, way: Direction, sender: Document) -> Search:
        """The one of that direction, with fuel for one more pair."""
        if way not in self._searches:
            self._searches[way] = Search(self.places(sender) if self._policy == "tolerant" else None)
        return self._searches[way].fuelled(min(self._each, self._fuel))

    def _judged(self, judges: tuple[Judge, Judge], sender: Node, document: Any) -> Answer | None:
        """Breaking, if both validators agree that one side accepts the document and the other does not. Raises Disagreement."""
        if not judges[0].quick(document) or judges[1].quick(document):
            return None
        if self._policy == "tolerant" and not sends_only_declared(sender, document):
            return None
        if not judges[0].accepts(document) or judges[1].accepts(document):
            return None
        return Answer("breaking", document, True, judges[1].complaint(document))


def _is_the_same_text(sender: Node, receiver: Node) -> bool:
    """What can't be told of a part is told of the whole where nothing at all was changed."""
    documents = sender.document, receiver.document
    whole = all(node is node.document.root for node in (sender, receiver))
    untold = whole and any(node.opaque for node in documents[0].nodes.values())
    return untold and canonical(documents[0].schema) == canonical(documents[1].schema)


def _bump(before: Document, after: Document, verdict: Verdict) -> Bump:
    """What the change takes: breaking or undecided is major, another accepted set minor, other words patch."""
    if verdict != "safe":
        return "major"
    if before.root.kind != after.root.kind:
        return "minor"
    return "none" if before.schema == after.schema else "patch"
