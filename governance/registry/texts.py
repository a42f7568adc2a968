"""Schemas as clients send them: text of a kind, with names that stand for other subjects' versions. Pure but for `look_up`.

Owns what makes two of them the same schema, and the self-contained form that is compared and kept in the contract. Never writes.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from governance.contracts import InvalidSchema
from governance.contracts.avro_writing import ordered, unwrapped
from governance.contracts.formats import AVRO, JSON_SCHEMA
from governance.contracts.validation import check_schema
from governance.contracts.values import canonical
from governance.registry import faults
from governance.registry.bundling import bundled

#: Kinds as clients call them, and the format of a contract.
FORMATS = {"AVRO": AVRO, "JSON": JSON_SCHEMA}
KINDS = {format: kind for kind, format in FORMATS.items()}
MAX_TEXT, MAX_REFERENCES = 1024 * 1024, 100


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that stands for a version of a subject."""

    name: str
    subject: str
    number: int


@dataclass(frozen=True, slots=True)
class Submitted:
    """As it was sent."""

    kind: str
    text: str
    references: tuple[Reference, ...] = ()
    #: None: nothing was said of it; empty: that there is none.
    metadata: dict[str, Any] | None = None
    #: Likewise: what clients do to a message of it.
    rules: dict[str, Any] | None = None
    #: Whether the client asked for it to be written as everybody would.
    normalize: bool = False


@dataclass(frozen=True, slots=True)
class Parsed:
    """Read whole. `text` is what clients get back; `schema` stands alone, with what its references stand for in it."""

    submitted: Submitted
    text: str
    fingerprint: str
    schema: Any

    @property
    def format(self) -> str:
        """Of the contract."""
        return FORMATS[self.submitted.kind]

    def fingerprint_with(self, metadata: Any, rules: Any) -> str:
        """What it would be with these."""
        return next(self.fingerprints_with([(metadata, rules)]))

    def fingerprints_with(self, labels: Iterable[tuple[Any, Any]]) -> Iterator[str]:
        """With each of these; whatever was said of metadata or rules stays."""
        sent = self.submitted
        meant = [
            (metadata if sent.metadata is None else sent.metadata, rules if sent.rules is None else sent.rules)
            for metadata, rules in labels
        ]
        return fingerprints_of(sent.kind, self.text, sent.references, meant)


#: The text of a version, with its own references. Raises RegistryFault where there is none.
LookUp = Callable[[Reference], Submitted]


def parse(submitted: Submitted, look_up: LookUp) -> Parsed:
    """Raises RegistryFault 42201 for a text that is no schema of its kind."""
    if submitted.kind not in FORMATS:
        raise faults.invalid_schema(f"type {submitted.kind[:40]} is not supported here; there are {', '.join(FORMATS)}")
    if len(submitted.text) > MAX_TEXT:
        raise faults.invalid_schema(f"it has {len(submitted.text):,} characters; the limit is {MAX_TEXT:,}")
    value = _value(submitted.text)
    others = list(_gathered(submitted, look_up))
    try:
        text = storable(text_of(ordered(value) if submitted.kind == "AVRO" else value))
        storable(json.dumps([submitted.metadata, submitted.rules], ensure_ascii=False))
        schema = _whole(submitted.kind, value, others)
        check_schema(FORMATS[submitted.kind], schema)
        labels = [(submitted.metadata, submitted.rules)]
        fingerprint = next(fingerprints_of(submitted.kind, text, submitted.references, labels))
    except (ValueError, RecursionError) as error:  # InvalidSchema is a ValueError
        told = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise faults.invalid_schema(told) from None
    return Parsed(submitted, text, fingerprint, schema)


def normalised(submitted: Submitted) -> Submitted:
    """Written as everybody would who means the same: references in order, each once, the words of an object too, in Avro those
    that are not its own, and there no type wrapped in another for nothing. A text that is no JSON is left to `parse`, which says
    so.
    """
    references = sorted(set(submitted.references), key=lambda one: (one.name, one.subject, one.number))
    found = replace(submitted, references=tuple(references), normalize=True)
    if len(submitted.text) > MAX_TEXT:
        return found
    try:
        value = json.loads(submitted.text)
        is_avro = submitted.kind == "AVRO"  # of which the words have an order of their own
        return replace(
            found, text=text_of(ordered(unwrapped(value), sort=True) if is_avro else value, sort=not is_avro)
        )
    except (ValueError, RecursionError):
        return found


def refuse_unfit(parsed: Parsed, *, defaults: bool, names: bool) -> None:
    """Raises RegistryFault 42201 for a default in Avro that no reader could use, and a namespace that is none, where those are
    looked at. What it refers to is there already, and its author can't mend it.
    """
    if parsed.format != AVRO:
        return
    from governance.contracts.avro_defaults import unfit
    from governance.contracts.avro_names import misnamed_spaces, own_names
    from governance.contracts.avro_schemas import read_avro

    own = json.loads(parsed.text)
    if names and (wrong := next(misnamed_spaces(own), None)) is not None:
        text = (
            f"namespace {wrong[:100]} is none: names of letters, digits and _, no digit first, with dots between them"
        )
        raise faults.invalid_schema(f"{text}; correct it")
    found = unfit(read_avro(parsed.schema, "the"))
    if found.is_cut:  # whatever is set: each comparison with it would take as long
        raise faults.invalid_schema("it has defaults that need each other too often; write them out")
    named = own_names(own)
    wrongs = [field for record, field in found.fields if record.name in named]
    if defaults and wrongs:
        text = f"the default of field {wrongs[0].name}, {json.dumps(wrongs[0].default)[:60]}, is no value of its type"
        raise faults.invalid_schema(f"{text}; correct it")


def spelt_out(parsed_schema: Any, kind: str) -> str:
    """A self-contained schema in one form, whichever of its types were written where they stand and which were referred to."""
    if kind != "AVRO":
        return str(canonical(parsed_schema))
    from governance.contracts.avro_schemas import inlined

    try:
        return str(canonical(inlined(parsed_schema, [])))
    except (InvalidSchema, RecursionError):  # then it is found by its fingerprint alone
        return ""


def fingerprint_of(kind: str, text: str, references: Sequence[Reference] = (), metadata: Any = None) -> str:
    """Equal for what is one schema: the order of an object's words and the space between them say nothing."""
    return next(fingerprints_of(kind, text, references, [(metadata, None)]))


def fingerprints_of(
    kind: str, text: str, references: Sequence[Reference], labels: Iterable[tuple[Any, Any]]
) -> Iterator[str]:
    """With each of these metadata and rules; the text is read once."""
    whole = canonical(json.loads(text))
    named = [[one.name, one.subject, one.number] for one in references]
    for metadata, rules in labels:
        told = [kind, whole, named, metadata or None, *([rules] if rules else [])]
        yield hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def text_of(schema: Any, *, sort: bool = False) -> str:
    """As clients get it; with `sort` the words of each object by name."""
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":"), sort_keys=sort)


def _value(text: str) -> Any:
    if not text.strip():
        raise faults.RegistryFault(42201, "Empty schema")
    try:
        return json.loads(text, parse_float=finite, parse_constant=finite)
    except RecursionError:
        raise faults.invalid_schema("it is nested too deep") from None
    except ValueError as error:  # JSONDecodeError is one
        raise faults.invalid_schema(f"it is not JSON: {error}") from None


def finite(text: str) -> float:
    """The number of a JSON text. Raises ValueError for NaN, Infinity and what is as large as those."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is no number of JSON")
    return number


def storable(text: str) -> str:
    """Itself. Raises ValueError for halves of surrogate pairs, which no database takes, and for U+0000, which one refuses."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("it has half of a surrogate pair; send valid Unicode") from None
    if "\\u0000" in text:
        raise ValueError("it has the character U+0000; remove it")
    return text


def _gathered(submitted: Submitted, look_up: LookUp) -> Iterator[tuple[str, Any]]:
    """What the references stand for, each once, those first that others refer to: (name, parsed text)."""
    done: set[Reference] = set()

    def visit(one: Submitted) -> Iterator[tuple[str, Any]]:
        for reference in one.references:
            if reference in done:
                continue
            done.add(reference)
            if len(done) > MAX_REFERENCES:
                raise faults.invalid_schema(f"it refers to more than {MAX_REFERENCES} other schemas")
            found = look_up(reference)
            if found.kind != submitted.kind:
                raise faults.invalid_schema(f"{reference.name[:100]} is {found.kind}, and this is {submitted.kind}")
            yield from visit(found)
            yield reference.name, _value(found.text)

    yield from visit(submitted)


def _whole(kind: str, value: Any, others: list[tuple[str, Any]]) -> Any:
    if not others:
        return value
    if kind == "JSON":
        return bundled(value, others)
    from governance.contracts.avro_schemas import inlined  # for those that refer to others

    return inlined(value, [one for _, one in others])
