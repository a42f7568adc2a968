"""What every page's frame needs: the environment, the theme, who reads. Never queries per item."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from portal.permissions import Verb

THEMES = frozenset({"light", "dark"})


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of templates/base.html."""
    theme = request.COOKIES.get("theme", "")
    actor = getattr(request, "actor", None)
    return {
        "plumbline_environment": settings.PLUMBLINE.environment,
        "theme": theme if theme in THEMES else "",
        "actor": actor,
        "may_administer": actor.may(Verb.ADMINISTER) if actor is not None else False,
    }
