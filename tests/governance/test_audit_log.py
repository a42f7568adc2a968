"""The audit log's entries: one for each thing that was done to a governed object, and nothing that should stay hidden."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client

from governance import audit_chain
from governance.models import AuditEntry, AuditHead
from governance.origin import came_by_token, coming_by
from governance.services.audit import record
from governance.services.auditing import verify
from governance.services.decisions import edit_decision
from orchestration import clock
from orchestration.models import Dependency, Membership, Team
from orchestration.services import governed
from orchestration.services.differing import WITHHELD
from orchestration.services.manifests import Document, Signature, apply
from portal.models import User
from portal.services import tokens, users
from portal.services.teams import add_role, create_team, describe_team, remove_role
from tests.people import person, token_for

pytestmark = pytest.mark.django_db


def last() -> AuditEntry:
    return AuditEntry.objects.latest("sequence")


def test_a_new_object_is_told_with_what_it_has_and_nothing_that_is_empty(maintainer):
    create_team(name="refunds", description="", actor=maintainer, reason="we need one")
    entry = last()
    assert (entry.actor, entry.action, entry.object_kind, entry.object_name) == (
        maintainer.username, "created", "team", "refunds"
    )  # fmt: skip
    assert (entry.reason, entry.before) == ("we need one", None)
    assert entry.after.keys() == {"name", "created_at"}


def test_a_change_tells_the_fields_that_differ_and_no_other(team, maintainer):
    describe_team(team=team, description="sells", actor=maintainer, reason="clearer")
    assert (last().action, last().before, last().after) == ("changed", {"description": ""}, {"description": "sells"})


def test_a_reference_is_told_by_name(decide, decision_edit, other_team, maintainer):
    decision = decide()
    edit_decision(**{**decision_edit(decision), "owner": other_team}, actor=maintainer)
    entry = AuditEntry.objects.filter(object_kind="decision").latest("sequence")
    assert entry.before == {"owner": "checkout", "revision": 1}
    assert entry.after == {"owner": "payments", "revision": 2}, "times that set themselves are no change"


def test_of_a_changed_document_the_leaves_are_told(team):
    text = """apiVersion: plumbline/v1
kind: Dependency
metadata: {name: mail, owner: checkout}
spec: {base_url: "https://mail.example", timeout: {start_to_close: %s}}
"""
    for seconds in ("5s", "9s"):
        apply([Document(text % seconds, "d.yaml")], Signature(None, "slower now"))
    assert Dependency.objects.get().document["spec"]["timeout"]
    entry = last()
    assert entry.after.keys() == {"content_hash", "document.spec.timeout.start_to_close"}
    assert entry.before["document.spec.timeout.start_to_close"] != entry.after["document.spec.timeout.start_to_close"]


def test_what_is_deleted_is_told_as_it_was(team, maintainer):
    membership = add_role(team=team, user=maintainer, role="approver", actor=None, reason="stands in")
    remove_role(membership=membership, actor=None, reason="is back")
    assert (last().action, last().actor, last().after) == ("deleted", "system", None)
    assert last().before == {"team": "checkout", "user": maintainer.username, "role": "approver"}


def test_a_long_text_is_kept_as_its_sum_and_length(team, maintainer):
    describe_team(team=team, description="x" * 201, actor=maintainer, reason="r")
    assert last().after["description"] == {"sha256": sha256(b"x" * 201).hexdigest(), "length": 201}


def test_a_password_or_a_tokens_hash_is_never_told(maintainer):
    users.set_password(user=maintainer, password="correct horse battery", actor=maintainer, reason="forgot the old one")
    assert last().after == {"password": WITHHELD}
    token, secret = tokens.create_token(owner=maintainer, name="ci", verbs=[], expires_in_days=1)
    everything = json.dumps(
        [[one.before, one.after, bytes(one.canonical).decode()] for one in AuditEntry.objects.all()]
    )
    assert token.hash not in everything
    assert secret not in everything
    assert User.objects.get(pk=maintainer.pk).password not in everything


def test_a_save_that_changes_nothing_is_no_entry(team, maintainer):
    before = AuditEntry.objects.count()
    governed.save(team, actor=maintainer, reason="saved again")
    assert AuditEntry.objects.count() == before
    assert team.history.count() == 2


def test_an_entry_is_gone_with_the_transaction_that_it_tells_of(team):
    with transaction.atomic():
        governed.save(Team(name="never"), actor=None, reason="r")
        transaction.set_rollback(True)
    assert not AuditEntry.objects.filter(object_name="never").exists()
    governed.save(Team(name="then"), actor=None, reason="r")
    assert last().sequence == AuditEntry.objects.count()
    assert verify().ok


def test_times_never_run_backwards_though_a_clock_does():
    clock.advance(timedelta(hours=1))
    first = record(action="reviewed", kind="change", name="1", actor=None, reason="r")
    clock.reset()
    assert record(action="reviewed", kind="change", name="1", actor=None, reason="r").at == first.at


def test_an_entry_tells_whether_a_person_a_token_or_the_system_acted(team, signed_in, monkeypatch):
    admin = person("admin")
    signed_in(admin).post("/admin/teams/checkout/edit/", {"description": "by hand", "reason": "r"})
    assert (last().actor, last().via) == (admin.username, "person")
    secret = token_for(admin)
    body = "apiVersion: plumbline/v1\nkind: Team\nmetadata: {name: fresh}\n"
    answer = Client().post(
        "/api/v1/manifests/apply",
        json.dumps({"documents": [{"source": "t.yaml", "text": body}], "reason": "from CI"}),
        "application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert answer.status_code == 200, answer.content
    assert (last().object_name, last().actor, last().via) == ("fresh", admin.username, "token test")
    governed.save(Team(name="later"), actor=None, reason="r")
    assert (last().actor, last().via) == ("system", "system"), "a token is forgotten with its request"


def test_a_token_counts_until_the_request_ends_and_no_longer():
    with coming_by("person"):
        came_by_token("ci")
        assert record(action="a", kind="k", name="n", actor=None, reason="r").via == "token ci"
    assert record(action="a", kind="k", name="n", actor=None, reason="r").via == "system"


def governed_models():
    return [model for model in apps.get_models() if hasattr(model, "history")]


@pytest.mark.parametrize("model", governed_models(), ids=lambda model: model.__name__)
def test_every_history_of_a_governed_model_leaves_secrets_to_nobody(model):
    """What looks like a secret by its name is out of the history, and so out of the audit log."""
    told = {field.name for field in model.history.model.tracked_fields}
    assert not {name for name in told if name in {"password", "secret", "hash", "token"}}


def test_every_governed_save_of_the_examples_leaves_an_entry(settings, tmp_path):
    from django.core.management import call_command

    call_command("load_examples", verbosity=0)
    told = AuditEntry.objects.values_list("object_kind", flat=True)
    for model in governed_models():
        created = model.history.filter(history_type="+").count()
        assert list(told.filter(action="created")).count(model._meta.verbose_name) == created, model
    assert Membership.objects.exists()
    assert AuditHead.objects.get().sequence == AuditEntry.objects.count()
    assert verify().ok


def test_the_canonical_form_is_one_for_the_same_facts():
    at = datetime(2026, 11, 17, 13, 58, tzinfo=UTC)
    one = audit_chain.canonical({"b": "ü\u2028", "a": [1, None, True], "at": at})
    assert one == b'{"a":[1,null,true],"at":"2026-11-17T13:58:00.000000+00:00","b":"\\u00fc\\u2028"}'
    assert audit_chain.canonical({"at": at, "a": [1, None, True], "b": "ü\u2028"}) == one
