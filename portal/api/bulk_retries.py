"""Bulk retry: the failed runs that a filter finds, as a job in the background. Looked at first, then begun, cancellable."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestration.models import BulkRetry
from orchestration.selectors.runs import RunFilter
from orchestration.services import bulk_retry as services
from portal.api.enums import JOB_STATES
from portal.api.pages import actor_of, read_body
from portal.api.run_shapes import ReasonShape
from portal.api.runs import PROBLEMS, RunFilterShape
from portal.views.bulk_retry import find_job, require_job, teams_of


class BulkRetryShape(RunFilterShape):
    """Which runs and why. `key`: the same key is the same job. `dry_run`: say what would be retried, and begin nothing."""

    reason = serializers.CharField(max_length=2000)
    key = serializers.CharField(max_length=64, help_text="the same key is the same job")
    idempotency_key = serializers.CharField(
        max_length=200, required=False, default="", allow_blank=True, help_text="of the runs to retry"
    )
    dry_run = serializers.BooleanField(default=False)


class BulkRetryPreviewShape(serializers.Serializer[Any]):
    """What would be retried. `refused`: why not → how many."""

    matched = serializers.IntegerField()
    can = serializers.IntegerField()
    workflows = serializers.DictField(child=serializers.IntegerField())
    refused = serializers.DictField(child=serializers.IntegerField())
    sample = serializers.ListField(child=serializers.UUIDField())


class BulkRetryJobShape(serializers.Serializer[Any]):
    """A job as it stands, with how many of its runs are in each state."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=JOB_STATES)
    total = serializers.IntegerField()
    pending = serializers.IntegerField()
    retried = serializers.IntegerField()
    refused = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    reason = serializers.CharField()
    actor = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class BulkRetries(APIView):
    """/bulk-retries"""

    @extend_schema(
        operation_id="retryInBulk", request=BulkRetryShape,
        responses={200: BulkRetryPreviewShape, 202: BulkRetryJobShape, **PROBLEMS},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Begin the job: 202. With `dry_run` what it would do: 200."""
        teams = teams_of(actor_of(request))
        body = read_body(BulkRetryShape, request)
        reason, key, dry = body.pop("reason"), body.pop("key"), body.pop("dry_run")
        wanted = RunFilter(**{("key" if name == "idempotency_key" else name): value for name, value in body.items()})
        if dry:
            seen = services.preview(wanted=wanted, teams=teams)
            sample = [run.pk for run in seen.sample]
            told = {"matched": seen.matched, "can": seen.can, "workflows": seen.workflows, "refused": seen.refused}
            return Response({**told, "sample": sample})
        words = {("key" if name == "idempotency_key" else name): str(value) for name, value in body.items() if value}
        job = services.begin(wanted=wanted, words=words, teams=teams, actor=request.user, reason=reason, key=key)
        return _shown(job, 202)


class OneBulkRetry(APIView):
    """/bulk-retries/{id}"""

    @extend_schema(operation_id="getBulkRetry", responses={200: BulkRetryJobShape, **PROBLEMS})
    def get(self, request: Request, number: int) -> Response:
        """How far it is."""
        return _shown(find_job(number))


class CancelBulkRetry(APIView):
    """/bulk-retries/{id}/cancel"""

    @extend_schema(operation_id="cancelBulkRetry", request=ReasonShape, responses={200: BulkRetryJobShape, **PROBLEMS})
    def post(self, request: Request, number: int) -> Response:
        """Retry no more of its runs; those that were retried go on."""
        found = find_job(number)
        require_job(actor_of(request), found)
        reason = read_body(ReasonShape, request)["reason"]
        return _shown(services.cancel(job_id=found.pk, actor=request.user, reason=reason))


def _shown(job: BulkRetry, status: int = 200) -> Response:
    shown = {
        "id": job.pk, "state": job.state, "total": job.total, **services.progress(job), "reason": job.reason,
        "actor": job.actor.get_username() if job.actor else None, "created_at": job.created_at, "ended_at": job.ended_at,
    }  # fmt: skip
    return Response(shown, status=status, headers={"Location": f"/api/v1/bulk-retries/{job.pk}"})
