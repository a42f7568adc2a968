"""CloudEvents over HTTP, as a request brings them: structured, batched, or binary with attributes in `ce-` headers.

Owns the three bindings and how large a message may be. The rules of an event are orchestration/cloudevents.py's. Never keeps one.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

from orchestration.cloudevents import event_of, is_json
from orchestration.engine.event_store import NewEvent
from orchestration.errors import InvalidInput, TooLarge, Violation
from portal.api.parsers import MAX_BODY, BodyTooLarge, read_json

STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
PREFIX = "ce-"
#: Bytes of an event with its data, and events of a batch.
MAX_EVENT, MAX_BATCH = 256 * 1024, 100
_CHARSET = re.compile(r';\s*charset\s*=\s*"?([\w.:-]{1,40})', re.IGNORECASE)


class BytesParser(BaseParser):
    """Whatever the type: the bytes, no more of them than a request may have."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Raises BodyTooLarge."""
        data = stream.read(MAX_BODY + 1)
        if len(data) > MAX_BODY:
            raise BodyTooLarge(f"the body is larger than {MAX_BODY:,} bytes")
        return data


def is_form(content_type: str) -> bool:
    """What browsers' forms send, which Django reads before anybody else can."""
    return _media_type(content_type) in {"application/x-www-form-urlencoded", "multipart/form-data"}


def events_of(content_type: str, headers: Mapping[str, str], body: bytes) -> list[NewEvent]:
    """The events of a message. Raises InvalidInput with every fault, TooLarge, ParseError, UnsupportedMediaType."""
    kind = _media_type(content_type)
    if kind in {STRUCTURED, BATCH}:
        _require_utf8(content_type)
        if kind == STRUCTURED:
            _check_size(body)
        told = read_json(body)
        return _batch(told) if kind == BATCH else [_from_json(told)]
    attributes = {
        name.lower()[len(PREFIX) :]: value for name, value in headers.items() if name.lower().startswith(PREFIX)
    }
    if kind.startswith("application/cloudevents") or not attributes:
        raise UnsupportedMediaType(
            kind or "none",
            f"no CloudEvent: send {STRUCTURED}, {BATCH}, or the attributes as headers ({PREFIX}id and so on); got {kind[:60]!r}",
        )
    _check_size(body)
    return [_from_headers(attributes, content_type, body)]


def _batch(told: Any) -> list[NewEvent]:
    if not isinstance(told, list):
        raise InvalidInput("a batch is a JSON array of events")
    if len(told) > MAX_BATCH:
        raise TooLarge(f"the batch has {len(told):,} events; the limit is {MAX_BATCH}")
    found: list[NewEvent] = []
    faults: list[Violation] = []
    for number, one in enumerate(told):
        if _size(one) > MAX_EVENT:
            raise TooLarge(f"event {number} of the batch is larger than {MAX_EVENT:,} bytes")
        try:
            found.append(_from_json(one, f"/{number}"))
        except InvalidInput as error:
            faults += error.violations or [Violation(f"/{number}", str(error))]
    if faults:
        raise InvalidInput(f"nothing of the batch was kept: {faults[0].pointer}: {faults[0].message}", faults)
    return found


def _from_json(told: Any, place: str = "") -> NewEvent:
    if not isinstance(told, dict):
        raise InvalidInput(
            f"an event is a JSON object, not {type(told).__name__}", [Violation(place, "wanted an object")]
        )
    attributes = {name: value for name, value in told.items() if name not in {"data", "data_base64"}}
    content_type = attributes.get("datacontenttype")
    data, encoded = told.get("data"), told.get("data_base64")
    if encoded is None:
        return event_of(attributes, data, place=place)
    pointer = f"{place}/data_base64"
    if "data" in told:
        raise _fault(pointer, "stands beside data; an event has one of them")
    if not isinstance(encoded, str):
        raise _fault(pointer, "wanted a string of base64")
    try:
        held = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise _fault(pointer, "is no base64") from None
    # Text that came as bytes is text again; what is neither stays as it was sent.
    if isinstance(content_type, str) and (is_json(content_type) or _is_text(content_type)):
        return event_of(attributes, _data(held, content_type, pointer), place=place)
    return event_of(attributes, encoded, place=place)


def _from_headers(headers: Mapping[str, str], content_type: str, body: bytes) -> NewEvent:
    attributes: dict[str, Any] = {name: _header(name, value) for name, value in headers.items()}
    if "datacontenttype" in attributes:
        raise _fault("/datacontenttype", "is the Content-Type of a binary message, and no header of its own")
    if content_type:
        attributes["datacontenttype"] = content_type
    return event_of(attributes, _data(body, content_type, "/data") if body else None)


def _header(name: str, value: str) -> str:
    """A value as it was before it became a header: unquoted, and without its percent-encoding."""
    text = value.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = re.sub(r"\\(.)", r"\1", text[1:-1])
    if not (text.isascii() and text.isprintable()):
        raise _fault(f"/{name[:80]}", "a header has printable ASCII; percent-encode other characters as UTF-8")
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise _fault(f"/{name[:80]}", "its percent-encoding is no UTF-8") from None


def _data(held: bytes, content_type: str, pointer: str) -> Any:
    """JSON as its value, text as a string, and anything else as base64."""
    if is_json(content_type):
        try:
            return read_json(held)
        except ParseError as error:
            hint = "" if content_type else "; say with Content-Type what else it is"
            raise _fault(pointer, f"{error.detail}{hint}") from None
    if _is_text(content_type):
        charset = _CHARSET.search(content_type)
        try:
            return held.decode(charset[1] if charset else "utf-8")
        except (LookupError, UnicodeDecodeError):
            raise _fault(pointer, f"is no text of the charset {charset[1] if charset else 'utf-8'}") from None
    return base64.b64encode(held).decode()


def _is_text(content_type: str) -> bool:
    kind = _media_type(content_type)
    return kind.startswith("text/") or kind.endswith("+xml") or kind == "application/xml"


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _require_utf8(content_type: str) -> None:
    charset = _CHARSET.search(content_type)
    if charset and charset[1].lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise UnsupportedMediaType(content_type[:80], f"JSON is UTF-8 here, not {charset[1]}")


def _check_size(body: bytes) -> None:
    if len(body) > MAX_EVENT:
        raise TooLarge(f"the event is {len(body):,} bytes; the limit is {MAX_EVENT:,} bytes (256 KB)")


def _size(told: Any) -> int:
    try:
        return len(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
    except RecursionError:
        raise ParseError("the JSON is nested too deeply") from None


def _fault(pointer: str, text: str) -> InvalidInput:
    return InvalidInput(f"no CloudEvent 1.0: {pointer}: {text}", [Violation(pointer, text)])
