"""The history of every kind: who, when, why, what; read by whom it may be, paged, and with nothing secret in it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from governance.models import (
    Decision,
    DecisionLink,
    DecisionRelation,
    Pattern,
    Postmortem,
    PostmortemLink,
    Runbook,
    RunbookLink,
    TimelineMark,
)
from orchestration.models import Membership, Team, Workflow
from orchestration.services.governed import delete, save
from orchestration.services.manifests import Document, Signature, apply
from portal.history.reading import revisions, subject_of
from portal.history.registry import KINDS, kind_of
from portal.models import User
from tests.history.objects import EDITS, make
from tests.people import person, token_for

pytestmark = pytest.mark.django_db
#: These have history pages of their own, and what belongs to them is told there.
DOCUMENTS = {
    Decision, DecisionLink, DecisionRelation, Runbook, RunbookLink, Postmortem, PostmortemLink, TimelineMark, Pattern,
}  # fmt: skip
DEPENDENCY = """apiVersion: plumbline/v1
kind: Dependency
metadata: {{name: payments, owner: checkout}}
spec: {{base_url: "http://payments.example/", timeout: {{start_to_close: {seconds}s}}}}
"""


def words(answer: Any) -> str:
    """The page's text, without what only a screen reader says of an arrow."""
    html = re.sub(r'<span class="vh">(was |, is )</span>', "", answer.content.decode())
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def url(slug: str, made: Any) -> str:
    return kind_of(slug).url(made)


def test_no_governed_model_is_without_a_history_page():
    governed = {model for model in apps.get_models() if hasattr(model, "history")}
    assert governed - DOCUMENTS == {kind.model for kind in KINDS.values()}


@pytest.mark.parametrize("slug", sorted(KINDS))
def test_an_edit_is_told_with_who_when_why_and_what_changed(slug: str, team: Team):
    editor, owner = User.objects.create(username="ana"), person("admin")
    made = make(slug, team, owner)
    field, value, said = EDITS[slug]
    setattr(made, field, value)
    save(made, actor=editor, reason="it was asked for")
    client = Client()
    client.force_login(owner)
    page = client.get(url(slug, made))
    told = words(page)
    assert page.status_code == 200
    for part in ("ana", "it was asked for", f"{timezone.now():%b}", said):
        assert part in told, (part, told)
    assert "the system" in told, "who made it was nobody"
    assert (kind_of(slug).restorer is None) == ("Nothing is restored here." in told)


@pytest.mark.parametrize("slug", sorted(KINDS))
def test_nobody_reads_a_history_without_signing_in(slug: str, team: Team):
    made = make(slug, team, person("admin"))
    answer = Client().get(url(slug, made))
    assert (answer.status_code, "/sign-in/" in answer.get("Location", "")) == (302, True)
    assert Client().get(f"/api/v1{url(slug, made).rstrip('/')}").status_code == 401


@pytest.mark.parametrize("slug", sorted(KINDS))
def test_somebody_of_another_team_reads_what_everybody_reads_and_no_more(slug: str, team: Team):
    made = make(slug, team, User.objects.create(username="owner"))
    client = Client()
    client.force_login(person("stranger"))
    own = {"team": 403, "user": 403, "membership": 403, "token": 403, "notifications": 404}
    assert client.get(url(slug, made)).status_code == own.get(slug, 200)
    assert client.get(f"/api/v1{url(slug, made).rstrip('/')}").status_code == own.get(slug, 200)


def test_a_saved_view_of_ones_own_is_there_for_nobody_else(team: Team):
    view = make("saved-view", team, User.objects.create(username="owner"))
    view.team = None
    view.save()
    client = Client()
    client.force_login(person("admin"))
    assert client.get(url("saved-view", view)).status_code == 404


def test_a_team_is_read_by_its_people(sign_in, team: Team):
    assert sign_in("viewer").get(url("team", team)).status_code == 200


def test_the_token_that_somebody_used_is_named(sign_in, team: Team):
    for seconds in (3, 4, 5):
        caller = {"Authorization": f"Bearer {token_for(person('maintainer', team))}"}
        body = {"documents": [{"source": "a.yaml", "text": DEPENDENCY.format(seconds=seconds)}], "reason": "the same"}
        answer = Client().post("/api/v1/manifests/apply", body, "application/json", headers=caller)
        assert answer.status_code == 200, answer.content
    told = words(sign_in("viewer").get("/history/dependency/payments/"))
    assert told.count("by token test") == 3
    assert "start_to_close: 4s" in told


def test_what_the_system_did_is_called_that(sign_in, team: Team):
    apply([Document(DEPENDENCY.format(seconds=3), "a.yaml")], Signature(None, "loaded"))
    assert "the system" in words(sign_in("viewer").get("/history/dependency/payments/"))


def test_a_long_text_is_shown_line_by_line(sign_in, team: Team):
    flow = make("workflow", team, None)
    flow.description = "\n".join(f"line {number}" for number in range(40))
    save(flow, actor=None, reason="long")
    flow.description = flow.description.replace("line 20", "line 20 anew")
    save(flow, actor=None, reason="one line")
    html = sign_in("viewer").get(url("workflow", flow)).content.decode()
    assert "<mark> anew</mark>" in html
    assert "1 added, 1 removed" in html


def test_hostile_text_is_inert(sign_in, team: Team):
    flow = make("workflow", team, None)
    flow.description = "<script>alert(1)</script>\u202e{{ 7 * 7 }}"
    save(flow, actor=None, reason="<img src=x onerror=alert(1)>")
    html = sign_in("viewer").get(url("workflow", flow)).content.decode()
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "⟨U+202E⟩" in html
    assert "{{ 7 * 7 }}" in html


def test_nothing_secret_is_in_any_history(team: Team):
    owner = person("admin")
    owner.set_password("a-pass-word-of-theirs")
    save(owner, actor=owner, reason="a new password")
    made = {slug: make(slug, team, owner) for slug in ("token", "user")}
    client = Client()
    client.force_login(owner)
    shown = {slug: client.get(url(slug, one)).content.decode() for slug, one in made.items()}
    shown["owner"] = client.get(url("user", owner)).content.decode()
    shown["api"] = client.get(f"/api/v1{url('user', owner).rstrip('/')}").content.decode()
    for html in shown.values():
        for secret in ("sum-of-the-token", owner.password, "pbkdf2"):
            assert secret not in html
    listed = {name for kind in KINDS.values() for name in kind.fields}
    assert not listed & {"password", "hash", "hint", "last_login", "content_hash", "canonical"}


def test_a_thousand_revisions_are_paged_with_as_many_queries_as_three(sign_in, team: Team, django_assert_num_queries):
    flow = Workflow.objects.create(name="ship", owner=team)
    for number in range(1000):
        flow.description = f"text {number}"
        flow._change_reason = f"edit {number}"
        flow.save()
    reader = sign_in("viewer")
    path = url("workflow", flow)
    with django_assert_num_queries(9):
        page = reader.get(path)
    assert [entry.revision.reason for entry in page.context["entries"]] == [f"edit {n}" for n in range(999, 979, -1)]
    assert page.context["entries"][-1].deltas[0].before == "text 979", "the last is compared with what comes next"
    with django_assert_num_queries(10):
        older = reader.get(path + page.context["next_url"])
    assert older.context["entries"][0].revision.reason == "edit 979"
    seen, cursor = [], ""
    subject = subject_of(kind_of("workflow"), flow.pk)
    while cursor is not None:
        found = revisions(subject, cursor=cursor, limit=200)
        seen += [one.id for one in found.items]
        cursor = found.next
    assert len(seen) == len(set(seen)) == 1001


def test_what_was_deleted_keeps_its_history_and_the_audit_log_leads_there(sign_in, team: Team):
    policy = make("gate-policy", team, None)
    delete(policy, actor=person("admin"), reason="nobody needs it")
    reader = sign_in("viewer")
    assert 'href="/history/gate-policy/strict-gate/"' in reader.get("/audit/").content.decode()
    page = reader.get("/history/gate-policy/strict-gate/")
    told = words(page)
    for part in ("It was deleted.", "Deleted", "nobody needs it", "admin-"):
        assert part in told
    assert "/restore/" not in page.content.decode()


def test_who_had_a_role_that_was_taken_away_can_read_since_when(team: Team):
    user = User.objects.create(username="ana")
    held = Membership.objects.create(team=team, user=user, role="viewer")
    number = held.pk
    delete(held, actor=None, reason="left")
    client = Client()
    client.force_login(user)
    assert "left" in words(client.get(f"/history/membership/{number}/"))


@pytest.mark.parametrize(
    "path",
    [
        "nothing/x",
        "workflow/none",
        "token/x",
        "token/99",
        "workflow/a%00b",
        "token/" + "9" * 40,
        "token/" + "9" * 5_000,
    ],
)
def test_what_is_not_there_is_said_with_a_remedy(sign_in, path: str):
    answer = sign_in("viewer").get(f"/history/{path}/")
    assert answer.status_code == 404
    assert "No " in words(answer) or "no " in words(answer)
    caller = {"Authorization": f"Bearer {token_for(person('admin'))}"}
    assert Client().get(f"/api/v1/history/{path}", headers=caller).status_code == 404


@pytest.mark.parametrize(
    "query", ["cursor=x", "cursor=-1", "revision=x", "revision=%00", "cursor=" + "9" * 30, "cursor=" + "9" * 5_000]
)
def test_a_place_that_was_never_given_out_is_refused(sign_in, team: Team, query: str):
    flow = make("workflow", team, None)
    assert sign_in("viewer").get(f"{url('workflow', flow)}?{query}").status_code == 422


def test_one_revision_stands_alone_when_there_is_too_much_to_compare(sign_in, team: Team, monkeypatch):
    from portal.presentation import history_words

    monkeypatch.setattr(history_words, "MOST_COMPARED", 10)
    apply([Document(DEPENDENCY.format(seconds=3), "a.yaml")], Signature(None, "first"))
    apply([Document(DEPENDENCY.format(seconds=4), "a.yaml")], Signature(None, "second"))
    page = sign_in("viewer").get("/history/dependency/payments/")
    assert "Too long to compare beside the others" in words(page)
    monkeypatch.undo()
    newest = page.context["newest"]
    alone = sign_in("viewer").get(f"/history/dependency/payments/?revision={newest}")
    assert "start_to_close: 4s" in words(alone)
    assert "first" not in words(alone)
