"""CloudEvents 1.0: the attributes of an event checked, one by one, and an event written as the JSON format has it.

Owns the rules of the specification and the bounds of this installation. Every fault is found, not only the first. Never
reads HTTP: portal/api/event_messages.py has the bindings. Never keeps an event: engine/event_store.py does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from orchestration.engine.event_store import NewEvent
from orchestration.errors import InvalidInput, Violation

SPECVERSION = "1.0"
#: Characters at most, as the columns have them.
LONGEST = {
    "id": 200, "source": 500, "type": 127, "subject": 500, "datacontenttype": 127, "dataschema": 1000, "time": 64,
}  # fmt: skip
REQUIRED = ("id", "source", "specversion", "type")
CONTEXT = frozenset({*LONGEST, "specversion"})
MOST_EXTENSIONS, LONGEST_NAME, LONGEST_EXTENSION = 50, 64, 1000
LONGEST_CORRELATION = 500
#: Sources under which events are made here: one from outside could stand in for one of them.
OWN = "/plumbline/"

_NAME = re.compile(r"[a-z0-9]+")
#: What the specification keeps out of strings: control characters, halves of surrogate pairs, noncharacters.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+( *;.*)?", re.ASCII)
_REFERENCE = re.compile(r"[!-~]+")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]*")
_INTEGERS = range(-(2**31), 2**31)


def event_of(attributes: Mapping[str, Any], data: Any, *, place: str = "") -> NewEvent:
    """An event of these attributes and this data (a JSON value). Null is an attribute that is not there.

    `place` is where it stands in a batch, as a JSON pointer. Raises InvalidInput with every fault.
    """
    given = {name: value for name, value in attributes.items() if value is not None}
    faults = [Violation(f"{place}/{name[:80]}", text) for name, text in _faults(given)]
    if faults:
        first = faults[0]
        more = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
        raise InvalidInput(f"no CloudEvent 1.0: {first.pointer}: {first.message}{more}", faults)
    extensions = {name: value for name, value in given.items() if name not in CONTEXT}
    if "dataschema" in given:
        extensions["dataschema"] = given["dataschema"]
    correlation = extensions.get("correlationid", given.get("subject", ""))
    return NewEvent(
        source=given["source"], event_id=given["id"], type=given["type"], data=data, subject=given.get("subject", ""),
        correlation=str(correlation), time=_moment(given["time"]) if "time" in given else None,
        content_type=given.get("datacontenttype", ""), extensions=extensions,
    )  # fmt: skip


def is_json(content_type: str) -> bool:
    """Whether data of this type is JSON; without a type it is."""
    media_type = content_type.partition(";")[0].strip().lower()
    return not media_type or media_type.endswith("+json") or media_type in {"application/json", "text/json"}


def structured(event: NewEvent) -> dict[str, Any]:
    """The event in the JSON format, as it leaves."""
    written = {
        "specversion": SPECVERSION, "id": event.event_id, "source": event.source, "type": event.type,
        "subject": event.subject or None, "time": _written(event.time), "datacontenttype": event.content_type or None,
        **event.extensions,
    }  # fmt: skip
    return {name: value for name, value in written.items() if value is not None} | {"data": event.data}


def _faults(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(attribute, what is wrong with it)."""
    for name in REQUIRED:
        if name not in given:
            yield name, "is required"
    for name, value in given.items():
        if name == "specversion":
            if value != SPECVERSION:
                yield name, f"wanted {SPECVERSION!r}, got {str(value)[:40]!r}"
        elif name in LONGEST:
            if fault := _text_fault(value, LONGEST[name]) or _form_fault(name, value):
                yield name, fault
        elif fault := _extension_fault(name, value):
            yield name, fault
    if len(given.keys() - CONTEXT) > MOST_EXTENSIONS:
        yield "", f"has {len(given.keys() - CONTEXT):,} extensions; at most {MOST_EXTENSIONS} are kept"


def _text_fault(value: Any, longest: int) -> str:
    if not isinstance(value, str):
        return f"wanted a string, got {type(value).__name__}"
    if not value:
        return "is empty; leave out what is not known"
    if len(value) > longest:
        return f"has {len(value):,} characters; the limit is {longest}"
    if found := _UNFIT.search(value):
        return f"has the character U+{ord(found[0]):04X}, which CloudEvents keeps out of strings"
    return ""


def _form_fault(name: str, value: str) -> str:
    match name:
        case "source" if not _REFERENCE.fullmatch(value):
            return "wanted a URI reference: no spaces, other characters percent-encoded"
        case "source" if value.startswith(OWN):
            return f"sources that begin with {OWN} are Plumbline's own; use another"
        case "time":
            return _time_fault(value)
        case "datacontenttype" if not _MEDIA_TYPE.fullmatch(value):
            return "wanted a media type such as application/json"
        case "dataschema" if not _ABSOLUTE.fullmatch(value):
            return "wanted an absolute URI"
    return ""


def _time_fault(value: str) -> str:
    if not _TIME.fullmatch(value):
        return "wanted an RFC 3339 time with its offset, such as 2026-03-02T09:30:00Z"
    try:
        _moment(value).astimezone(UTC)
    except (ValueError, OverflowError):
        return f"{value} is no moment of any calendar day"
    return ""


def _extension_fault(name: str, value: Any) -> str:
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        return f"is no name of an attribute: 1 to {LONGEST_NAME} of a-z and 0-9"
    if name == "data":
        return "is no attribute"
    if isinstance(value, bool) or (isinstance(value, int) and value in _INTEGERS):
        return ""
    if isinstance(value, int | float):
        return "wanted a whole number of 32 bits; send others as strings"
    if not isinstance(value, str):
        return "an extension is a string, a boolean or a whole number"
    return _text_fault(value, LONGEST_CORRELATION if name == "correlationid" else LONGEST_EXTENSION)


def _moment(text: str) -> datetime:
    """Of a time in the form of RFC 3339; what is finer than a microsecond is dropped."""
    whole, dot, rest = text.upper().partition(".")
    if dot:
        digits, offset = re.match(r"(\d+)(.*)", rest).groups()  # type: ignore[union-attr]
        whole = f"{whole}.{digits[:6].ljust(6, '0')}{offset}"
    return datetime.fromisoformat(whole)


def _written(time: datetime | None) -> str | None:
    return time.isoformat().replace("+00:00", "Z") if time is not None else None
