"""What every endpoint of the registry shares: who calls, the media types, bodies, and errors as `{error_code, message}`.

Owns that translation. Never reads or writes what is registered.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
from typing import Any

from django.db import DataError
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import APIException, NotAcceptable, NotAuthenticated, UnsupportedMediaType
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, set_rollback

from governance.registry.faults import RegistryFault
from governance.registry.registering import Held
from governance.registry.texts import finite
from orchestration.errors import PlumblineError
from portal.api.authentication import TokenAuthentication
from portal.api.parsers import MAX_BODY, BodyTooLarge
from portal.api.problems import STATUSES

V1 = "application/vnd.schemaregistry.v1+json"
#: As clients write them in Accept and Content-Type; the first is what is answered unless another is asked for.
MEDIA_TYPES = (V1, "application/vnd.schemaregistry+json", "application/json")
#: The fields that a body may have, and the type of each.
Fields = dict[str, type | tuple[type, ...]]
log = logging.getLogger(__name__)


class RegistryAuthentication(TokenAuthentication):
    """A token as the password of basic auth, as those clients send it, or as a bearer. The user's name is free: the team that
    is to own what is new may stand there.
    """

    def authenticate(self, request: Request) -> Any:
        """See TokenAuthentication."""
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return super().authenticate(request)
        try:
            name, _, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise NotAuthenticated("the basic credentials can't be read; send user:token in base64") from None
        request.registry_user = name if name.isprintable() else ""  # type: ignore[attr-defined]
        return self.of_secret(request, secret)

    def authenticate_header(self, request: Request) -> str:
        """The challenge that makes it a 401."""
        return 'Basic realm="plumbline registry"'


class _Renderer(JSONRenderer):
    charset = None


class _Negotiation(DefaultContentNegotiation):
    """By Accept alone: `format` in the query means something else to these clients."""

    def filter_renderers(self, renderers: Any, format: Any) -> Any:
        return renderers

    def get_accept_list(self, request: Request) -> list[str]:
        accepted = request.headers.get("Accept", "*/*").split(",")
        return [_full(one.strip()) for one in accepted if one.strip()] or ["*/*"]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        """The renderer, and the media type with the highest weight that we know."""
        weighed = sorted(enumerate(self.get_accept_list(request)), key=lambda pair: (-_weight(pair[1]), pair[0]))
        for _, wanted in weighed:
            kind = wanted.partition(";")[0].strip().lower()
            found = next((one for one in MEDIA_TYPES if kind in (one, "*/*", "application/*")), None)
            if found is not None and _weight(wanted) > 0:
                return renderers[0], found
        raise NotAcceptable("HTTP 406 Not Acceptable")


def _full(accepted: str) -> str:
    """`*` and `*/anything` are `*/*`."""
    kind, mark, rest = accepted.partition(";")
    return f"*/*{mark}{rest}" if kind.strip() == "*" or kind.strip().startswith("*/") else accepted


def _weight(accepted: str) -> float:
    for part in accepted.split(";")[1:]:
        name, _, value = part.strip().partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


class _Parser(BaseParser):
    """An object of JSON, in the character set that the request names. Clients of old say application/octet-stream."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Raises RegistryFault 400, BodyTooLarge, UnsupportedMediaType."""
        kind, _, rest = (media_type or V1).partition(";")
        if kind.strip().lower() not in (*MEDIA_TYPES, "application/octet-stream"):
            raise UnsupportedMediaType(kind, "HTTP 415 Unsupported Media Type")
        data = stream.read(MAX_BODY + 1)
        if len(data) > MAX_BODY:
            raise BodyTooLarge(f"the body is larger than {MAX_BODY:,} bytes")
        charset = rest.partition("charset=")[2].strip(' "') or "utf-8"
        try:
            return json.loads(data.decode(charset), parse_float=finite, parse_constant=finite) if data.strip() else {}
        except (ValueError, LookupError, RecursionError) as error:
            told = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
            raise RegistryFault(400, f"the body can't be read: {told}") from None


class Face(APIView):
    """An endpoint. The API's own document leaves it out: its shapes are not ours."""

    schema = None
    authentication_classes = (RegistryAuthentication,)
    renderer_classes = (_Renderer,)
    parser_classes = (_Parser,)
    content_negotiation_class = _Negotiation
    throttle_classes = ()

    def get_exception_handler(self) -> Any:
        """As these clients want errors."""
        return handle

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """In the media type that was asked for."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if response.content_type is None:
            response.content_type = getattr(request, "accepted_media_type", V1)
        return response

    def body(self, request: Request, known: Fields) -> dict[str, Any]:
        """The fields of an object's body, each of its type; null is as if it weren't there. Raises RegistryFault 422."""
        given = request.data
        if not isinstance(given, dict):
            raise RegistryFault(422, "the body is no JSON object")
        for name, value in given.items():
            if name not in known:
                raise RegistryFault(422, f"Unrecognized field: {name[:100]}")
            wanted = known[name]
            fits = isinstance(value, wanted) and not (isinstance(value, bool) and wanted is int)
            if value is not None and not fits:
                raise RegistryFault(422, f"Wrong type of field: {name}")
        return {name: value for name, value in given.items() if value is not None}


def knows_more(request: Request) -> bool:
    """Whether the client says that it passes over what it doesn't know in an answer: others are told the fields that there were
    before there was this header, and no more.
    """
    return request.headers.get("Confluent-Accept-Unknown-Properties", "").lower() == "true"


def flag(request: Request, name: str) -> bool:
    """A switch in the query, as clients write it: True, true."""
    return request.query_params.get(name, "").lower() == "true"


def paged(request: Request, rows: Any) -> Any:
    """The rows that `offset` and `limit` ask for; a limit of -1, or none, is all of them. Raises RegistryFault 422."""
    try:
        offset = int(request.query_params.get("offset") or 0)
        limit = int(request.query_params.get("limit") or -1)
    except ValueError:
        raise RegistryFault(422, "offset and limit are whole numbers") from None
    if not (0 <= offset < 2**31 and -1 <= limit < 2**31):
        raise RegistryFault(422, "offset and limit are whole numbers, of 31 bits")
    return rows[offset:] if limit < 0 else rows[offset : offset + limit]


def held(request: Request, subject: str, found: Held) -> Response:
    """409 with the address of the change: what was asked for is kept there, so it is no error that undoes anything."""
    url = request.build_absolute_uri(f"/changes/{found.change}/")
    words = {"rejected": "was refused", "applied": "was taken back"}.get(found.state, "waits for its reviews")
    message = f'The gate holds this schema of subject "{subject}": change {found.change} {words}, see {url}'
    return Response({"error_code": 409, "message": message}, status=409, headers={"Location": url})


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """Every error in the shape that clients read."""
    if isinstance(error, RegistryFault):
        number = error.number
    elif isinstance(error, PlumblineError):
        number = next((STATUSES[kind][0] for kind in type(error).__mro__ if kind in STATUSES), 400)
    elif isinstance(error, APIException):
        number = error.status_code
    elif isinstance(error, DataError) and context["request"].method == "GET":  # PostgreSQL refuses to look for U+0000
        number, error = 404, RegistryFault(404, "HTTP 404 Not Found")
    else:
        log.exception("registry.failed")
        number, error = 500, RegistryFault(500, "Internal Server Error")
    set_rollback()
    status = number if number < 1000 else int(str(number)[:3])
    text = str(getattr(error, "detail", error)).encode(errors="replace").decode()
    response = Response({"error_code": number, "message": text}, status=status, content_type=V1)
    if challenge := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = challenge
    return response


def no_endpoint(request: HttpRequest) -> HttpResponse:
    """For paths that are none of the API's."""
    body = json.dumps({"error_code": 404, "message": "HTTP 404 Not Found"})
    return HttpResponse(body, status=404, content_type=V1)


SCHEMA_FIELDS: Fields = {
    "schema": str, "schemaType": str, "references": list, "metadata": dict, "ruleSet": dict, "id": int, "version": int,
    "schemaTagsToAdd": list, "schemaTagsToRemove": list, "propagateSchemaTags": bool, "subject": str, "deleted": bool,
    "guid": str,
}  # fmt: skip
