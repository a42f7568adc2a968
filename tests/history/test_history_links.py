"""From the audit log to a history: a link for whom may read it, also of what was deleted, and none that ends in a refusal."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from orchestration.models import Membership, Team
from orchestration.services.governed import delete, save
from portal.models import User
from tests.history.objects import make
from tests.people import person

pytestmark = pytest.mark.django_db


def links(user: User) -> list[str]:
    """Those of the audit log that the person sees; each of them opens."""
    client = Client()
    client.force_login(user)
    found = re.findall(r'href="(/history/[^"]*)"', client.get("/audit/").content.decode())
    assert {client.get(link).status_code for link in found} <= {200}
    return sorted(set(found))


def test_the_history_of_a_team_is_offered_to_whom_may_read_it(team: Team):
    team.description = "They take the money."
    save(team, actor=None, reason="said")
    flow = make("workflow", team, None)
    flow.description = "Ships."
    save(flow, actor=None, reason="said")
    everyones, theirs = "/history/workflow/ship/", "/history/team/checkout/"
    assert links(person("stranger")) == [everyones]
    assert links(person("viewer", team)) == [theirs, everyones]
    assert links(person("admin")) == [theirs, everyones]


def test_of_a_team_that_was_deleted_it_is_offered_to_admins(team: Team):
    gone, member = make("team", team, None), person("viewer", team)
    Membership.objects.create(team=gone, user=member, role="viewer")
    delete(gone, actor=None, reason="dissolved")
    assert links(member) == []
    assert links(person("admin")) == ["/history/team/shipping/"]


def test_what_was_deleted_is_offered_as_what_is_there(team: Team):
    policy = make("gate-policy", team, None)
    delete(policy, actor=None, reason="nobody needs it")
    assert links(person("viewer", team)) == ["/history/gate-policy/strict-gate/"]
