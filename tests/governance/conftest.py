"""A company of two teams, one workflow and one dependency, and its documents."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from governance.services.decisions import create_decision
from governance.services.runbooks import create_runbook
from orchestration.models import Dependency, Team, Workflow, WorkflowVersion
from tests.people import person


@pytest.fixture
def team(db):
    return Team.objects.create(name="checkout")


@pytest.fixture
def other_team(db):
    return Team.objects.create(name="payments")


@pytest.fixture
def workflow(team):
    return Workflow.objects.create(name="order-fulfilment", owner=team)


@pytest.fixture
def dependency(team):
    return Dependency.objects.create(name="payments-api", owner=team, document={"spec": {}}, content_hash="0")


@pytest.fixture
def publish():
    """Publish a version whose manifest says this in its metadata."""

    def make(workflow, version, state="active", **metadata):
        return WorkflowVersion.objects.create(
            workflow=workflow,
            version=version,
            precedence=version,
            state=state,
            text="",
            content_hash=version,
            canonical={"metadata": {"name": workflow.name, **metadata}},
            reason="a test",
        )

    return make


@pytest.fixture
def maintainer(team):
    return person("maintainer", team)


@pytest.fixture
def decide(team, maintainer):
    """Write a decision; every field has a default."""

    def make(title="Saga over two-phase commit", **fields):
        wanted = {
            "title": title,
            "body": "## Context\n\nBecause.\n",
            "status": "draft",
            "owner": team,
            "date": date(2026, 1, 2),
            "workflows": [],
            "actor": maintainer,
            "reason": "first text",
            **fields,
        }
        return create_decision(**wanted)

    return make


@pytest.fixture
def write_runbook(team, maintainer):
    """Write a runbook; every field has a default."""

    def make(slug="payments-slow", **fields):
        wanted = {
            "slug": slug,
            "title": "Payments is slow",
            "body": "## Meaning\n\nSlow.\n",
            "status": "active",
            "owner": team,
            "review_by": None,
            "workflows": [],
            "dependencies": [],
            "actor": maintainer,
            "reason": "first text",
            **fields,
        }
        return create_runbook(**wanted)

    return make


@pytest.fixture
def signed_in():
    """A browser of this person."""

    def make(user):
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def decision_edit():
    """What `edit_decision` is given to write a decision again as it is; overrides change it."""

    def make(decision, **changes):
        return {
            "decision": decision,
            "revision": decision.revision,
            "title": decision.title,
            "body": decision.body,
            "status": decision.status,
            "owner": decision.owner,
            "date": decision.date,
            "workflows": [link.workflow.name for link in decision.links.all() if link.workflow],
            "reason": "an edit",
            "superseded_by": decision.superseded_by.number if decision.superseded_by else None,
            **changes,
        }

    return make
