"""The product's errors as pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import Client, RequestFactory

from orchestration.errors import Conflict, Forbidden, InvalidInput, NotFound, TooLarge, Violation
from portal.api.problems import PreconditionFailed
from portal.middleware.problems import ProblemsMiddleware

pytestmark = pytest.mark.django_db


def page(error: Exception, path: str = "/runs/") -> Any:
    request = RequestFactory().get(path)
    request.user = AnonymousUser()
    return ProblemsMiddleware(lambda request: HttpResponse()).process_exception(request, error)


@pytest.mark.parametrize(
    ("error", "status"),
    [(NotFound("no run x"), 404), (Forbidden("you may not"), 403), (Conflict("it is over"), 409), (InvalidInput("wrong"), 422),
     (TooLarge("too much"), 413), (PreconditionFailed("revision 3 is current"), 412)],
)  # fmt: skip
def test_each_error_has_its_status_and_its_message_as_a_sentence(error: Exception, status: int):
    answer = page(error)
    assert answer.status_code == status
    text = str(error)
    assert f"{text[0].upper()}{text[1:]}." in answer.content.decode()


def test_every_violation_is_listed_with_its_place():
    body = page(
        InvalidInput("two faults", [Violation("/total", "is no number"), Violation("", "is no object")])
    ).content.decode()
    assert "/total: is no number" in body
    assert "/: is no object" in body


def test_a_hostile_message_is_escaped():
    assert "<b>x" not in page(NotFound("no <b>x</b>")).content.decode()


def test_the_api_and_our_own_faults_are_left_alone():
    assert page(NotFound("x"), "/api/v1/runs") is None
    assert page(KeyError("x")) is None


def test_a_form_that_is_out_of_date_gets_a_page_of_ours_that_says_what_to_do():
    answer = Client(enforce_csrf_checks=True).post("/sign-in/", {"username": "x", "password": "y"})
    assert answer.status_code == 403
    assert "Nothing was changed. Go back, reload the page" in answer.content.decode()
