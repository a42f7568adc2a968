"""Control of runs: pause and resume, rerun from a step, edit and retry, undo further; and the same of workflows and
dependencies.

A paused dependency is one whose breaker is forced open: another word, not another mechanism.
"""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestration.models import Run, Workflow
from orchestration.selectors.runs import find_run
from orchestration.selectors.workflows import find_dependency, find_workflow
from orchestration.services import pauses
from orchestration.services.input_edits import retry_with_input
from orchestration.services.reruns import Preview, Which, preview_rerun, rerun_run
from portal.api.breakers import ForcedShape, force_breaker, release_breaker
from portal.api.change_shapes import WRITES, ChangeReasonShape
from portal.api.enums import RERUN_VERSIONS
from portal.api.pages import actor_of, read_body
from portal.api.run_shapes import ReasonShape, RunShape
from portal.api.runs import KEY, PROBLEMS, one_run, operable
from portal.permissions import Verb


class RerunShape(ReasonShape):
    """From which step, of which version, and why."""

    from_step = serializers.CharField(max_length=63)
    version = serializers.ChoiceField(choices=RERUN_VERSIONS, default=str(Which.ORIGINAL))


class RerunPreviewShape(serializers.Serializer[Any]):
    """What a rerun would do: steps taken over, steps that run, why, and writes that would happen twice."""

    version = serializers.CharField()
    reused = serializers.ListField(child=serializers.CharField())
    again = serializers.DictField(child=serializers.CharField(), help_text="step → why it runs")
    doubled = serializers.ListField(child=serializers.CharField())


class RerunQueryShape(serializers.Serializer[Any]):
    """A rerun that is only looked at."""

    from_step = serializers.CharField(max_length=63)
    version = serializers.ChoiceField(choices=RERUN_VERSIONS, default=str(Which.ORIGINAL))


class EditShape(ReasonShape):
    """The input that the failed step is given: `json` of an http step, `with` of the others."""

    input = serializers.JSONField()


class SkipShape(ReasonShape):
    """The step that was undone by hand."""

    step = serializers.CharField(max_length=63)


class PauseWorkflowShape(ReasonShape):
    """`open_runs`: pause them as well."""

    open_runs = serializers.BooleanField(default=False)


class PausedWorkflowShape(serializers.Serializer[Any]):
    """How the workflow stands now. `paused_runs`: how many open runs this request paused."""

    name = serializers.CharField()
    paused_at = serializers.DateTimeField(allow_null=True)
    pause_reason = serializers.CharField(allow_blank=True)
    paused_runs = serializers.IntegerField()


class PauseDependencyShape(ChangeReasonShape):
    """Until when nothing calls it; at most seven days from now."""

    expires_at = serializers.DateTimeField()


class PauseRun(APIView):
    """/runs/{id}/pause"""

    @extend_schema(operation_id="pauseRun", request=ReasonShape, responses={200: RunShape, **PROBLEMS})
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        """End what runs and begin nothing new until it is resumed."""
        return _with_reason(request, run_id, pauses.pause_run)


class ResumeRun(APIView):
    """/runs/{id}/resume"""

    @extend_schema(operation_id="resumeRun", request=ReasonShape, responses={200: RunShape, **PROBLEMS})
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        """Go on from where it stands."""
        return _with_reason(request, run_id, pauses.resume_run)


class ResumeCompensation(APIView):
    """/runs/{id}/compensation/resume"""

    @extend_schema(operation_id="resumeCompensation", request=ReasonShape, responses={200: RunShape, **PROBLEMS})
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        """Try the failed compensation anew, then undo the rest in order."""
        return _with_reason(request, run_id, pauses.resume_compensation)


class SkipCompensation(APIView):
    """/runs/{id}/compensation/skip"""

    @extend_schema(operation_id="skipCompensation", request=SkipShape, responses={200: RunShape, **PROBLEMS})
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        """Take a failed compensation for done, since it was done by hand; then undo the rest in order."""
        run, body = operable(request, run_id), read_body(SkipShape, request)
        done = pauses.skip_compensation(run_id=run.pk, step=body["step"], actor=request.user, reason=body["reason"])
        return one_run(request, done)


class RerunRun(APIView):
    """/runs/{id}/rerun"""

    @extend_schema(
        operation_id="rerunRun", request=RerunShape, parameters=[KEY],
        responses={200: RunShape, 201: RunShape, **PROBLEMS},
    )  # fmt: skip
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        """A new run that takes over what came before the step and does the rest again: 201, or 200 for a key seen before."""
        run, body = _anew(request, run_id, Verb.OPERATE), read_body(RerunShape, request)
        new, created = rerun_run(
            run=run, from_step=body["from_step"], version=body["version"], actor=request.user, reason=body["reason"],
            key=request.headers.get("Idempotency-Key"),
        )  # fmt: skip
        return one_run(request, new, 201 if created else 200)


class RerunPreview(APIView):
    """/runs/{id}/rerun/preview"""

    @extend_schema(operation_id="previewRerun", request=RerunQueryShape, responses={200: RerunPreviewShape, **PROBLEMS})
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        """What a rerun would take over, do again and write twice. Does nothing."""
        run, body = _anew(request, run_id, Verb.OPERATE), read_body(RerunQueryShape, request)
        return Response(_shown(preview_rerun(run=run, from_step=body["from_step"], version=body["version"])))


class EditAndRetry(APIView):
    """/runs/{id}/edit-and-retry"""

    @extend_schema(
        operation_id="editAndRetry", request=EditShape, parameters=[KEY],
        responses={200: RunShape, 201: RunShape, **PROBLEMS},
    )  # fmt: skip
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        """A retry of a failed run whose failed step is given this input."""
        run, body = _anew(request, run_id, Verb.OPERATE, Verb.SEE_PAYLOADS), read_body(EditShape, request)
        key = request.headers.get("Idempotency-Key")
        new, created = retry_with_input(
            run=run, input=body["input"], actor=request.user, reason=body["reason"], key=key
        )
        return one_run(request, new, 201 if created else 200)


class PauseWorkflow(APIView):
    """/workflows/{name}/pause"""

    @extend_schema(
        operation_id="pauseWorkflow", request=PauseWorkflowShape, responses={200: PausedWorkflowShape, **PROBLEMS}
    )
    def post(self, request: Request, name: str) -> Response:
        """No new run of it begins until it is resumed."""
        actor_of(request).require(Verb.OPERATE, find_workflow(name).owner)
        body = read_body(PauseWorkflowShape, request)
        workflow = pauses.pause_workflow(name=name, actor=request.user, reason=body["reason"])
        paused = 0
        if body["open_runs"]:
            paused = pauses.pause_open_runs(workflow=workflow, actor=request.user, reason=body["reason"])
        return _workflow(workflow, paused)


class ResumeWorkflow(APIView):
    """/workflows/{name}/resume"""

    @extend_schema(operation_id="resumeWorkflow", request=ReasonShape, responses={200: PausedWorkflowShape, **PROBLEMS})
    def post(self, request: Request, name: str) -> Response:
        """New runs of it begin again; runs that are paused stay so."""
        actor_of(request).require(Verb.OPERATE, find_workflow(name).owner)
        reason = read_body(ReasonShape, request)["reason"]
        return _workflow(pauses.resume_workflow(name=name, actor=request.user, reason=reason), 0)


class PauseDependency(APIView):
    """/dependencies/{name}/pause"""

    @extend_schema(operation_id="pauseDependency", request=PauseDependencyShape, responses={201: ForcedShape, **WRITES})
    def post(self, request: Request, name: str) -> Response:
        """Force its breaker open: nothing calls it, and steps wait or fall back. A gate policy may want that reviewed."""
        actor_of(request).require(Verb.SWITCH, find_dependency(name).owner)
        body = read_body(PauseDependencyShape, request)
        return force_breaker(request, name, "forced_open", body["expires_at"], body["reason"])


class ResumeDependency(APIView):
    """/dependencies/{name}/resume"""

    @extend_schema(operation_id="resumeDependency", request=ChangeReasonShape, responses={201: ForcedShape, **WRITES})
    def post(self, request: Request, name: str) -> Response:
        """Let its breaker decide by itself again."""
        actor_of(request).require(Verb.SWITCH, find_dependency(name).owner)
        return release_breaker(request, name, read_body(ChangeReasonShape, request)["reason"])


def _with_reason(request: Request, run_id: uuid.UUID, service: Any) -> Response:
    run = operable(request, run_id)
    reason = read_body(ReasonShape, request)["reason"]
    return one_run(request, service(run_id=run.pk, actor=request.user, reason=reason))


def _anew(request: Request, run_id: uuid.UUID, *verbs: Verb) -> Run:
    """The run, for a new one made from it: that is of the workflow's present owner, who may be another team by now."""
    run, actor = find_run(run_id), actor_of(request)
    for verb in verbs:
        actor.require(verb, run.team)
        actor.require(verb, run.workflow.owner)
    return run


def _shown(preview: Preview) -> dict[str, Any]:
    return {
        "version": preview.version.version, "reused": list(preview.reused), "again": preview.anew,
        "doubled": list(preview.doubled),
    }  # fmt: skip


def _workflow(workflow: Workflow, paused: int) -> Response:
    shown = {"name": workflow.name, "paused_at": workflow.paused_at, "pause_reason": workflow.pause_reason}
    return Response({**shown, "paused_runs": paused})
