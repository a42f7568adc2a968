"""URLs of the knowledge pages: search, decisions and runbooks."""

from django.urls import URLPattern, path

from portal.views import decision_files, decision_reading, decisions, documents, runbooks, search, writing

urlpatterns: list[URLPattern] = [
    path("search/", search.search_everything, name="search"),
    path("decisions/", decisions.list_decisions, name="decisions"),
    path("decisions/new/", decisions.new, name="decision-new"),
    path("decisions/timeline/", decision_reading.timeline, name="decision-timeline"),
    path("decisions/import/", decision_files.import_page, name="decision-import"),
    path("decisions/export/", decision_files.export, name="decision-export"),
    path("decisions/preview/", documents.preview, name="decision-preview"),
    path("decisions/<int:number>/", decision_reading.decision, name="decision"),
    path("decisions/<int:number>/edit/", decisions.edit, name="decision-edit"),
    path("decisions/<int:number>/history/", decisions.history, name="decision-history"),
    path("decisions/<int:number>/restore/", decisions.restore, name="decision-restore"),
    path("writing/draft/", writing.keep_draft, name="draft-keep"),
    path("writing/draft/discard/", writing.discard_draft, name="draft-discard"),
    path("writing/images/", writing.upload_image, name="image-upload"),
    path("writing/references/", writing.references, name="references"),
    path("images/<str:name>", writing.document_image, name="document-image"),
    path("runbooks/", runbooks.list_runbooks, name="runbooks"),
    path("runbooks/new/", runbooks.new, name="runbook-new"),
    path("runbooks/preview/", documents.preview, name="runbook-preview"),
    path("runbooks/<slug:slug>/", runbooks.runbook, name="runbook"),
    path("runbooks/<slug:slug>/edit/", runbooks.edit, name="runbook-edit"),
    path("runbooks/<slug:slug>/history/", runbooks.history, name="runbook-history"),
    path("runbooks/<slug:slug>/restore/", runbooks.restore, name="runbook-restore"),
]
