"""A team, people of it, and no messages to a broker."""

from __future__ import annotations

import pytest
from django.test import Client

from orchestration.engine import publish as sending
from orchestration.models import Team
from tests.engine import tasks
from tests.people import person


@pytest.fixture(autouse=True)
def _no_messages(monkeypatch):
    monkeypatch.setattr(sending, "send", len)
    monkeypatch.setattr("orchestration.engine.wake.send", len)
    tasks.calls.clear()
    tasks.failing.clear()


@pytest.fixture
def team(db):
    return Team.objects.get_or_create(name="checkout")[0]


@pytest.fixture
def sign_in(team):
    """A client signed in as someone with that role in team checkout."""

    def make(role):
        client = Client()
        client.force_login(person(role, team))
        return client

    return make
