"""No way round the gate by writes that pass its services by: the databases refuse them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from governance.models import Change, ContractVersion, Review
from orchestration import clock
from orchestration.models import Team, WorkflowVersion
from tests.governance import gatehouse

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting():
    teams = Team.objects.create(name="checkout"), Team.objects.create(name="logistics")
    people = {"author": gatehouse.person("maintainer", teams[0]), "owner": gatehouse.person("approver", teams[0])}
    gatehouse.sent(gatehouse.contract("1.0.0", gatehouse.V1))
    gatehouse.sent(gatehouse.contract("2.0.0", gatehouse.BREAKING), people["author"])
    return Change.objects.get(), people, teams


def refused(words: str, write: Any) -> None:
    with pytest.raises(IntegrityError, match=words), transaction.atomic():
        write()


def test_no_plain_write_publishes_past_the_gate(waiting):
    assert waiting
    versions = ContractVersion._base_manager.filter(version="2.0.0")
    refused("by its change alone", lambda: versions.update(state="active"))
    refused("each team that it asks has approved", lambda: Change._base_manager.update(state="applied"))
    assert (versions.get().state, Change.objects.get().state) == ("proposed", "open")


def test_no_plain_write_lets_an_author_review(waiting):
    change, people, teams = waiting
    vote = {"change": change, "vote": "approve", "reason": "x", "content_hash": change.content_hash, "at": clock.now()}
    refused("an author", lambda: Review.objects.create(person=people["author"], team=teams[0], **vote))
    Review.objects.create(person=people["owner"], team=teams[0], **vote)
    Change._base_manager.update(state="applied")
    ContractVersion._base_manager.filter(version="2.0.0").update(state="active")


def test_no_plain_write_changes_what_was_published(waiting):
    refused("never changes", lambda: ContractVersion._base_manager.filter(version="1.0.0").update(schema={}))
    refused("never changes", lambda: ContractVersion._base_manager.filter(version="1.0.0").update(content_hash="x"))
    ContractVersion._base_manager.filter(version="1.0.0").update(state="deprecated")


def test_no_plain_write_releases_a_workflow_version_or_changes_one(waiting):
    gatehouse.sent(gatehouse.workflow("logistics"))
    rows = WorkflowVersion._base_manager
    refused("never changes", lambda: rows.update(text="x"))
    rows.update(state="proposed")
    refused("by its change alone", lambda: rows.update(state="active"))
