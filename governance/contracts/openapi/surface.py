"""What is not a payload: operations, parameters, media types, statuses and headers that came, went or became required.

Owns their rules, and which payloads are to be asked about. A payload's own differences are payloads.py's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from governance.contracts.openapi.changes import Change, Weight
from governance.contracts.openapi.lifecycle import announced_removal, endings, lifecycle, removal
from governance.contracts.openapi.operations import Body, Content, Operation, Parameter, Payload, Response
from governance.contracts.openapi.payloads import Asked
from governance.contracts.openapi.schemas import View
from governance.contracts.openapi.source import text_of
from governance.contracts.report import Direction
from governance.contracts.values import escaped

Operations = Mapping[tuple[str, str], Operation]


def surface(old: Operations, new: Operations, today: date) -> Iterator[Change | Asked]:
    """The changes of all operations, and the questions about their payloads."""
    pairs, gone, more = paired(old, new)
    paths = {one.path for one in new.values()} | {pair[0].path for pair in pairs}
    for one in gone:
        yield removal(one, today, path_is_gone=one.path not in paths)
    for one in more:
        yield Change("operation-added", one.pointer, f"{one.title} is new", "")
    for before, after in pairs:
        yield from _operation(before, after, today)


def paired(
    old: Operations, new: Operations
) -> tuple[list[tuple[Operation, Operation]], list[Operation], list[Operation]]:
    """By path as written; then by path whatever its parameters are called, which no caller sees."""
    left = {key: one for key, one in new.items() if key not in old}
    by_shape = {(shape_of(path), method): (path, method) for path, method in left}
    pairs, gone = [], []
    for (path, method), one in old.items():
        if (path, method) in new:
            pairs.append((one, new[path, method]))
        elif (other := by_shape.pop((shape_of(path), method), None)) is not None:
            pairs.append((one, left.pop(other)))
        else:
            gone.append(one)
    return pairs, gone, list(left.values())


def webhooks(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """By name. Who waits for one relies on being called; one more is called by nobody who has not asked for it."""
    for name, one in old.items():
        at = f"/webhooks/{escaped(str(name))}"
        if name not in new:
            text = f"webhook {name} is gone; who waits for it is told nothing any more"
            yield Change("webhook-removed", at, text, "breaking", "FORWARD")
        elif text_of(one) != text_of(new[name]):
            text = f"webhook {name} is another, which is not compared; look at it"
            yield Change("webhook-changed", at, text, "undecided", "FORWARD")
    for name in new.keys() - old.keys():
        at = f"/webhooks/{escaped(str(name))}"
        yield Change("webhook-added", at, f"webhook {name} is new", "", "FORWARD")


def shape_of(path: str) -> str:
    """A path whatever its parameters are called, which no caller sees."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def _operation(old: Operation, new: Operation, today: date) -> Iterator[Change | Asked]:
    yield from lifecycle(old, new)
    if old.untold != new.untold:
        text = f"{new.title}: its callbacks are others, which are not compared; look at them"
        yield Change("callbacks-changed", f"{new.pointer}/callbacks", text, "undecided")
    yield from _parameters(old, new, today)
    yield from _body(old, new)
    for status, before in old.responses.items():
        after = new.responses.get(status)
        if after is None:
            yield _status_removed(old, new, status, before)
        else:
            yield from _response(new, status, before, after)
    for status, after in new.responses.items():
        if status not in old.responses:
            yield Change("response-status-added", after.pointer, f"{new.title} may answer {status} now", "", "FORWARD")


def _parameters(old: Operation, new: Operation, today: date) -> Iterator[Change | Asked]:
    for key, before in old.parameters.items():
        after = new.parameters.get(key)
        if after is not None:
            yield from _parameter(new, before, after)
            continue
        title = f"{old.title}: the {_called(before)}"
        told = announced_removal(before, title, before.pointer, "parameter", today)
        text = f"{title} is gone; what it asked for is not done any more, or is refused"
        yield told or Change("parameter-removed", before.pointer, text, "undecided")
    for key, after in new.parameters.items():
        if key not in old.parameters:
            rule = f"parameter-added-{'required' if after.required else 'optional'}"
            text = f"{new.title}: the {'required' if after.required else 'optional'} {_called(after)} is new"
            yield Change(rule, after.pointer, text, "breaking" if after.required else "")


def _parameter(operation: Operation, old: Parameter, new: Parameter) -> Iterator[Change | Asked]:
    title = f"{operation.title}: {_called(new)}"
    if new.required and not old.required:
        yield Change("parameter-became-required", new.pointer, f"{title} is now required", "breaking")
    elif old.required and not new.required:
        yield Change("parameter-became-optional", new.pointer, f"{title} is no longer required", "")
    if not new.wire.reads(old.wire):
        text = f"{title} is written in another way (style, explode, reserved characters or media type)"
        yield Change("parameter-style-changed", new.pointer, text, "breaking")
    yield from endings(old, new, title, new.pointer, "parameter")
    payload = _as_single(new.payload) if new.wire.spreads and old.wire.explode is None else new.payload
    yield Asked(title, "parameter", "request" if new.wire.media else "parameter", old.payload, payload)


#: What a list says of itself as a whole, so that a single value need not be one.
_OF_LISTS = frozenset({"minItems", "contains", "enum", "const", "prefixItems", "allOf", "anyOf", "oneOf", "not", "if"})


def _as_single(payload: Payload) -> Payload:
    """A list whose values are written one by one, as who writes a single one sees it."""
    schema = payload.schema
    if (
        not isinstance(schema, dict)
        or "items" not in schema
        or schema.keys() & _OF_LISTS
        or "array" not in str(schema.get("type"))
    ):
        return payload
    return Payload({"anyOf": [schema["items"], schema]}, payload.pointer)


def _called(one: Parameter) -> str:
    return f"{one.place} parameter {one.name}"


def _body(old: Operation, new: Operation) -> Iterator[Change | Asked]:
    before, after = old.body, new.body
    if before is None and after is not None:
        word = "required" if after.required else "optional"
        text = f"{new.title}: the {word} request body is new"
        yield Change(f"request-body-added-{word}", after.pointer, text, "breaking" if after.required else "")
    elif before is not None and after is None:
        text = f"{old.title}: there is no request body any more; what it asked for is not done, or is refused"
        yield Change("request-body-removed", before.pointer, text, "undecided")
    elif before is not None and after is not None:
        yield from _both_bodies(new, before, after)


def _both_bodies(operation: Operation, old: Body, new: Body) -> Iterator[Change | Asked]:
    title = f"{operation.title}: request body"
    if new.required and not old.required:
        yield Change("request-body-became-required", new.pointer, f"{title} is now required", "breaking")
    elif old.required and not new.required:
        yield Change("request-body-became-optional", new.pointer, f"{title} is no longer required", "")
    yield from _content(title, "request-body", "request", old, new)


def _content(title: str, rule: str, view: View, old: Body | Response, new: Body | Response) -> Iterator[Change | Asked]:
    """Media types; whatever a range covers is still there."""
    way: Direction = "FORWARD" if view == "response" else "BACKWARD"
    for media, before in old.content.items():
        after = _covered(media, new.content)
        if after is None:
            text = f"{title}: {media} is gone"
            yield Change(f"{rule}-media-type-removed", f"{old.pointer}/content", text, "breaking", way)
        else:
            yield Asked(f"{title} ({media})" if len(new.content) > 1 else title, rule, view, before, after)
    for media in new.content:
        if _covered(media, old.content) is None:
            yield Change(f"{rule}-media-type-added", f"{new.pointer}/content", f"{title}: {media} is new", "", way)


def _covered(media: str, content: Content) -> Payload | None:
    plain = media.split(";", 1)[0]
    group = plain.split("/", 1)[0]
    return next((content[one] for one in (media, plain, f"{group}/*", "*/*") if one in content), None)


def _status_removed(old: Operation, new: Operation, status: str, before: Response) -> Change:
    """Callers rely on the answers that say that it went well; of the others there may be fewer."""
    covered = any(other in new.responses for other in (f"{status[:1]}XX", "default"))
    text = f"{old.title} does not answer {status} any more" + (", but what covers it" if covered else "")
    succeeds = status.startswith("2") and not covered
    return Change("response-status-removed", before.pointer, text, "breaking" if succeeds else "", "FORWARD")


def _response(operation: Operation, status: str, old: Response, new: Response) -> Iterator[Change | Asked]:
    title = f"{operation.title}: {status} response"
    yield from _content(title, "response-body", "response", old, new)
    for name, before in old.headers.items():
        after = new.headers.get(name)
        called = f"{title}: header {before.name}"
        if after is None:
            weight: Weight = "breaking" if before.required else ""
            yield Change("response-header-removed", before.pointer, f"{called} is gone", weight, "FORWARD")
            continue
        if before.required and not after.required:
            text = f"{called} need not be there any more"
            yield Change("response-header-became-optional", after.pointer, text, "breaking", "FORWARD")
        if not before.wire.reads(after.wire):
            text = f"{called} is written in another way (explode or media type)"
            yield Change("response-header-style-changed", after.pointer, text, "breaking", "FORWARD")
        view: View = "response" if after.wire.media else "header"
        yield Asked(called, "response-header", view, before.payload, after.payload)
    for name, after in new.headers.items():
        if name not in old.headers:
            yield Change("response-header-added", after.pointer, f"{title}: header {after.name} is new", "", "FORWARD")
