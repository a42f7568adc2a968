"""A form made of a JSON Schema: the fields to show, with labels, hints, values and errors.

A field's name is its JSON pointer, so a violation finds its field and no other table is needed. What a form can't show
(oneOf, maps of anything) becomes a field of JSON text. Owns the fields; reading them back is schema_values'.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from portal.presentation.schema_node import ABSENT, Schema, escape, example_of, indices, plain

MOST_ROWS = 200
_INPUTS = {"date": "date", "time": "time"}
_REQUIRED = re.compile(r'"(.+)" is a required property')


@dataclass(slots=True)
class Field:
    """One field or group. `kind`: text, long, number, select, check, lines, json, group or rows."""

    pointer: str
    kind: str
    label: str
    hint: str = ""
    required: bool = False
    value: str = ""
    input_type: str = "text"
    options: list[tuple[str, str]] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Field] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    example: str = ""

    @property
    def id(self) -> str:
        """For labels and the error summary's links."""
        return "f" + re.sub(r"[^A-Za-z0-9]", "-", self.pointer)


def build(schema: Any, value: Any = ABSENT, raw: dict[str, str] | None = None, blank: int = 0) -> Field:
    """The form's root. With `raw`, the submitted texts, fields show these; otherwise `value`, else defaults.

    `blank` empty rows stand at the end of each list, so that it grows without script.
    """
    return _field(
        Schema(schema), "", "", value, required=True, raw=raw or {}, blank=blank, fresh=value is ABSENT and not raw
    )


def example(schema: Any) -> Any:
    """A value to begin with: defaults, else first examples."""
    found = example_of(Schema(schema), 0)
    return {} if found is ABSENT else found


def fields(root: Field) -> Iterator[Field]:
    """The root and every field in it."""
    yield root
    for child in root.children:
        yield from fields(child)


def place(root: Field, faults: list[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """Put faults (pointer, message) at their fields; (field id, label, message) of each for the summary on top.

    A missing property is told at its own field; what has no field of its own is told at the nearest one around it.
    """
    known = {item.pointer: item for item in fields(root)}
    summary = []
    for given, message in faults:
        missing = _REQUIRED.fullmatch(message)
        pointer, said = given, message
        if missing and f"{given}/{escape(missing[1])}" in known:
            pointer, said = f"{given}/{escape(missing[1])}", "This is required"
        while pointer not in known:
            pointer = pointer.rpartition("/")[0]
        if known[pointer].errors and missing:
            continue  # it was given, and could not be read: that was told already
        known[pointer].errors.append(said)
        summary.append((known[pointer].id, known[pointer].label, said))
    return summary


def _field(
    schema: Schema, pointer: str, name: str, value: Any, *, required: bool, raw: dict[str, str], blank: int, fresh: bool
) -> Field:
    depth = pointer.count("/")
    kind = schema.form_kind(depth)
    made = Field(
        pointer, kind, str(schema.get("title") or name.replace("_", " ").capitalize()),
        str(schema.get("description") or ""), required,
    )  # fmt: skip
    if value is ABSENT and fresh:
        value = example_of(schema, depth)
    if kind == "group":
        inner = value if isinstance(value, dict) else {}
        made.children = [
            _field(
                child, f"{pointer}/{escape(key)}", key, inner.get(key, ABSENT),
                required=key in schema.required, raw=raw, blank=blank, fresh=fresh and value is ABSENT,
            )
            for key, child in schema.properties.items()
        ]  # fmt: skip
        return made
    if kind == "rows":
        made.children = _rows(schema, pointer, value, raw, blank)
        return made
    _dress(made, schema)
    made.value = raw[pointer] if pointer in raw else _shown(kind, value)
    if kind == "check" and raw:
        made.value = "true" if pointer in raw else ""
    return made


def _rows(schema: Schema, pointer: str, value: Any, raw: dict[str, str], blank: int) -> list[Field]:
    """One group for each item, then empty ones; after a submit the rows that came, as they came."""
    item = schema.child(schema.get("items"))
    values = value if isinstance(value, list) else []
    count = len(indices(pointer, raw)) if raw else len(values)
    shown = min(count + blank, schema.get("maxItems") or MOST_ROWS, MOST_ROWS)
    rows = []
    for index in range(max(shown, min(count, MOST_ROWS))):
        given = values[index] if index < len(values) else ABSENT
        rows.append(_field(item, f"{pointer}/{index}", "", given, required=False, raw=raw, blank=blank, fresh=False))
    return rows


def _dress(made: Field, schema: Schema) -> None:
    """What the browser can check or offer already."""
    if made.kind == "select":
        words = schema.get("enum") if isinstance(schema.get("enum"), list) else [schema.get("const")]
        made.options = [(json.dumps(word), word if isinstance(word, str) else json.dumps(word)) for word in words]
    elif made.kind == "number":
        made.attributes = {"inputmode": "numeric" if schema.type == "integer" else "decimal"}
    elif made.kind == "text":
        made.input_type = _INPUTS.get(str(schema.get("format")), "text")
        if isinstance(schema.get("maxLength"), int):
            made.attributes = {"maxlength": str(schema.get("maxLength"))}
    examples = schema.get("examples")
    if isinstance(examples, list) and len(examples) > 1:
        made.example = ", ".join(one if isinstance(one, str) else json.dumps(one) for one in examples[:4])


def _shown(kind: str, value: Any) -> str:
    if value is ABSENT:
        return ""
    if kind == "check":
        return "true" if value is True else ""
    if kind == "select":
        return json.dumps(value)
    if kind == "lines" and isinstance(value, list):
        return "\n".join(plain(item) for item in value)
    if kind == "json":
        return json.dumps(value, ensure_ascii=False, indent=2)
    return "" if value is None else plain(value)
