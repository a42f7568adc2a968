"""Objectives as other tools want them: rules for Prometheus, a dashboard for Grafana. Only reads."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestration.exports.grafana import dashboard
from orchestration.exports.prometheus import rules
from orchestration.models import Objective
from portal.api.pages import ProblemShape


class PrometheusExport(APIView):
    """/exports/prometheus"""

    @extend_schema(operation_id="exportPrometheus", responses={200: OpenApiTypes.OBJECT, 401: ProblemShape})
    def get(self, request: Request) -> Response:
        """A rule file of Prometheus, as JSON, which YAML readers take."""
        return Response(rules(_objectives()))


class GrafanaExport(APIView):
    """/exports/grafana"""

    @extend_schema(operation_id="exportGrafana", responses={200: OpenApiTypes.OBJECT, 401: ProblemShape})
    def get(self, request: Request) -> Response:
        """A dashboard that Grafana imports."""
        return Response(dashboard(_objectives()))


def _objectives() -> QuerySet[Objective]:
    return Objective.objects.select_related("owner").filter(retired_at__isnull=True).order_by("name")
