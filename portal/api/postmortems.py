"""Postmortems: list, read with timeline and figures, create, edit, history, restore."""

from __future__ import annotations

from functools import partial
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.models import Postmortem
from governance.selectors.incident_impact import impact_shown
from governance.selectors.incident_lines import timeline
from governance.selectors.postmortems import PostmortemFilter, find_postmortem, postmortems
from governance.services.documents import find_team
from governance.services.postmortems import create_postmortem, edit_postmortem, restore_postmortem
from portal.api.document_history import history, restored
from portal.api.document_shapes import (
    IF_MATCH,
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    RestoreShape,
    RevisionPageShape,
    conflict_as_412,
    required_revision,
    tagged,
)
from portal.api.pages import PageQuery, actor_of, page, read_body, read_query
from portal.api.postmortem_shapes import (
    PostmortemEditShape,
    PostmortemPageShape,
    PostmortemQuery,
    PostmortemShape,
    PostmortemWriteShape,
    summary,
    whole,
)
from portal.permissions import Verb


class Postmortems(APIView):
    """/postmortems"""

    @extend_schema(
        operation_id="listPostmortems",
        parameters=[PostmortemQuery],
        responses={200: PostmortemPageShape, **READ_PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """Postmortems, newest number first."""
        query = read_query(PostmortemQuery, request)
        limit, cursor = query.pop("limit"), query.pop("cursor")
        found = postmortems(PostmortemFilter(**query), cursor=cursor, limit=limit)
        return Response(page(found.items, summary, found.next))

    @extend_schema(
        operation_id="createPostmortem",
        request=PostmortemWriteShape,
        responses={201: PostmortemShape, **WRITE_PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """Create; the number is the next free one."""
        body = read_body(PostmortemWriteShape, request)
        owner = find_team(body.pop("owner"))
        actor_of(request).require(Verb.MAINTAIN, owner)
        made = create_postmortem(owner=owner, actor=request.user, **body)
        return tagged(made, _show(find_postmortem(made.number)), 201, f"/api/v1/postmortems/{made.number}")


class OnePostmortem(APIView):
    """/postmortems/{number}"""

    @extend_schema(operation_id="getPostmortem", responses={200: PostmortemShape, **READ_PROBLEMS})
    def get(self, request: Request, number: int) -> Response:
        """A postmortem with its text, timeline, figures and actions; the ETag is its revision."""
        found = find_postmortem(number)
        return tagged(found, _show(found))

    @extend_schema(
        operation_id="editPostmortem", request=PostmortemEditShape, parameters=[IF_MATCH],
        responses={200: PostmortemShape, **WRITE_PROBLEMS},
    )  # fmt: skip
    def put(self, request: Request, number: int) -> Response:
        """Replace it; 412 when somebody else has edited it since you read it."""
        found, actor = find_postmortem(number), actor_of(request)
        actor.require(Verb.MAINTAIN, found.owner)
        body = read_body(PostmortemEditShape, request)
        revision = required_revision(request, body)
        body.pop("revision", None)
        owner = find_team(body.pop("owner"))
        actor.require(Verb.MAINTAIN, owner)
        with conflict_as_412():
            edited = edit_postmortem(postmortem=found, revision=revision, owner=owner, actor=request.user, **body)
        return tagged(edited, _show(find_postmortem(number)))


class PostmortemHistory(APIView):
    """/postmortems/{number}/history"""

    @extend_schema(
        operation_id="listPostmortemHistory",
        parameters=[PageQuery],
        responses={200: RevisionPageShape, **READ_PROBLEMS},
    )
    def get(self, request: Request, number: int) -> Response:
        """Its revisions, newest first."""
        return history(request, find_postmortem(number))


class PostmortemRestore(APIView):
    """/postmortems/{number}/restore"""

    @extend_schema(
        operation_id="restorePostmortem", request=RestoreShape, parameters=[IF_MATCH],
        responses={200: PostmortemShape, **WRITE_PROBLEMS},
    )  # fmt: skip
    def post(self, request: Request, number: int) -> Response:
        """Bring back title and text of an earlier revision, as a new one."""
        found = find_postmortem(number)
        return restored(
            request, found, partial(restore_postmortem, postmortem=found), lambda _: _show(find_postmortem(number))
        )


def _show(postmortem: Postmortem) -> dict[str, Any]:
    return whole(postmortem, timeline(postmortem).lines, impact_shown(postmortem))
