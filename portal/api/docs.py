"""The browsable API documents. Swagger UI sets inline styles; scripts stay strict."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from portal.middleware.csp import allow_inline_style


@extend_schema(exclude=True)
class Docs(SpectacularSwaggerSplitView):
    """/docs/"""

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The page, with its script from a second request to the same address."""
        allow_inline_style(request._request)
        answer: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        return answer
