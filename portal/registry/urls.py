"""URLs of the registry. A subject may hold slashes, and some clients end addresses with one. What no subject can be called is
matched all the same, so that it is refused in the registry's own words.
"""

from __future__ import annotations

from django.urls import URLPattern, re_path

from portal.registry import about, faces, questions, rules, schemas, subjects

_SUBJECT, _VERSION = r"(?P<subject>[\s\S]+?)", r"(?P<version>[^/]+)"
_SCHEMA = r"schemas/ids/(?P<number>[^/]+)"
_OF = rf"subjects/{_SUBJECT}/versions"

urlpatterns: list[URLPattern] = [
    re_path(r"^$", about.Root.as_view()),
    re_path(r"^contexts/?$", about.Contexts.as_view()),
    re_path(r"^v1/metadata/id/?$", about.ClusterId.as_view()),
    re_path(r"^v1/metadata/version/?$", about.Version.as_view()),
    re_path(r"^v1/metadata/deployment/?$", about.Deployment.as_view()),
    re_path(r"^associations/(?P<path>[\s\S]*)$", about.Associations.as_view()),
    re_path(r"^schemas/types/?$", schemas.Kinds.as_view()),
    re_path(r"^schemas/?$", schemas.Schemas.as_view()),
    re_path(r"^schemas/guids/(?P<guid>[^/]+)/?$", schemas.SchemaByGuid.as_view()),
    re_path(r"^schemas/guids/(?P<guid>[^/]+)/ids/?$", schemas.SchemaIds.as_view()),
    re_path(rf"^{_SCHEMA}/?$", schemas.OneSchema.as_view()),
    re_path(rf"^{_SCHEMA}/schema/?$", schemas.SchemaText.as_view()),
    re_path(rf"^{_SCHEMA}/subjects/?$", schemas.SchemaSubjects.as_view()),
    re_path(rf"^{_SCHEMA}/versions/?$", schemas.SchemaVersions.as_view()),
    re_path(rf"^compatibility/{_OF}/{_VERSION}/?$", questions.WithVersion.as_view()),
    re_path(rf"^compatibility/{_OF}/?$", questions.WithAll.as_view()),
    re_path(r"^subjects/?$", subjects.Subjects.as_view()),
    re_path(rf"^{_OF}/{_VERSION}/schema/?$", subjects.VersionText.as_view()),
    re_path(rf"^{_OF}/{_VERSION}/referencedby/?$", subjects.ReferencedBy.as_view()),
    re_path(rf"^{_OF}/{_VERSION}/?$", subjects.OneVersion.as_view()),
    re_path(rf"^{_OF}/?$", subjects.Versions.as_view()),
    re_path(rf"^subjects/{_SUBJECT}/metadata/?$", subjects.LatestWithMetadata.as_view()),
    re_path(rf"^subjects/{_SUBJECT}/?$", subjects.OneSubject.as_view()),
    re_path(r"^config/?$", rules.Config.as_view()),
    re_path(rf"^config/{_SUBJECT}/?$", rules.Config.as_view()),
    re_path(r"^mode/?$", rules.Mode.as_view()),
    re_path(rf"^mode/{_SUBJECT}/?$", rules.Mode.as_view()),
    re_path(r"^[\s\S]*$", faces.no_endpoint),
]
