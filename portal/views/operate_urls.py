"""URLs of the operate pages: runs, workflows, dependencies."""

from django.urls import URLPattern, path

from portal.views import breakers, dependencies, manifest_apply, run, runs, start_form, workflow, workflows

urlpatterns: list[URLPattern] = [
    path("runs/", runs.list_runs, name="runs"),
    path("runs/<uuid:run_id>/", run.run, name="run"),
    path("runs/<uuid:run_id>/steps/<str:name>/", run.step, name="run-step"),
    path("runs/<uuid:run_id>/cancel/", run.cancel, name="run-cancel"),
    path("runs/<uuid:run_id>/terminate/", run.terminate, name="run-terminate"),
    path("runs/<uuid:run_id>/retry/", run.retry, name="run-retry"),
    path("workflows/", workflows.list_workflows, name="workflows"),
    path("workflows/apply/", manifest_apply.apply_manifests, name="manifest-apply"),
    path("workflows/<str:name>/", workflow.runs_tab, name="workflow"),
    path("workflows/<str:name>/start/", start_form.start, name="workflow-start"),
    path("workflows/<str:name>/dependencies/", workflow.dependencies_tab, name="workflow-dependencies"),
    path("workflows/<str:name>/decisions/", workflow.decisions_tab, name="workflow-decisions"),
    path("workflows/<str:name>/runbooks/", workflow.runbooks_tab, name="workflow-runbooks"),
    path("workflows/<str:name>/versions/", workflow.versions_tab, name="workflow-versions"),
    path("workflows/<str:name>/history/", workflow.history_tab, name="workflow-history"),
    path("workflows/<str:name>/versions/<str:version>/manifest/", workflow.manifest, name="workflow-manifest"),
    path("workflows/<str:name>/diff/", workflow.diff, name="workflow-diff"),
    path("dependencies/", dependencies.list_dependencies, name="dependencies"),
    path("dependencies/<str:name>/breaker/", breakers.breaker, name="dependency-breaker"),
    path("dependencies/<str:name>/", dependencies.dependency, name="dependency"),
]
