"""Periodic reviews of dependencies: when they fall due, who signs them off, and where they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from governance.models import AuditEntry, DependencyReview
from governance.runbooks.freshness import Freshness
from governance.selectors.dependency_reviews import AREAS, due_of, standings_of
from governance.services.dependency_reviews import sign_off
from orchestration.errors import Conflict, InvalidInput, NotFound
from orchestration.models import Dependency, Team
from orchestration.services.manifests import Document, Signature, apply
from portal.selectors.needs import needs_of
from tests.people import person
from tests.signed_in import sign_in, team

__all__ = ["sign_in", "team"]
pytestmark = pytest.mark.django_db
REVIEW = "{every: 90d, areas: [security, load tests]}"


def dependency(review: str = REVIEW, name: str = "payments") -> Dependency:
    spec = f"{{base_url: 'http://x.example', review: {review}}}" if review else "{base_url: 'http://x.example'}"
    text = f"apiVersion: plumbline/v1\nkind: Dependency\nmetadata: {{name: {name}, owner: checkout}}\nspec: {spec}\n"
    (change,) = apply([Document(text, "d.yaml")], Signature(None, "a test"))
    assert change.notices == (), "what is enforced is not announced as merely recorded"
    return Dependency.objects.select_related("owner").get(name=name)


def today() -> date:
    return datetime.now(UTC).date()


def sign(of: Dependency, area: str, who: object, *, days_ago: float = 0, seen: int | None = None) -> DependencyReview:
    review = sign_off(dependency=of, area=area, findings="looked, all well", seen=seen, person=who)
    if days_ago:
        review.signed_at -= timedelta(days=days_ago)
        review.save()
    return review


def test_an_area_is_due_from_the_start_and_again_after_its_interval(team: Team):
    payments, who = dependency(), person("approver", team)
    assert [(one.area, one.state, one.due) for one in standings_of(payments, today())] == [
        ("security", Freshness.STALE, today()), ("load tests", Freshness.STALE, today()),
    ]  # fmt: skip
    review = sign(payments, "security", who)
    standing = standings_of(payments, today())[0]
    assert (standing.last, standing.state) == (review, Freshness.FRESH)
    assert standing.due == today() + timedelta(days=90)
    assert standings_of(payments, today() + timedelta(days=80))[0].state == Freshness.DUE
    assert standings_of(payments, today() + timedelta(days=91))[0].state == Freshness.STALE


def test_the_newest_sign_off_counts_and_a_manifest_without_areas_means_the_usual_three(team: Team):
    plain, who = dependency("{every: 30d}"), person("approver", team)
    assert tuple(one.area for one in standings_of(plain, today())) == AREAS
    first = sign(plain, "security", who, days_ago=40)
    assert standings_of(plain, today())[0].state == Freshness.STALE
    sign(plain, "security", who, seen=first.pk)
    assert standings_of(plain, today())[0].state == Freshness.FRESH
    assert standings_of(dependency("", "quiet"), today()) == []


def test_two_people_who_sign_at_once_are_told_of_one_another(team: Team):
    payments, who = dependency(), person("approver", team)
    sign(payments, "security", who)
    with pytest.raises(Conflict, match="signed off security of payments on"):
        sign(payments, "security", who)
    assert DependencyReview.objects.count() == 1


@pytest.mark.parametrize("findings", ["", "   ", "nul\x00", "half \ud800", "x" * 2_001])
def test_findings_that_say_nothing_or_cannot_be_kept_are_refused(team: Team, findings: str):
    payments, who = dependency(), person("approver", team)
    with pytest.raises(InvalidInput):
        sign_off(dependency=payments, area="security", findings=findings, seen=None, person=who)
    assert not DependencyReview.objects.exists()


def test_an_area_that_the_manifest_does_not_name_is_refused_with_those_it_names(team: Team):
    payments, who = dependency(), person("approver", team)
    with pytest.raises(NotFound, match="did you mean 'security'"):
        sign(payments, "securty", who)
    with pytest.raises(NotFound, match="security, load tests"):
        sign(payments, "zzz", who)


def test_a_sign_off_stands_in_the_audit_log_with_who_and_what_they_found(team: Team):
    who = person("approver", team)
    sign(dependency(), "security", who)
    entry = AuditEntry.objects.get(object_kind="dependency review")
    assert (entry.action, entry.object_name, entry.reason) == ("created", "security of payments", "looked, all well")


def test_due_reviews_are_among_what_needs_a_team(team: Team, django_assert_max_num_queries):
    payments, who = dependency(), person("approver", team)
    for number in range(5):
        dependency("{every: 30d}", f"d{number}")
    sign(payments, "security", who)
    due = due_of({team.pk}, today())
    assert ("payments", "load tests") in {(one.dependency.name, one.area) for one in due}
    assert ("payments", "security") not in {(one.dependency.name, one.area) for one in due}
    assert due_of(set(), today()) == []
    with django_assert_max_num_queries(2):
        due_of({team.pk}, today())
    needs = needs_of({team.pk}, person=who, now=datetime.now(UTC), today=today())
    assert len(needs.reviews) == 5


def test_an_approver_signs_off_on_the_page_and_home_asks_for_what_is_left(sign_in: Callable[[str], Client], team: Team):
    dependency()
    client = sign_in("approver")
    page = client.get("/dependencies/payments/").content.decode()
    assert page.count("Never reviewed") == 2
    assert "/dependencies/payments/review/?area=load%20tests" in page
    home = client.get("/").content.decode()
    assert "was never signed off" in home
    blank = client.post("/dependencies/payments/review/?area=security", {"findings": " ", "seen": ""})
    assert blank.status_code == 422
    assert "Say what you looked at and found" in blank.content.decode()
    done = client.post(
        "/dependencies/payments/review/?area=security", {"findings": "<b>fine</b>", "seen": ""}, follow=True
    )
    assert "Security of payments is signed off." in done.content.decode()
    assert "&lt;b&gt;fine&lt;/b&gt;" in done.content.decode()
    again = client.post("/dependencies/payments/review/?area=security", {"findings": "mine too", "seen": ""})
    assert again.status_code == 422
    assert "read that first" in again.content.decode()
    assert client.get("/dependencies/payments/review/?area=nope").status_code == 404
    viewer = sign_in("viewer").get("/dependencies/payments/").content.decode()
    assert "Reviewed" in viewer
    assert "Sign off" not in viewer
