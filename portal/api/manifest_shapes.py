"""How manifests, problems and changes look in the API. Never queries."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from orchestration.manifest import Difference
from orchestration.services.manifests import Change, Document

MOST_DOCUMENTS = 500


class ManifestText(serializers.CharField):
    """Text as it is: the manifests' own reader judges blanks and control characters, since it can name their place."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, allow_blank=True, **options)
        self.validators = []


class DocumentShape(serializers.Serializer[Any]):
    """One file: its text, and the name that errors call it by."""

    text = ManifestText()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`source` by hand: as a class attribute it would hide the one of DRF's base class."""
        return {"source": serializers.CharField(max_length=500), **super().get_fields()}


class DocumentsShape(serializers.Serializer[Any]):
    """Manifests to look at."""

    documents = serializers.ListField(child=DocumentShape(), min_length=1, max_length=MOST_DOCUMENTS)


class SourceShape(serializers.Serializer[Any]):
    """Where the manifests come from, as git says."""

    repository = serializers.CharField(max_length=500, required=False, allow_blank=True)
    commit = serializers.CharField(max_length=64, required=False, allow_blank=True)
    dirty = serializers.BooleanField(required=False)
    path = serializers.CharField(max_length=500, required=False, allow_blank=True)


class ApplyShape(DocumentsShape):
    """Manifests to apply, with why and whence."""

    reason = serializers.CharField(max_length=2000)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`source` as a nested object: declared here, since the base class uses the word itself."""
        return {**super().get_fields(), "source": SourceShape(required=False)}


class PlaceShape(serializers.Serializer[Any]):
    """A problem or notice with its place."""

    line = serializers.IntegerField()
    column = serializers.IntegerField()
    path = serializers.CharField()
    message = serializers.CharField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`source` names the file."""
        return {"source": serializers.CharField(), **super().get_fields()}


class DifferenceShape(serializers.Serializer[Any]):
    """One difference, in words."""

    path = serializers.CharField()
    kind = serializers.ChoiceField(choices=["added", "removed", "changed"])
    old = serializers.JSONField()
    new = serializers.JSONField()
    sentence = serializers.CharField()


class ChangeShape(serializers.Serializer[Any]):
    """What applying one resource does."""

    kind = serializers.CharField()
    name = serializers.CharField()
    version = serializers.CharField(allow_null=True)
    owner = serializers.CharField(allow_null=True)
    action = serializers.ChoiceField(choices=["create", "update", "publish", "propose", "unchanged"])
    differences = DifferenceShape(many=True)
    notices = PlaceShape(many=True)


class ChangesShape(serializers.Serializer[Any]):
    """A plan, or what was applied."""

    changes = ChangeShape(many=True)


class ResourceShape(serializers.Serializer[Any]):
    """A resource that was read."""

    kind = serializers.CharField()
    name = serializers.CharField()
    version = serializers.CharField(allow_null=True)


class ValidationShape(serializers.Serializer[Any]):
    """Whether the manifests could be applied, with everything that is wrong."""

    valid = serializers.BooleanField()
    problems = PlaceShape(many=True)
    notices = PlaceShape(many=True)
    resources = ResourceShape(many=True)


def documents_of(body: dict[str, Any]) -> list[Document]:
    """The files of a checked body."""
    return [Document(item["text"], item["source"]) for item in body["documents"]]


def show_difference(difference: Difference) -> dict[str, Any]:
    """DifferenceShape's values."""
    return {
        "path": difference.path, "kind": difference.kind, "old": difference.old, "new": difference.new,
        "sentence": difference.sentence,
    }  # fmt: skip


def show_change(change: Change) -> dict[str, Any]:
    """ChangeShape's values."""
    return {
        "kind": change.kind,
        "name": change.name,
        "version": change.version,
        "owner": change.owner,
        "action": change.action,
        "differences": [show_difference(item) for item in change.differences],
        "notices": [notice.as_dict() for notice in change.notices],
    }
