"""`compare_avro`: can a reader with one Avro schema read what was written with another? Pure, like its package.

The verdict is that of the avro library's own checker (Avro 1.12, "Schema Resolution"). Owns the words of its findings, each at
its place: the checker gives names and places as sets, which say no more which belongs to which.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

import avro.errors
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityResult, SchemaCompatibilityType
from avro.name import Names
from avro.schema import Schema, make_avsc_object

from governance.contracts.avro_defaults import unfit
from governance.contracts.avro_names import check_names
from governance.contracts.avro_writing import unwrapped
from governance.contracts.comparing import LEVELS
from governance.contracts.report import Bump, Direction, Finding, Report, Verdict
from governance.contracts.values import canonical
from governance.contracts.vocabulary import InvalidSchema

_UNREADABLE = (
    avro.errors.AvroException, TypeError, ValueError, AttributeError, KeyError, RecursionError, AssertionError,
)  # fmt: skip
#: How the library ends what it says of such a name; more than one may be around it.
_UNKNOWN = re.compile(
    r"(?:Could not make an Avro Schema object from|Undefined type:) ([A-Za-z_][\w.]{0,200})(?: \(known names: .*)?\.?$"
)
#: How the library names what it was given, and what that is in JSON.
_CLASS = re.compile(r"(?:\ba )?<class '(\w+)'>|'(\w+)'(?= object )")
_IN_JSON = {
    "NoneType": "null", "dict": "an object", "list": "an array", "str": "a text", "int": "a number", "float": "a number",
    "bool": "a truth value",
}  # fmt: skip
_CONTENT = {"array": "items", "map": "values", "enum": "symbols", "fixed": "size", "record": "fields"}
_SIDES = {
    "BACKWARD": ("the new schema", "what the old one wrote"),
    "FORWARD": ("the old schema", "what the new one writes"),
}


def compare_avro(old: Any, new: Any, *, level: str = "BACKWARD") -> Report:
    """Compare two parsed Avro schemas: a mapping, a list (a union), or the name of a type.

    BACKWARD asks whether a reader with new reads what old wrote, FORWARD the other way round, FULL both; `…_TRANSITIVE` reads
    like the plain level. A default that doesn't fit its field is none. There is no witness. Raises InvalidSchema for a schema
    that can't be read, ValueError for an unknown level.
    """
    directions: tuple[Direction, ...] | None = LEVELS.get(level.removesuffix("_TRANSITIVE"))  # type: ignore[assignment]
    if directions is None:
        raise ValueError(f"level {level!r}: there are {', '.join(LEVELS)}, each but NONE also with _TRANSITIVE")
    before, after = read_avro(old, "old"), read_avro(new, "new")
    for schema in (before, after):
        _drop_unfit(schema)
    findings: list[Finding] = []
    verdict: Verdict = "safe"
    doubt = ""
    for way in directions:
        checker = _Checker(way)
        reader, writer = (after, before) if way == "BACKWARD" else (before, after)
        try:
            result = checker.get_compatibility(reader, writer)
        except (avro.errors.AvroException, RecursionError, AssertionError) as error:
            verdict, doubt = ("breaking" if verdict == "breaking" else "undecided"), f"{way}: {error}"
            continue
        if result.compatibility is SchemaCompatibilityType.incompatible:
            verdict = "breaking"
            findings += checker.findings()
    try:
        texts = canonical(old), canonical(new)
    except RecursionError:
        raise InvalidSchema("the schemas are nested too deep; name types and refer to them") from None
    signed = tuple(finding.signed(*texts, "") for finding in dict.fromkeys(findings))
    return Report(verdict, signed, None, _bump(before, after, texts, verdict), level, "strict", doubt=doubt)


def read_avro(schema: Any, name: str) -> Schema:
    """The schema as the library reads it. Raises InvalidSchema, with which it is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", avro.errors.AvroWarning
            )  # of logical types, which say nothing of what can be read
            return _made(schema, Names(validate_names=False))
    except _UNREADABLE as error:
        raise InvalidSchema(
            f"{name} schema: is no Avro schema: {_words(error)}; correct it (Avro 1.12, Schema Declaration)"
        ) from None


def inlined(schema: Any, others: list[Any]) -> Any:
    """The schema with the named types that others declare written out where they come first; what others refer to comes before
    them. Raises InvalidSchema.
    """
    names = Names(validate_names=False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", avro.errors.AvroWarning)
            for other in others:
                _made(other, names)
            return _made(schema, names).to_json(Names(validate_names=False))
    except _UNREADABLE as error:
        raise InvalidSchema(f"is no Avro schema with what it refers to: {_words(error)}") from None


def _words(error: Exception) -> str:
    """What is wrong. A name that stands for nothing is said as Avro's first implementation says it, which people search for."""
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    unknown = _UNKNOWN.search(str(error))
    if unknown is not None and unknown[1] in _CONTENT:
        return f"{unknown[1]} is written as an object, with {_CONTENT[unknown[1]]}"
    if unknown is not None:
        return f"Undefined schema: {unknown[1]}, which is neither a type of Avro's nor declared before it is used"
    return _CLASS.sub(lambda found: _IN_JSON.get(found[1] or found[2], found[0]), str(error))[:300]


def _made(schema: Any, names: Names) -> Schema:
    """As the library reads it. Names of types and fields are held to the specification here and not by the library, which holds
    namespaces to it as well: those of others, with hyphens, have been in use for long.
    """
    check_names(schema)
    schema = unwrapped(schema)
    if isinstance(schema, str) and names.has_name(schema):
        return names.get_name(schema)  # type: ignore[return-value]
    return make_avsc_object(schema, names, validate_names=False)


def _drop_unfit(schema: Schema) -> None:
    """Let the checker see no default where there is none that a reader could use; the library checks none."""
    for _, field in unfit(schema).fields:
        field._has_default = False


def _bump(before: Schema, after: Schema, texts: tuple[str, str], verdict: Verdict) -> Bump:
    if verdict != "safe":
        return "major"
    if before.canonical_form != after.canonical_form:
        return "minor"
    return "none" if texts[0] == texts[1] else "patch"


class _Checker(ReaderWriterCompatibilityChecker):
    """The library's checker, with a note of what it stumbled over, and where."""

    def __init__(self, way: Direction) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._way = way
        self._reader, self._written = _SIDES[way]
        self._told: list[Finding] = []

    def findings(self) -> list[Finding]:
        return self._told

    def calculate_compatibility(self, reader: Schema, writer: Schema, location: list[str]) -> SchemaCompatibilityResult:
        """What the library says; of what is incompatible, the innermost is noted."""
        before = len(self._told)
        result = super().calculate_compatibility(reader, writer, location)
        if result.compatibility is not SchemaCompatibilityType.incompatible:
            del self._told[before:]  # of branches of a union, of which another one fits
            return result
        if "union" in (reader.type, writer.type):
            del self._told[before:]
        at = "/" + "/".join(part for part in location if part != "/")
        own = list(self._own(reader, writer))
        if not own and len(self._told) == before:
            own = [("type-changed", f"{_name(reader)} can't read {_name(writer)}")]
        for rule, text in own:
            self._told.append(Finding(rule, at, self._way, f"{at}: {self._reader} can't read {self._written}: {text}"))
        return result

    def _own(self, reader: Any, writer: Any) -> Any:
        """What these two alone have that can't be read, whatever is within them."""
        if "union" in (reader.type, writer.type):
            branches = writer.schemas if writer.type == "union" else [writer]
            for branch in branches:
                alone = ReaderWriterCompatibilityChecker().get_compatibility(reader, branch)  # type: ignore[no-untyped-call]
                if alone.compatibility is SchemaCompatibilityType.incompatible:
                    yield "union-branch-missing", f"no branch for {_name(branch)}"
            return
        if reader.type != writer.type:
            return
        if (
            reader.type in ("record", "enum", "fixed")
            and reader.name != writer.name
            and writer.fullname not in _aliases(reader)
        ):
            yield "name-changed", f"{reader.fullname} is not {writer.fullname}, nor has it as an alias"
        if reader.type == "fixed" and reader.size != writer.size:
            yield "fixed-size-changed", f"{reader.size} bytes are not {writer.size}"
        if reader.type == "enum" and (missing := sorted({*writer.symbols} - {*reader.symbols})):
            yield "enum-symbols-missing", f"there are no symbols {', '.join(missing)}, and no default"
        if reader.type == "record":
            written = {field.name for field in writer.fields}
            for field in reader.fields:
                if not field.has_default and written.isdisjoint({field.name, *_aliases(field)}):
                    has = "its default doesn't fit its type" if "default" in field.props else "has no default"
                    yield "field-without-default", f"the field {field.name} was not written and {has}"


def _aliases(named: Any) -> list[str]:
    found = named.props.get("aliases")
    return found if isinstance(found, list) else []


def _name(schema: Any) -> str:
    return getattr(schema, "fullname", None) or str(schema.type)
