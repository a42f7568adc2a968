"""From a submitted form to the JSON value that it means, by the schema that made the form.

Owns the reading of texts as numbers, choices, lists and JSON, and the adding and removing of rows. Never validates.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from portal.presentation.schema_node import ABSENT, Schema, escape, indices

_INTEGER = re.compile(r"[+-]?[0-9]{1,30}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?")
#: Python reads no longer integer from text.
MOST_DIGITS = 4300
_ROW = re.compile(r"(.*)/([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Misread:
    """A text that is not what the schema wants, such as letters for a number."""

    pointer: str
    message: str


def read(schema: Any, raw: dict[str, str]) -> tuple[Any, list[Misread]]:
    """The JSON value of a submitted form. Empty fields are left out; a list's empty rows too."""
    problems: list[Misread] = []
    value = _read(Schema(schema), "", raw, problems, 0)
    return ({} if value is ABSENT else value), problems


def json_value(text: str) -> Any:
    """What a JSON text means. Raises ValueError in words for whoever typed it, not for a programmer of Python."""
    try:
        return json.loads(text, parse_constant=_no_constant, parse_int=_integer)
    except json.JSONDecodeError as error:
        raise ValueError(f"This is not JSON: {error.msg}, at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise ValueError("This is not JSON that can be read: it is nested too deeply") from error


def without_row(raw: dict[str, str], pointer: str) -> dict[str, str]:
    """The texts without the row at the pointer; the rows after it move up."""
    match = _ROW.fullmatch(pointer)
    if match is None:
        return raw
    start, gone = f"{match[1]}/", int(match[2])
    kept = {}
    for name, text in raw.items():
        index, slash, rest = name[len(start) :].partition("/") if name.startswith(start) else ("", "", "")
        if not index.isdigit():
            kept[name] = text
        elif int(index) != gone:
            kept[f"{start}{int(index) - (int(index) > gone)}{slash}{rest}"] = text
    return kept


def _read(schema: Schema, pointer: str, raw: dict[str, str], problems: list[Misread], depth: int) -> Any:
    kind = schema.form_kind(depth)
    if kind == "group":
        found = {
            key: _read(child, f"{pointer}/{escape(key)}", raw, problems, depth + 1)
            for key, child in schema.properties.items()
        }
        given = {key: value for key, value in found.items() if value is not ABSENT}
        # A box that is not ticked says nothing by itself: a row of such boxes is an empty row.
        blank = all(value is False for value in given.values())
        return ABSENT if blank and pointer else given
    if kind == "rows":
        item = schema.child(schema.get("items"))
        rows = [_read(item, f"{pointer}/{index}", raw, problems, depth + 1) for index in indices(pointer, raw)]
        return [row for row in rows if row is not ABSENT] or ABSENT
    if kind == "check":
        return pointer in raw
    text = raw.get(pointer, "")
    if kind == "lines":
        return _lines(schema, pointer, text, problems, depth)
    return _leaf(schema, kind, pointer, text, problems)


def _leaf(schema: Schema, kind: str, pointer: str, text: str, problems: list[Misread]) -> Any:
    if kind not in {"text", "long"}:
        text = text.strip()
    if not text:
        return ABSENT
    if kind == "number":
        return _number(schema, pointer, text, problems)
    if kind in {"select", "json"}:
        try:
            return json_value(text)
        except ValueError as error:
            problems.append(Misread(pointer, str(error)))
            return ABSENT
    return text


def _lines(schema: Schema, pointer: str, text: str, problems: list[Misread], depth: int) -> Any:
    """A list of plain values, one a line."""
    item = schema.child(schema.get("items"))
    kind = item.form_kind(depth + 1)
    values = [
        line if kind == "select" else _leaf(item, kind, pointer, line, problems)
        for line in (part.strip() for part in text.splitlines())
        if line
    ]
    return [value for value in values if value is not ABSENT] or ABSENT


def _number(schema: Schema, pointer: str, text: str, problems: list[Misread]) -> Any:
    if _INTEGER.fullmatch(text):
        return int(text)
    if schema.type != "integer" and _DECIMAL.fullmatch(text):
        return float(text)
    wanted = "a whole number" if schema.type == "integer" else "a number"
    problems.append(Misread(pointer, f"{text[:40]!r} is not {wanted}"))
    return ABSENT


def _no_constant(word: str) -> Any:
    raise ValueError(f"This is not JSON: {word} is no JSON value")


def _integer(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"This is not JSON that can be read: a number has {len(text)} digits")
    return int(text)
