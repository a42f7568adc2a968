"""Query strings that nobody should send: answered, or refused with a remedy, and never a fault."""

from __future__ import annotations

import pytest
from django.test import Client

from orchestration.models import Team
from tests.people import person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "query",
    [
        "what=run&workflow=%00", "what=run&workflow=a&version=%00&compare=1.0.0", "what=step&step=%00", "team=%00",
        "what=call&dependency=%00", "since=0001-01-01T00:00&until=0001-01-02T00:00&compare=previous",
        "since=9999-12-31T23:59", "since=2026-11-01T00:00%2B14:00&until=2026-11-02T00:00-23:59",
        "workflow=" + "x" * 5000, "workflow=%ED%A0%80", "period=%00&by=%00", "since=2024-11-27T00:00&compare=previous",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/explore/", "/explore/data.csv"])
def test_explore_never_breaks(path: str, query: str):
    client = Client()
    client.force_login(person("operator", Team.objects.get_or_create(name="checkout")[0]))
    assert client.get(f"{path}?{query}").status_code in {200, 400}
