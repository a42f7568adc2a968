"""API URLs: decisions, runbooks, postmortems and search."""

from django.urls import URLPattern, path

from portal.api import bulk, decision_files, decisions, postmortems, runbook_files, runbooks, search

urlpatterns: list[URLPattern] = [
    path("bulk", bulk.BulkChanges.as_view()),
    path("bulk/<int:number>", bulk.OneBulkChange.as_view()),
    path("decisions", decisions.Decisions.as_view()),
    path("decisions/import", decision_files.DecisionImport.as_view()),
    path("decisions/export", decision_files.DecisionExport.as_view()),
    path("decisions/<int:number>", decisions.OneDecision.as_view()),
    path("decisions/<int:number>/history", decisions.DecisionHistory.as_view()),
    path("decisions/<int:number>/restore", decisions.DecisionRestore.as_view()),
    path("search", search.Search.as_view()),
    path("postmortems", postmortems.Postmortems.as_view()),
    path("postmortems/<int:number>", postmortems.OnePostmortem.as_view()),
    path("postmortems/<int:number>/history", postmortems.PostmortemHistory.as_view()),
    path("postmortems/<int:number>/restore", postmortems.PostmortemRestore.as_view()),
    path("runbooks", runbooks.Runbooks.as_view()),
    path("runbooks/import", runbook_files.ImportRunbooks.as_view()),
    path("runbooks/export", runbook_files.ExportRunbooks.as_view()),
    path("runbooks/<slug:slug>", runbooks.OneRunbook.as_view()),
    path("runbooks/<slug:slug>/history", runbooks.RunbookHistory.as_view()),
    path("runbooks/<slug:slug>/restore", runbooks.RunbookRestore.as_view()),
]
