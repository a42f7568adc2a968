"""A cursor that no list gave out is refused by name and falls over nowhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.people import person, token_for

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("cursor", ["x", "-1", "٣", "9" * 19, "9" * 200])
@pytest.mark.parametrize("path", ["tokens", "webhook-deliveries", "changes"])
def test_a_cursor_of_no_list_is_refused(path: str, cursor: str):
    headers = {"Authorization": f"Bearer {token_for(person('admin'))}"}
    answer: Any = Client().get(f"/api/v1/{path}", {"cursor": cursor}, headers=headers)
    assert answer.status_code == 422
    assert "none of this list" in answer.json()["detail"]
