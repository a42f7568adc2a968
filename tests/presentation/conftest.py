"""Makes templates renderable without the portal's models: these tests run with the full settings, and without any."""

import re
from pathlib import Path

import django
import pytest
from django.conf import settings
from django.http import HttpResponse
from django.template.loader import get_template
from django.test import RequestFactory, override_settings
from django.urls import path

ROOT = Path(__file__).parents[2]

if not settings.configured and not __import__("os").environ.get("DJANGO_SETTINGS_MODULE"):
    settings.configure(
        SECRET_KEY="only for tests",
        USE_TZ=True,
        TIME_ZONE="UTC",
        USE_I18N=False,
        STATIC_URL="/static/",
        INSTALLED_APPS=["django.contrib.messages", "django.contrib.staticfiles", "django_htmx"],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [ROOT / "templates"],
                "APP_DIRS": True,
                "OPTIONS": {"libraries": {"plumbline": "portal.templatetags.plumbline"}},
            }
        ],
    )
    django.setup()

PAGES = [
    "runs",
    "queue",
    "schedules",
    "alerts",
    "approvals",
    "events",
    "explore",
    "workflows",
    "dependencies",
    "flags",
    "objectives",
    "contracts",
    "changes",
    "audit",
    "decisions",
    "runbooks",
    "postmortems",
    "patterns",
    "scorecards",
    "ownership",
    "upkeep",
    "admin-users",
    "api-docs",
    "account",
    "logout",
    "search",
    "palette",
    "inbox",
    "inbox-count",
]
URLS = (path("", HttpResponse, name="home"), *(path(f"{name}/", HttpResponse, name=name) for name in PAGES))


class Reader:
    is_authenticated = True

    def get_username(self):
        return "checkout-on-call"


@pytest.fixture
def render():
    """Renders a template (a name, or source that may extend base.html) as a signed-in reader sees it."""
    from django.template import engines

    def run(template, **context):
        found = engines["django"].from_string(template) if "{%" in template else get_template(template)
        return str(
            found.render({"user": Reader(), "plumbline_environment": "local", **context}, RequestFactory().get("/"))
        )

    with override_settings(ROOT_URLCONF=URLS, DEBUG=False):
        yield run


@pytest.fixture(scope="session")
def sprite():
    """The names of the icons that exist."""
    text = (ROOT / "templates/components/icons.html").read_text()
    return set(re.findall(r'<symbol id="i-([a-z]+)"', text))
