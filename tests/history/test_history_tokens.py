"""Which token a revision came by, wherever a page ends; and what a token reads that is for one team."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from orchestration import clock
from orchestration.models import Dependency, Membership, Team
from orchestration.services.governed import save
from portal.history.reading import revisions, subject_of
from portal.history.registry import kind_of
from portal.models import User
from tests.history.objects import make
from tests.history.test_history import DEPENDENCY, url
from tests.people import person, token_for

pytestmark = pytest.mark.django_db
APART = timedelta(seconds=10)


@pytest.fixture
def writer(team: Team) -> User:
    return person("maintainer", team)


@pytest.fixture
def edited(writer: User) -> Dependency:
    """Edited by token, by hand, by token, saved without a change, and by hand: each ten seconds after the one before."""
    by_token = Client(headers={"Authorization": f"Bearer {token_for(writer)}"})
    for number, way in enumerate(["token", "hand", "token", "nothing", "hand"]):
        text = DEPENDENCY.format(seconds=number + 1)
        if way == "token":
            body = {"documents": [{"source": "a.yaml", "text": text}], "reason": "the same"}
            assert by_token.post("/api/v1/manifests/apply", body, "application/json").status_code == 200
        else:
            held = Dependency.objects.get()
            if way == "hand":
                held.document = {"by hand": number}
            save(held, actor=writer, reason="the same")
        newest = Dependency.history.latest("history_id")
        moved = newest.history_date + number * APART
        Dependency.history.filter(history_id=newest.history_id).update(history_date=moved)
        clock.advance(APART)
    return Dependency.objects.get()


@pytest.fixture(autouse=True)
def _clock_as_it_was():
    yield
    clock.reset()


WAYS = ["", "", "token test", "", "token test"]


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_the_token_of_a_revision_is_the_same_wherever_a_page_ends(edited: Dependency, limit: int):
    subject, cursor, ways = subject_of(kind_of("dependency"), edited.pk), "", []
    while cursor is not None:
        page = revisions(subject, cursor=cursor, limit=limit)
        ways += [one.via for one in page.items]
        cursor = page.next
    assert ways == WAYS


def test_a_revision_alone_names_its_own_token_and_no_other(edited: Dependency, sign_in):
    reader, told = sign_in("viewer"), []
    for number in Dependency.history.order_by("-history_id").values_list("history_id", flat=True):
        html = reader.get(f"{url('dependency', edited)}?revision={number}").content.decode()
        told.append("token test" if "by token test" in html else "")
    assert told == WAYS


def test_a_save_that_changed_nothing_names_no_token_a_moment_after_one_that_did(writer: User):
    by_token = Client(headers={"Authorization": f"Bearer {token_for(writer)}"})
    body = {"documents": [{"source": "a.yaml", "text": DEPENDENCY.format(seconds=3)}], "reason": "the same"}
    assert by_token.post("/api/v1/manifests/apply", body, "application/json").status_code == 200
    for _ in range(2):
        held = Dependency.objects.get()
        held.document = {"changed": True}
        save(held, actor=writer, reason="the same")
    rows = Dependency.history.order_by("-history_id")
    newest = rows[0]
    rows.filter(history_id=newest.history_id).update(history_date=newest.history_date + timedelta(seconds=1))
    subject = subject_of(kind_of("dependency"), held.pk)
    for limit in (1, 3):
        assert [one.via for one in revisions(subject, limit=limit).items] == ["", "", "token test"][:limit]


@pytest.mark.parametrize("role", ["viewer", "admin"])
def test_a_token_for_one_team_reads_the_history_of_that_team_alone(team: Team, role: str):
    user, other = person(role, team), make("team", team, None)
    Membership.objects.create(team=other, user=user, role="viewer")
    bound = Client(headers={"Authorization": f"Bearer {token_for(user, team=team)}"})
    free = Client(headers={"Authorization": f"Bearer {token_for(user)}"})
    path = "/api/v1" + url("team", other).rstrip("/")
    refused = bound.get(path)
    assert refused.status_code == 403
    assert "this token is for one team" in refused.json()["detail"]
    assert bound.get("/api/v1" + url("team", team).rstrip("/")).status_code == 200
    assert free.get(path).status_code == 200
