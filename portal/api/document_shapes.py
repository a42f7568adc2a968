"""What decisions, runbooks and postmortems share in the API: revisions, restore, and the revision that an edit is made over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from governance.models import Document
from governance.selectors.revisions import Revision
from governance.services.documents import EditConflict
from orchestration.errors import InvalidInput, Violation
from portal.api.pages import ProblemShape
from portal.api.problems import PreconditionFailed

#: Above the limit of a body, so that the service's own limit answers.
LONGEST = 2_000_000
READ_PROBLEMS: dict[int, type[serializers.Serializer[Any]]] = dict.fromkeys((400, 401, 404, 422), ProblemShape)
WRITE_PROBLEMS: dict[int, type[serializers.Serializer[Any]]] = dict.fromkeys(
    (400, 401, 403, 404, 409, 412, 413, 415, 422), ProblemShape
)
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description='the revision that was read, as in its ETag: "3"'
)
_TAG = re.compile(r'(?:W/)?"?(\d{1,9})"?')


class RevisionShape(serializers.Serializer[Any]):
    """One revision: who, when, why. `by` is null for the system itself."""

    id = serializers.IntegerField()
    revision = serializers.IntegerField()
    at = serializers.DateTimeField()
    by = serializers.CharField(allow_null=True)
    reason = serializers.CharField()
    title = serializers.CharField()
    status = serializers.CharField()


class RevisionPageShape(serializers.Serializer[Any]):
    """A page of a history, newest first."""

    items = RevisionShape(many=True)
    next = serializers.CharField(allow_null=True)


class RestoreShape(serializers.Serializer[Any]):
    """Which revision to bring back, and why."""

    history_id = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="`id` of the revision")
    reason = serializers.CharField(max_length=2000)
    revision = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, help_text="the current revision, if not sent as If-Match"
    )


def names_field() -> serializers.ListField:
    """A list of names."""
    return serializers.ListField(
        child=serializers.CharField(max_length=63), max_length=500, required=False, default=list
    )


def linked_field() -> serializers.ListField:
    """Names that stay as they are when they are not sent, so that a program that doesn't know of them removes none."""
    return serializers.ListField(
        child=serializers.CharField(max_length=127), max_length=200, required=False, allow_null=True, default=None,
        help_text="null: as they are",
    )  # fmt: skip


def show_revision(revision: Revision) -> dict[str, Any]:
    """RevisionShape's values."""
    return {
        "id": revision.id,
        "revision": revision.revision,
        "at": revision.at.isoformat(),
        "by": revision.by or None,
        "reason": revision.reason,
        "title": revision.title,
        "status": revision.status,
    }


def tagged(document: Document, shown: dict[str, Any], status: int = 200, location: str = "") -> Response:
    """The answer with the revision as ETag."""
    headers = {"ETag": f'"{document.revision}"'}
    if location:
        headers["Location"] = location
    return Response(shown, status=status, headers=headers)


def revision_sent(request: Request, body: dict[str, Any]) -> int | None:
    """The revision that the caller read: If-Match, or else the body. Raises InvalidInput, PreconditionFailed."""
    header = request.headers.get("If-Match", "").strip()
    in_body: int | None = body.get("revision")
    if not header:
        return in_body
    match = _TAG.fullmatch(header)
    if match is None:
        text = f'If-Match is {header[:40]!r}; send the ETag that the document came with, such as "3"'
        raise InvalidInput(text, [Violation("/revision", text)])
    if in_body is not None and in_body != int(match[1]):
        raise PreconditionFailed(f"If-Match says revision {match[1]}, the body says {in_body}; send one")
    return int(match[1])


def required_revision(request: Request, body: dict[str, Any]) -> int:
    """The same, but an edit must name it: otherwise it could undo somebody's work unseen."""
    revision = revision_sent(request, body)
    if revision is None:
        text = 'name the revision that you edited: If-Match: "3", or revision in the body'
        raise InvalidInput(text, [Violation("/revision", text)])
    return revision


@contextmanager
def conflict_as_412() -> Iterator[None]:
    """A lost race over a revision is a failed precondition to HTTP."""
    try:
        yield
    except EditConflict as error:
        raise PreconditionFailed(str(error)) from error
