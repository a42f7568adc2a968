"""Search: what answers a question, best first, with counts to narrow it by."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.search.query import LONGEST
from governance.selectors.search import MOST, Hit, Narrowed, search
from orchestration.errors import InvalidInput
from portal.api.document_shapes import READ_PROBLEMS
from portal.api.pages import PageQuery, actor_of, read_query
from portal.selectors.finding import reader_of


class SearchQuery(PageQuery):
    """The question and what the answer is narrowed to."""

    q = serializers.CharField(
        max_length=LONGEST, help_text='words, "a phrase", -without; the last word may be half a word'
    )
    kind = serializers.CharField(
        max_length=24, required=False, default="", allow_blank=True, help_text="such as `runbook`"
    )
    team = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)
    status = serializers.CharField(max_length=24, required=False, default="", allow_blank=True)


class SearchHitShape(serializers.Serializer[Any]):
    """One object that answers."""

    kind = serializers.CharField()
    key = serializers.CharField(help_text="its name within the kind")
    title = serializers.CharField()
    excerpt = serializers.CharField(allow_blank=True)
    team = serializers.CharField(allow_blank=True)
    status = serializers.CharField(allow_blank=True)
    is_over = serializers.BooleanField(help_text="superseded, retired or settled")
    updated_at = serializers.DateTimeField()
    url = serializers.CharField(help_text="its page")


class SearchCountShape(serializers.Serializer[Any]):
    """How many there are of a value."""

    value = serializers.CharField()
    count = serializers.IntegerField()


class SearchFacetsShape(serializers.Serializer[Any]):
    """Counts of each facet, the other facets being as they are."""

    kind = SearchCountShape(many=True)
    team = SearchCountShape(many=True)
    status = SearchCountShape(many=True)


class SearchPageShape(serializers.Serializer[Any]):
    """A page of an answer; no more than the first 500 are put in order."""

    items = SearchHitShape(many=True)
    next = serializers.CharField(allow_null=True)
    total = serializers.IntegerField()
    facets = SearchFacetsShape()
    loosened = serializers.BooleanField(help_text="nothing has all of the words; these have some")
    meant = serializers.CharField(allow_blank=True, help_text="a name that may have been meant, when nothing answers")


class Search(APIView):
    """/search"""

    @extend_schema(operation_id="search", parameters=[SearchQuery], responses={200: SearchPageShape, **READ_PROBLEMS})
    def get(self, request: Request) -> Response:
        """Everything that answers the question and that the caller may read, best first."""
        query = read_query(SearchQuery, request)
        offset, limit = _offset(query["cursor"]), query["limit"]
        narrowed = Narrowed(query["kind"], query["team"], query["status"])
        found = search(query["q"], reader=reader_of(actor_of(request)), narrowed=narrowed, offset=offset, limit=limit)
        following = offset + limit
        facets = {name: found.facets.get(name, []) for name in ("kind", "team", "status")}
        return Response(
            {
                "items": [_show(hit) for hit in found.hits],
                "next": str(following) if following < min(found.total, MOST) else None,
                "total": found.total,
                "facets": {
                    name: [{"value": value, "count": count} for value, count in values]
                    for name, values in facets.items()
                },
                "loosened": found.loosened,
                "meant": found.meant,
            }
        )


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 5):
        raise InvalidInput("the cursor is not one that this list gave out; begin again without it")
    return int(cursor)


def _show(hit: Hit) -> dict[str, Any]:
    return {
        "kind": hit.kind, "key": hit.key, "title": hit.name, "excerpt": "".join(piece.text for piece in hit.excerpt),
        "team": hit.team, "status": hit.status, "is_over": hit.is_over, "updated_at": hit.updated_at, "url": hit.url,
    }  # fmt: skip
