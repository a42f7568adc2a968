"""The inbox: what waits for whom, that it goes when it is settled, reading, and how people want to be told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

import pytest
from django.test import Client

from governance.models import Decision, Runbook
from orchestration.models import Alert, Dependency, Membership, Team
from portal.inbox.sources import Item, Source, Who, sources
from portal.models import NotificationChoice, ReadMark, User
from portal.selectors.inbox import inbox_of, unread_count
from portal.services.inbox import KEPT, mark_read, mark_unread
from tests.people import person

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


@pytest.fixture
def member(team: Team) -> User:
    return person("maintainer", team)


@pytest.fixture
def stale(team: Team) -> Runbook:
    return Runbook.objects.create(slug="late", title="Late trams", owner=team, body="x", review_by=date(2020, 1, 1))


def keys(user: User) -> list[str]:
    return [one.item.key for one in inbox_of(user)]


def test_each_kind_of_thing_waits_for_people_of_its_team_alone(team: Team, member: User, stale: Runbook):
    Decision.objects.create(
        number=1, slug="d", title="D", status="proposed", date=date(2026, 1, 1), owner=team, body="x"
    )
    spec = {"review": {"every": "1d", "areas": ["security"]}}
    dependency = Dependency.objects.create(name="shop", owner=team, document={"spec": spec}, content_hash="0")
    Dependency._base_manager.filter(pk=dependency.pk).update(applied_at=datetime(2026, 1, 1, tzinfo=UTC))
    Alert.objects.create(
        kind="burn",
        severity="page",
        subject="s",
        team=team,
        escalation=team,
        opened_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert {key.partition(":")[0] for key in keys(member)} == {"alert", "runbook", "review", "decision"}
    assert keys(person("stranger", team)) == []
    assert keys(person("admin")) == [], "who belongs to no team is asked for nothing"


def test_what_is_settled_is_gone_without_anybody_reading_it(member: User, stale: Runbook):
    assert keys(member) == ["runbook:late:2020-01-01"]
    stale.review_by = date.today() + timedelta(days=90)
    stale.save()
    assert keys(member) == []
    stale.review_by = date(2021, 1, 1)
    stale.save()
    assert keys(member) == ["runbook:late:2021-01-01"], "due once more is a new item"


def test_reading_is_ones_own_and_what_waits_anew_is_unread(team: Team, member: User, stale: Runbook):
    other = person("viewer", team)
    mark_read(user=member, keys=["runbook:late:2020-01-01"])
    assert (unread_count(member), unread_count(other)) == (0, 1)
    mark_unread(user=member, key="runbook:late:2020-01-01")
    assert unread_count(member) == 1
    mark_read(user=member)
    stale.review_by = date(2021, 1, 1)
    stale.save()
    assert unread_count(member) == 1


def test_marks_are_of_what_waits_only_and_old_ones_go(member: User, stale: Runbook):
    old = datetime.now(UTC) - KEPT - timedelta(days=1)
    ReadMark.objects.create(user=member, key="runbook:gone:2019-01-01", read_at=old)
    assert mark_read(user=member, keys=["made:up", "runbook:late:2020-01-01"]) == 1
    assert list(ReadMark.objects.values_list("key", flat=True)) == ["runbook:late:2020-01-01"]
    mark_read(user=member)
    assert ReadMark.objects.count() == 1, "twice is once"


def test_the_page_shows_unread_first_and_the_bell_counts_it(sign_in: SignIn, team: Team, stale: Runbook):
    Runbook.objects.create(slug="later", title="Later <b>trams</b>", owner=team, body="x", review_by=date(2020, 2, 1))
    client = sign_in("viewer")
    assert "2 unread" in client.get("/inbox/count/").content.decode()
    client.post("/inbox/mark/", {"key": "runbook:late:2020-01-01"})
    html = client.get("/inbox/").content.decode()
    assert html.index("Later &lt;b&gt;trams") < html.index("Late trams")
    assert "1 unread" in client.get("/inbox/count/").content.decode()
    client.post("/inbox/mark/", {"key": "runbook:late:2020-01-01", "unread": "1"})
    client.post("/inbox/mark-all/")
    assert client.get("/inbox/count/").content.decode().strip() == ""
    assert client.get("/inbox/?kind=decision").status_code == client.get("/inbox/?kind=nonsense").status_code == 200
    for key in ("", "\x00", "x" * 5_000):
        assert client.post("/inbox/mark/", {"key": key}).status_code == 302


def test_a_kind_that_is_not_wanted_is_left_out_and_said_to_be(sign_in: SignIn, stale: Runbook):
    client = sign_in("viewer")
    wanted = [kind for kind in sources.words if kind != "runbook"]
    form = {"shown": wanted, "mailed": ["alert"], "digest": "weekly", "weekday": "4", "hour": "17"}
    assert client.post("/account/notifications/", form).status_code == 302
    assert client.get("/inbox/").context["rows"] == []
    assert "Stale runbooks" in client.get("/inbox/").content.decode()
    chosen = NotificationChoice.objects.get()
    assert (chosen.hidden, chosen.digest, chosen.weekday, chosen.hour) == (["runbook"], "weekly", 4, 17)
    assert chosen.history.count() == 1
    shown = client.get("/account/notifications/").context
    assert [kind for kind, _, is_shown, _ in shown["kinds"] if not is_shown] == ["runbook"]
    assert [kind for kind, _, _, is_mailed in shown["kinds"] if is_mailed] == ["alert"]


@pytest.mark.parametrize(
    "wrong",
    [{"digest": "hourly"}, {"hour": "24"}, {"hour": "x"}, {"weekday": "7"}, {"shown": ["made-up"]}, {"digest": ""}],
)
def test_what_can_not_be_chosen_is_refused_and_nothing_is_lost(sign_in: SignIn, wrong: dict[str, Any]):
    form = {"shown": ["alert"], "mailed": [], "digest": "daily", "weekday": "0", "hour": "8"} | wrong
    assert sign_in("viewer").post("/account/notifications/", form).status_code == 422
    assert not NotificationChoice.objects.exists()


@pytest.fixture
def letters() -> Iterator[None]:
    class Letters(Source):
        kind: ClassVar = "letter"
        word: ClassVar = "Letters to me"
        icon: ClassVar = "post"

        def items(self, who: Who) -> Iterable[Item]:
            yield Item("letter", f"letter:{who.person.pk}", "A letter", "/", "by hand", who.now)

    sources.register(Letters)
    yield
    sources.forget("letter")


def test_a_kind_is_one_class(letters: None, sign_in: SignIn):
    client = sign_in("stranger")
    assert "A letter" in client.get("/inbox/").content.decode()
    assert "Letters to me" in client.get("/account/notifications/").content.decode()


@pytest.mark.parametrize("count", [1, 6])
def test_the_number_of_queries_does_not_grow(count: int, team: Team, member: User, django_assert_max_num_queries: Any):
    for number in range(count):
        Runbook.objects.create(slug=f"r{number}", title="R", owner=team, body="x", review_by=date(2020, 1, 1))
        Decision.objects.create(
            number=number + 1,
            slug=f"d{number}",
            title="D",
            status="proposed",
            date=date(2026, 1, 1),
            owner=team,
            body="x",
        )
    assert Membership.objects.exists()
    with django_assert_max_num_queries(12):
        assert len(inbox_of(member)) == 2 * count
