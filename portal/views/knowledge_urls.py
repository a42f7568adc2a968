"""URLs of the knowledge pages: decisions, runbooks, postmortems, patterns."""

from django.urls import URLPattern, path

from portal.views import decisions, documents, postmortem_actions, postmortem_parts, postmortems, runbooks

urlpatterns: list[URLPattern] = [
    path("decisions/", decisions.list_decisions, name="decisions"),
    path("decisions/new/", decisions.new, name="decision-new"),
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
    path("postmortems/", postmortems.list_postmortems, name="postmortems"),
    path("postmortems/new/", postmortems.new, name="postmortem-new"),
    path("postmortems/preview/", documents.preview, name="postmortem-preview"),
    path("postmortems/of-alert/<int:number>/", postmortem_parts.of_alert, name="postmortem-of-alert"),
    path("postmortems/of-run/<uuid:run_id>/", postmortem_parts.of_run, name="postmortem-of-run"),
    path("postmortems/<int:number>/", postmortems.postmortem, name="postmortem"),
    path("postmortems/<int:number>/edit/", postmortems.edit, name="postmortem-edit"),
    path("postmortems/<int:number>/history/", postmortems.history, name="postmortem-history"),
    path("postmortems/<int:number>/restore/", postmortems.restore, name="postmortem-restore"),
    path("postmortems/<int:number>/mark/", postmortem_parts.mark, name="postmortem-mark"),
    path("postmortems/<int:number>/note/", postmortem_parts.note, name="postmortem-note"),
    path("postmortems/<int:number>/lines/new/", postmortem_parts.new_line, name="postmortem-line"),
    path("postmortems/<int:number>/lines/remove/", postmortem_parts.remove, name="postmortem-line-remove"),
    path("postmortems/<int:number>/actions/new/", postmortem_actions.new, name="action-new"),
    path("actions/<int:pk>/edit/", postmortem_actions.edit, name="action-edit"),
    path("actions/<int:pk>/close/", postmortem_actions.close, name="action-close"),
    path("actions/<int:pk>/drop/", postmortem_actions.drop, name="action-drop"),
]
