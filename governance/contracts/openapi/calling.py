"""Requests of workflows against the API that they call: before anything runs, what is sure to be refused or never answered.

Owns those sentences, and which fields an operation takes and gives. Which operation it is says matching.py; what is in the
payloads is held against the fields as any contract's is (governance/contracts/workflows.py). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from governance.contracts.fields import Fields
from governance.contracts.openapi.matching import Match, match
from governance.contracts.openapi.operations import Content, Operation, Payload, operations
from governance.contracts.openapi.parts import reference_to
from governance.contracts.openapi.schemas import View
from governance.contracts.openapi.sides import Side
from governance.contracts.openapi.source import Source, mapping, references_in, text_of
from governance.contracts.values import escaped
from governance.contracts.vocabulary import LATEST, InvalidSchema
from governance.contracts.workflows import Contracted
from orchestration.manifest import Finding, PortKey
from orchestration.manifest.calls import Call
from orchestration.manifest.problems import Path

#: Headers that the engine gives itself, and those that a dependency's `authorization` may give.
_OWN = frozenset(
    {
        "idempotency-key",
        "traceparent",
        "x-deadline",
        "user-agent",
        "accept-encoding",
        "authorization",
        "host",
        "content-length",
    }
)
#: A name that no part of `components` may have.
_PART = "the payload"


class Api:
    """A document as those who call it see it. Raises InvalidSchema for one that can't be read."""

    def __init__(self, document: Any, name: str) -> None:
        self._source, self.name = Source(document, name), name
        self.info = mapping(document.get("info"), f"{name}: /info")
        self.operations = operations(self._source)

    def check(self) -> None:
        """Whether it can be compared with others. Raises InvalidSchema for a schema that leads nowhere, with its place."""
        payloads = [
            payload
            for one in self.operations.values()
            for payload in (
                *(parameter.payload for parameter in one.parameters.values()),
                *(one.body.content.values() if one.body is not None else ()),
                *(payload for answer in one.responses.values() for payload in answer.content.values()),
            )
        ]
        schemas = {f"/components/schemas/{escaped(str(name))}": schema for name, schema in self._source.schemas.items()}
        for pointer, schema in [*((one.pointer, one.schema) for one in payloads), *schemas.items()]:
            for reference in references_in(text_of(schema)):
                if reference.startswith("#/"):
                    self._source.at(reference, pointer)

    def match(self, call: Call) -> Match:
        """What the request asks for."""
        path = str(call.request.get("path") or "/")
        found = match(self.operations, call.method, path, self.name)
        if found.operation is None and call.method == "HEAD":  # whoever answers GET answers HEAD (RFC 9110, 9.3.2)
            return match(self.operations, "GET", path, self.name)
        return Match(None) if call.method == "OPTIONS" and found.operation is None else found

    def faults(self, call: Call) -> Iterator[Finding]:
        """What is wrong with it but for its payload."""
        found = self.match(call)
        if found.operation is None:
            if found.why:
                yield Finding((*call.place, "path"), found.why)
            return
        yield from _faults(call, found.operation, self.name)

    def takes(self, operation: Operation) -> Fields | None:
        """The fields of the JSON that it takes; None where nothing is said of them."""
        payload = _json(operation.body.content) if operation.body is not None else None
        return self._fields(payload, "request") if payload is not None else None

    def gives(self, operation: Operation) -> Fields | None:
        """The fields of what it answers when it goes well. None: nothing is said, or there are several answers."""
        good = [one for status, one in operation.responses.items() if status.startswith("2")]
        payload = _json(good[0].content) if len(good) == 1 else None
        return self._fields(payload, "response") if payload is not None else None

    def _fields(self, payload: Payload, view: View) -> Fields | None:
        if payload.schema is True:
            return None
        try:
            parts = Side(self._source, view, {_PART: payload}).parts
            return Fields({"$schema": LATEST, "$ref": reference_to(_PART), "$defs": parts})
        except (InvalidSchema, RecursionError):
            return None  # a part that can't be read, of which the comparison of two versions tells


def contracted(workflow: dict[str, Any], called: Iterable[tuple[Call, Api]]) -> dict[PortKey, Contracted]:
    """What an API says of the payloads of steps. An item's answer is not the loop's, and a fallback's is not the service's."""
    found = {}
    for call, api in called:
        step, kind = call.port
        operation = api.match(call).operation
        if kind == "undo" or operation is None:
            continue
        name = f"{operation.title} of {api.name}"
        if "json" in call.request and (fields := api.takes(operation)) is not None:
            found[step, "input"] = Contracted(name, fields)
        said = workflow["spec"]["steps"][step]
        has_answer = operation.method == call.method.lower() and not said.get("for_each") and not said.get("fallback")
        if has_answer and (fields := api.gives(operation)) is not None:
            found[step, "output"] = Contracted(name, fields)
    return found


def _faults(call: Call, operation: Operation, api: str) -> Iterator[Finding]:
    asked = f"{operation.title} of {api}"
    query = call.request.get("query") or {}
    headers = {name.lower() for name in call.request.get("headers") or {}} | _OWN
    for one in operation.parameters.values():
        if not one.required:
            continue
        if one.place == "query" and not one.wire.spreads and not any(_is(one.name, key) for key in query):
            yield Finding(call.place, f"{asked} requires the query parameter {one.name}; give it in `query`")
        if one.place == "header" and one.name.lower() not in headers:
            yield Finding(call.place, f"{asked} requires the header {one.name}; give it in `headers`")
    body, place = operation.body, call.place
    if body is not None and body.required and call.request.get("json") is None:
        yield Finding(place, f"{asked} requires a body; give it in `json`")
    elif body is not None and body.content and call.request.get("json") is not None and _json(body.content) is None:
        told: Path = (*place, "json")
        yield Finding(told, f"{asked} takes {', '.join(sorted(body.content))}, and a step sends JSON")


def _is(name: str, key: str) -> bool:
    """A parameter that is an object may be written in parts: `page[size]`."""
    return key == name or key.startswith(f"{name}[")


def _json(content: Content) -> Payload | None:
    """What is sent as JSON, by the most exact of its media types."""
    for name in sorted(content, key=lambda one: one != "application/json"):
        kind = name.partition(";")[0]
        if kind in ("application/json", "application/*", "*/*") or kind.endswith("+json"):
            return content[name]
    return None
