"""JSON as RFC 8259 has it: no NaN, no duplicate keys that hide one another, bounded in size and depth."""

from __future__ import annotations

import json
from typing import Any

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

#: Room for a payload at its own limit, so that the engine's limit is the one that answers.
MAX_BODY = 6 * 1024 * 1024


class BodyTooLarge(APIException):
    """413."""

    status_code = 413
    default_code = "too_large"


class StrictJSONParser(BaseParser):
    """application/json."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """The JSON value. Raises ParseError with the place, BodyTooLarge."""
        data = stream.read(MAX_BODY + 1)
        if len(data) > MAX_BODY:
            raise BodyTooLarge(f"the body is larger than {MAX_BODY:,} bytes")
        return read_json(data)


def read_json(data: bytes) -> Any:
    """The JSON value of these bytes. Raises ParseError with the place."""
    try:
        return json.loads(data, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except RecursionError:
        raise ParseError("the JSON is nested too deeply") from None
    except UnicodeDecodeError as error:
        raise ParseError(f"the body is not UTF-8: {error.reason} at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise ParseError(f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}") from None
    except ValueError as error:
        raise ParseError(str(error)) from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON; use null or a number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise ValueError(f"the key {name[:60]!r} stands twice in one object")
            seen.add(name)
    return found
