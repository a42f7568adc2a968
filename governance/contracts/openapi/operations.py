"""What an OpenAPI document offers: each operation with its parameters, bodies, responses and headers, references followed.

Owns the shape that comparisons work with. Never judges a difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from governance.contracts.openapi.callbacks import bare
from governance.contracts.openapi.source import Source, mapping, text_of
from governance.contracts.values import escaped
from governance.contracts.vocabulary import InvalidSchema

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
#: Header parameters of these names mean nothing (OpenAPI 3.1.1, 4.8.12.1, and of responses 4.8.17.1).
_NO_PARAMETERS = frozenset({"accept", "content-type", "authorization"})
_SCALARS = frozenset({"string", "integer", "number", "boolean", "null"})
_STYLES = {"path": "simple", "header": "simple", "query": "form", "cookie": "form"}


@dataclass(frozen=True, slots=True)
class Payload:
    """A schema and where it stands; `True` where nothing is said."""

    schema: Any
    pointer: str


Content = dict[str, Payload]


@dataclass(frozen=True, slots=True)
class Wire:
    """How a value of a parameter is written: by a media type, or by style and explode. `explode` is None where there is nothing
    to explode; `reserved`: characters that mean something in a URL may stand as they are.
    """

    media: str = ""
    style: str = ""
    explode: bool | None = None
    reserved: bool = False
    #: Whether it may stand there without a value.
    empty: bool = False

    def reads(self, other: Wire) -> bool:
        """Whether what was written in the other way is read in this one."""
        is_same = (self.media, self.style) == (other.media, other.style)
        is_same = is_same and self.reserved >= other.reserved and self.empty >= other.empty
        return is_same and (None in (self.explode, other.explode) or self.explode == other.explode)

    @property
    def spreads(self) -> bool:
        """Whether each part is a parameter of its own: of a list the same one again, of an object one of the member's name."""
        return self.style == "form" and self.explode is True


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter, or a header of a response. `wire`: how a value of it is written."""

    name: str
    place: str
    required: bool
    payload: Payload
    pointer: str
    wire: Wire = Wire()
    deprecated: bool = False
    #: As written; None: there is none.
    sunset: Any = None


@dataclass(frozen=True, slots=True)
class Body:
    required: bool
    content: Content
    pointer: str


@dataclass(frozen=True, slots=True)
class Response:
    content: Content
    headers: dict[str, Parameter]
    pointer: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. `parameters` by place and name, those of the path by position."""

    method: str
    path: str
    pointer: str
    parameters: dict[tuple[str, str], Parameter]
    body: Body | None
    responses: dict[str, Response]
    #: Alternatives: each names the schemes, with their scopes, that a call needs together.
    security: list[frozenset[tuple[str, frozenset[str]]]]
    deprecated: bool
    #: As written; None: there is none.
    sunset: Any
    #: `x-stability-level`, if it is said: draft and alpha promise nothing yet.
    stability: str = ""
    #: What is not looked into, as text.
    untold: str = field(default="", repr=False)
    #: What it is for, in words; no difference of these breaks anybody.
    summary: str = field(default="", compare=False)

    @property
    def title(self) -> str:
        return f"{self.method.upper()} {self.path}"


def operations(source: Source, but: frozenset[str] = frozenset()) -> dict[tuple[str, str], Operation]:
    """By path as written and method, without the paths `but`. Raises InvalidSchema for what has not OpenAPI's shape, with its
    place.
    """
    found = {}
    for key, item in source.paths.items():
        path = str(key)
        if path.startswith("x-") or path in but:
            continue
        whole, pointer = source.follow(item, f"/paths/{escaped(path)}")
        whole = whole if whole is item else {**whole, **{key: one for key, one in item.items() if key != "$ref"}}
        for method in METHODS:
            if method in whole:
                found[path, method] = _operation(source, path, method, whole, pointer)
    return found


def _operation(source: Source, path: str, method: str, item: dict[str, Any], at: str) -> Operation:
    pointer = f"{at}/{method}"
    raw = mapping(item[method], f"{source.name}: {pointer}")
    parameters = {}
    for level, place in ((item, at), (raw, pointer)):
        for one in _parameters(source, level.get("parameters"), f"{place}/parameters"):
            if one.place != "header" or one.name.lower() not in _NO_PARAMETERS:
                parameters[_key(one, path)] = one
    responses = mapping(raw.get("responses"), f"{source.name}: {pointer}/responses")
    body = _body(source, raw["requestBody"], f"{pointer}/requestBody") if raw.get("requestBody") is not None else None
    needs = raw.get("security", source.raw.get("security"))
    return Operation(
        method, path, pointer, parameters, body,
        {
            str(status): _response(source, one, f"{pointer}/responses/{status}")
            for status, one in responses.items()
            if not str(status).startswith("x-")
        },
        _security(needs, f"{source.name}: {pointer}/security"), raw.get("deprecated") is True, raw.get("x-sunset"),
        str(raw.get("x-stability-level", "")), text_of(bare(raw["callbacks"])) if raw.get("callbacks") else "",
        str(raw.get("summary") or raw.get("operationId") or ""),
    )  # fmt: skip


def _key(one: Parameter, path: str) -> tuple[str, str]:
    """A path's parameter may be renamed: its position tells. Names of headers are the same in any case."""
    if one.place == "path" and f"{{{one.name}}}" in path:
        return "path", str(path[: path.index(f"{{{one.name}}}")].count("{"))
    return one.place, one.name.lower() if one.place == "header" else one.name


def _parameters(source: Source, raw: Any, pointer: str) -> Iterator[Parameter]:
    if raw is None:
        return
    if not isinstance(raw, list):
        raise InvalidSchema(f"{source.name}: {pointer}: wants a list; this is {type(raw).__name__}")
    for at, one in enumerate(raw):
        part, place = source.follow(one, f"{pointer}/{at}")
        if not isinstance(part.get("name"), str) or not _is_place(part.get("in")):
            raise InvalidSchema(f"{source.name}: {place}: a parameter has a name and is in {', '.join(_STYLES)}")
        yield _parameter(source, part, part["name"], part["in"], place)


def _parameter(source: Source, raw: dict[str, Any], name: str, place: str, pointer: str) -> Parameter:
    content = _content(source, raw.get("content"), f"{pointer}/content")
    media = next(iter(content), "")
    style = raw.get("style", _STYLES[place])
    payload = content[media] if media else Payload(_schema(raw), f"{pointer}/schema")
    explode = None if _is_scalar(source, payload) else raw.get("explode", style == "form") is True
    wire = (
        Wire(media)
        if media
        else Wire("", style, explode, raw.get("allowReserved") is True, raw.get("allowEmptyValue") is True)
    )
    required = raw.get("required") is True or place == "path"
    return Parameter(name, place, required, payload, pointer, wire, raw.get("deprecated") is True, raw.get("x-sunset"))


def _is_place(value: Any) -> bool:
    return isinstance(value, str) and value in _STYLES


def _is_scalar(source: Source, payload: Payload) -> bool:
    schema = payload.schema
    if isinstance(schema, dict) and str(schema.get("$ref", "")).startswith("#/"):
        schema = source.at(schema["$ref"], payload.pointer)
    types = schema.get("type", ()) if isinstance(schema, dict) else ()
    found = types if isinstance(types, list) else [types]
    return bool(found) and all(isinstance(one, str) and one in _SCALARS for one in found)


def _body(source: Source, raw: Any, pointer: str) -> Body:
    part, place = source.follow(raw, pointer)
    return Body(part.get("required") is True, _content(source, part.get("content"), f"{place}/content"), place)


def _response(source: Source, raw: Any, pointer: str) -> Response:
    part, place = source.follow(raw, pointer)
    headers = {}
    for name, one in mapping(part.get("headers"), f"{source.name}: {place}/headers").items():
        header, at = source.follow(one, f"{place}/headers/{escaped(str(name))}")
        if str(name).lower() != "content-type":
            headers[str(name).lower()] = _parameter(source, header, str(name), "header", at)
    return Response(_content(source, part.get("content"), f"{place}/content"), headers, place)


def _content(source: Source, raw: Any, pointer: str) -> Content:
    """By media type, in small letters and without blanks."""
    found = {}
    for name, one in mapping(raw, f"{source.name}: {pointer}").items():
        part, place = source.follow(one, f"{pointer}/{escaped(str(name))}")
        found[str(name).lower().replace(" ", "")] = Payload(_schema(part), f"{place}/schema")
    return found


def _schema(raw: dict[str, Any]) -> Any:
    return True if raw.get("schema") is None else raw["schema"]


def _security(raw: Any, place: str) -> list[frozenset[tuple[str, frozenset[str]]]]:
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise InvalidSchema(f"{place}: wants a list of alternatives; this is {type(raw).__name__}")
    found = []
    for one in raw:
        needs = mapping(one, place).items()
        if not all(isinstance(scopes, list) for _, scopes in needs):
            raise InvalidSchema(f"{place}: each scheme has a list of scopes, which may be empty")
        found.append(frozenset((str(scheme), frozenset(map(str, scopes))) for scheme, scopes in needs))
    return found
