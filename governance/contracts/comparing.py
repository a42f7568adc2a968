"""`compare`: is every document of one schema one of the other's? Proved, disproved by a payload, or left to a person.

Owns the verdict, the levels and the bump. The search is inhabitants.py's, the last word on a payload that of the two
validators in judges.py, the words for people differences.py's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from governance.contracts.declared import sends_only_declared
from governance.contracts.differences import differences
from governance.contracts.documents import Document
from governance.contracts.equality import equate
from governance.contracts.inhabitants import Search
from governance.contracts.judges import Disagreement, Judge, Unable
from governance.contracts.patterns import OutOfFuel
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
class _Answer:
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
    equate(before, after)
    answers = {way: _answer(before, after, way, policy) for way in directions}
    findings = differences(before, after, {way: answer.verdict for way, answer in answers.items()})
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


def _answer(before: Document, after: Document, way: Direction, policy: str) -> _Answer:
    sender, receiver = (before, after) if way == "BACKWARD" else (after, before)
    if sender.root.kind == receiver.root.kind or _is_the_same_text(sender, receiver):
        return _Answer("safe")
    try:
        judges = sender.judge(), receiver.judge()
    except Disagreement as error:
        return _Answer("undecided", doubt=f"{way}: a validator can't read a schema: {error}")
    search = Search(sender if policy == "tolerant" else None)
    doubt = "no payload was found that proves a break, and not all of the schemas' words can be proved"
    source = search.values(frozenset({(sender.root, True), (receiver.root, False)}))
    try:
        tried = 0
        while tried < TRIED:
            document = next(source)
            try:
                verdict = _judged(judges, sender, document, policy)
            except Disagreement as error:
                verdict, tried = None, tried + (UNABLE if isinstance(error, Unable) else DIFFER)
            if verdict is not None:
                return verdict
            tried += 1
            doubt = "the validators do not confirm what the comparison found"
    except StopIteration as end:
        if end.value and doubt.startswith("no payload"):
            return _Answer("safe")
    except OutOfFuel:
        doubt = "the schemas are too intricate for the steps that a comparison may take"
    except RecursionError:
        doubt = "the schemas refer to themselves too deeply"
    return _Answer("undecided", doubt=f"{way}: {doubt}")


def _is_the_same_text(sender: Document, receiver: Document) -> bool:
    """What can't be told of a part is told of the whole where nothing at all was changed."""
    untold = any(node.opaque for node in sender.nodes.values())
    return untold and canonical(sender.schema) == canonical(receiver.schema)


def _judged(judges: tuple[Judge, Judge], sender: Document, document: Any, policy: str) -> _Answer | None:
    """Breaking, if both validators agree that the one side accepts the document and the other does not. Raises Disagreement."""
    if not judges[0].quick(document) or judges[1].quick(document):
        return None
    if policy == "tolerant" and not sends_only_declared(sender.root, document):
        return None
    if not judges[0].accepts(document) or judges[1].accepts(document):
        return None
    return _Answer("breaking", document, True, judges[1].complaint(document))


def _bump(before: Document, after: Document, verdict: Verdict) -> Bump:
    """What the change takes: breaking or undecided is major, another accepted set minor, other words patch."""
    if verdict != "safe":
        return "major"
    if before.root.kind != after.root.kind:
        return "minor"
    return "none" if before.schema == after.schema else "patch"
