"""URLs of the REST API, by noun, and its documents. A path that is no endpoint answers problem+json too."""

from __future__ import annotations

from django.urls import path, re_path
from drf_spectacular.views import SpectacularJSONAPIView

from portal.api import (
    audit,
    breakers,
    dependencies,
    exports,
    govern_urls,
    history,
    knowledge_urls,
    manifests,
    objective_urls,
    people_urls,
    problems,
    runs,
    waiting_urls,
    workflows,
)
from portal.api.docs import Docs

urlpatterns = [
    path("runs", runs.Runs.as_view()),
    path("runs/<uuid:run_id>", runs.OneRun.as_view()),
    path("runs/<uuid:run_id>/cancel", runs.CancelRun.as_view()),
    path("runs/<uuid:run_id>/terminate", runs.TerminateRun.as_view()),
    path("runs/<uuid:run_id>/retry", runs.RetryRun.as_view()),
    path("workflows", workflows.Workflows.as_view()),
    path("workflows/<slug:name>", workflows.OneWorkflow.as_view()),
    path("workflows/<slug:name>/versions", workflows.Versions.as_view()),
    path("workflows/<slug:name>/versions/<str:version>", workflows.OneVersion.as_view()),
    path("workflows/<slug:name>/versions/<str:version>/manifest", workflows.Manifest.as_view()),
    path("workflows/<slug:name>/diff", workflows.VersionDiff.as_view()),
    path("workflows/<slug:name>/graph", workflows.Graph.as_view()),
    path("manifests/validate", manifests.Validate.as_view()),
    path("manifests/plan", manifests.Plan.as_view()),
    path("manifests/apply", manifests.Apply.as_view()),
    path("manifest-schema", manifests.ManifestSchema.as_view()),
    path("dependencies", dependencies.Dependencies.as_view()),
    path("dependencies/<slug:name>/breaker", breakers.OneBreaker.as_view()),
    path("dependencies/<slug:name>", dependencies.OneDependency.as_view()),
    path("exports/prometheus", exports.PrometheusExport.as_view()),
    path("exports/grafana", exports.GrafanaExport.as_view()),
    *waiting_urls.urlpatterns,
    *objective_urls.urlpatterns,
    *govern_urls.urlpatterns,
    path("audit", audit.Audit.as_view()),
    path("history/<slug:kind>/<str:key>", history.ObjectHistory.as_view()),
    path("history/<slug:kind>/<str:key>/restore", history.ObjectRestore.as_view()),
    *knowledge_urls.urlpatterns,
    *people_urls.urlpatterns,
    path("openapi.json", SpectacularJSONAPIView.as_view(), name="openapi"),
    path("docs/", Docs.as_view(url_name="openapi"), name="api-docs"),
    re_path(r"^.*$", problems.not_found),
]
