"""The history of a document through the API, and an earlier revision brought back: the same for every noun.

Owns those two answers. Never knows a noun's fields: its own view brings the service and how it is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from governance.models import Document
from governance.selectors.revisions import revisions
from portal.api.document_shapes import RestoreShape, conflict_as_412, revision_sent, show_revision, tagged
from portal.api.pages import PageQuery, actor_of, page, read_body, read_query
from portal.permissions import Verb


def history(request: Request, document: Document) -> Response:
    """Its revisions, newest first."""
    query = read_query(PageQuery, request)
    found = revisions(document, cursor=query["cursor"], limit=query["limit"])
    return Response(page(found.items, show_revision, found.next))


def restored(
    request: Request, document: Document, service: Callable[..., Document], show: Callable[[Any], dict[str, Any]]
) -> Response:
    """An earlier revision as a new one; 412 when somebody else has edited it since the caller read it."""
    actor_of(request).require(Verb.MAINTAIN, document.owner)
    body = read_body(RestoreShape, request)
    with conflict_as_412():
        made = service(
            history_id=body["history_id"],
            revision=revision_sent(request, body),
            actor=request.user,
            reason=body["reason"],
        )
    return tagged(made, show(made))
