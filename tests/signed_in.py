"""Fixtures for tests of pages and the API: a team, and people of it who are signed in. A conftest takes them by import."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from orchestration.models import Team
from tests.people import person


@pytest.fixture
def team(db: None) -> Team:
    return Team.objects.get_or_create(name="checkout")[0]


@pytest.fixture
def sign_in(team: Team) -> Callable[[str], Client]:
    """A client signed in as someone with that role in team checkout."""

    def make(role: str) -> Client:
        client = Client()
        client.force_login(person(role, team))
        return client

    return make
