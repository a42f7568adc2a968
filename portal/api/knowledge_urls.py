"""API URLs: decisions, runbooks, postmortems."""

from django.urls import URLPattern, path

from portal.api import decisions, postmortems, runbooks

urlpatterns: list[URLPattern] = [
    path("decisions", decisions.Decisions.as_view()),
    path("decisions/<int:number>", decisions.OneDecision.as_view()),
    path("decisions/<int:number>/history", decisions.DecisionHistory.as_view()),
    path("decisions/<int:number>/restore", decisions.DecisionRestore.as_view()),
    path("postmortems", postmortems.Postmortems.as_view()),
    path("postmortems/<int:number>", postmortems.OnePostmortem.as_view()),
    path("postmortems/<int:number>/history", postmortems.PostmortemHistory.as_view()),
    path("postmortems/<int:number>/restore", postmortems.PostmortemRestore.as_view()),
    path("runbooks", runbooks.Runbooks.as_view()),
    path("runbooks/<slug:slug>", runbooks.OneRunbook.as_view()),
    path("runbooks/<slug:slug>/history", runbooks.RunbookHistory.as_view()),
    path("runbooks/<slug:slug>/restore", runbooks.RunbookRestore.as_view()),
]
