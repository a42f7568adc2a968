from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from orchestration.models import Team
from portal.models import User
from tests.history.restorable import two_revisions
from tests.signed_in import sign_in, team

__all__ = ["sign_in", "team"]


@pytest.fixture
def world(team: Team) -> dict[str, Any]:
    """Of each restorable kind one object with two revisions."""
    return two_revisions(team)


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create(username="boss", is_superuser=True))
    return client
