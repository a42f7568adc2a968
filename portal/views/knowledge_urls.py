"""URLs of the knowledge pages: decisions and runbooks."""

from django.urls import URLPattern, path

from portal.views import decision_files, decisions, documents, runbooks

urlpatterns: list[URLPattern] = [
    path("decisions/", decisions.list_decisions, name="decisions"),
    path("decisions/new/", decisions.new, name="decision-new"),
    path("decisions/import/", decision_files.import_page, name="decision-import"),
    path("decisions/export/", decision_files.export, name="decision-export"),
    path("decisions/preview/", documents.preview, name="decision-preview"),
    path("decisions/<int:number>/", decisions.decision, name="decision"),
    path("decisions/<int:number>/edit/", decisions.edit, name="decision-edit"),
    path("decisions/<int:number>/history/", decisions.history, name="decision-history"),
    path("decisions/<int:number>/restore/", decisions.restore, name="decision-restore"),
    path("runbooks/", runbooks.list_runbooks, name="runbooks"),
    path("runbooks/new/", runbooks.new, name="runbook-new"),
    path("runbooks/preview/", documents.preview, name="runbook-preview"),
    path("runbooks/<slug:slug>/", runbooks.runbook, name="runbook"),
    path("runbooks/<slug:slug>/edit/", runbooks.edit, name="runbook-edit"),
    path("runbooks/<slug:slug>/history/", runbooks.history, name="runbook-history"),
    path("runbooks/<slug:slug>/restore/", runbooks.restore, name="runbook-restore"),
]
