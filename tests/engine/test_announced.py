"""Services announce their end in their answers, and the dependency shows it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from orchestration.models import Dependency, DependencyEnd
from orchestration.steps.announced import Announcement, announcement
from orchestration.steps.outcome import Completed
from portal.models import User
from tests.engine.services import Answer, service
from tests.engine.test_http_step import Hit, hit

__all__ = ["hit"]
pytestmark = pytest.mark.django_db

HEAD = {
    "deprecation": "@1688169599",
    "sunset": "Sun, 30 Jun 2030 23:59:59 GMT",
    "link": '<https://shop.example/next>; rel="successor-version", <https://shop.example/why>; rel="sunset"; type="text/html"',
}
SUNSET = datetime(2030, 6, 30, 23, 59, 59, tzinfo=UTC)


def ending(head: dict[str, str]) -> Answer:
    return 200, {"Content-Type": "application/json", **head}, b"1"


def test_the_three_headers_are_read():
    assert announcement(HEAD) == Announcement(
        datetime(2023, 6, 30, 23, 59, 59, tzinfo=UTC), SUNSET, "https://shop.example/why"
    )


@pytest.mark.parametrize(
    "head",
    [{"deprecation": "true"}, {"deprecation": "@x"}, {"deprecation": "@9" * 30}, {"sunset": "soon"}, {"sunset": ""},
     {"link": '<javascript:alert(1)>; rel="sunset"'}],
)  # fmt: skip
def test_what_can_not_be_read_is_left_out(head: dict[str, str]):
    assert announcement(head) == Announcement(None, None, "")


def test_a_dependency_shows_the_sunset_that_its_answers_announce(hit: Hit):
    with service(lambda _: ending(HEAD)) as shop:
        assert hit(shop.url) == Completed(1)
        assert hit(shop.url) == Completed(1)
    row = DependencyEnd.objects.get()
    assert (row.dependency, row.sunset_at, row.link) == (Dependency.objects.get(), SUNSET, "https://shop.example/why")
    client = Client()
    client.force_login(User.objects.create(username="reader"))
    assert "The service announces its end." in client.get("/dependencies/shop/").content.decode()


def test_an_unreadable_announcement_changes_nothing_of_the_answer(hit: Hit):
    with service(lambda _: ending({"Sunset": "soon, or later", "Deprecation": "@"})) as shop:
        assert hit(shop.url) == Completed(1)
    assert not DependencyEnd.objects.exists()
