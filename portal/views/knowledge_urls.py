"""URLs of the knowledge pages: decisions, runbooks and their exercises."""

from django.urls import URLPattern, path

from portal.views import decisions, documents, exercise_actions, exercises, runbook_live, runbooks

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
    path("runbooks/<slug:slug>/live/", runbook_live.live, name="runbook-live"),
    path("runbooks/<slug:slug>/reviewed/", runbooks.reviewed, name="runbook-reviewed"),
    path("runbooks/<slug:slug>/exercise/", exercise_actions.start, name="runbook-exercise"),
    path("runbooks/<slug:slug>/edit/", runbooks.edit, name="runbook-edit"),
    path("runbooks/<slug:slug>/history/", runbooks.history, name="runbook-history"),
    path("runbooks/<slug:slug>/restore/", runbooks.restore, name="runbook-restore"),
    path("exercises/", exercises.list_exercises, name="exercises"),
    path("exercises/<int:number>/", exercises.exercise, name="exercise"),
    path("exercises/<int:number>/hand-over/", exercise_actions.hand_over, name="exercise-hand-over"),
    path("exercises/<int:number>/end/", exercise_actions.end, name="exercise-end"),
    path("exercises/<int:number>/steps/<int:position>/", exercise_actions.tick, name="exercise-tick"),
    path("exercises/<int:number>/steps/<int:position>/action/", exercise_actions.act, name="exercise-act"),
    path("alerts/<int:number>/respond/", exercise_actions.respond, name="alert-respond"),
]
