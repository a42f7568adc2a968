"""People, teams, and finished runs as rows: pages read them, so the engine need not run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from orchestration.ids import new_id
from orchestration.models import Membership, Run, Team, WorkflowVersion
from portal.models import User
from tests.dashboards.filling import count
from tests.engine import tasks  # noqa: F401 - registers the steps that published workflows name

PASSWORD = "a-long-enough-one"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def teams(db: None) -> dict[str, Team]:
    return {name: Team.objects.get_or_create(name=name)[0] for name in ("checkout", "payments")}


@pytest.fixture
def person(teams: dict[str, Team]) -> Callable[..., User]:
    """person("ann", "operator@checkout", admin=False)."""

    def make(name: str, *roles: str, admin: bool = False) -> User:
        user = User.objects.create_user(name, password=PASSWORD, is_superuser=admin)
        for role, team in (role.split("@") for role in roles):
            Membership.objects.create(team=teams[team], user=user, role=role)
        return user

    return make


@pytest.fixture
def admin(person: Callable[..., User]) -> User:
    return person("the-admin", admin=True)


@pytest.fixture
def operator(person: Callable[..., User]) -> User:
    return person("the-operator", "operator@checkout")


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    def sign(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign


@pytest.fixture
def ended() -> Callable[..., Run]:
    """A finished run, counted: ended(version, "failed", minutes=3, seconds=2.0, step="charge")."""

    def make(
        version: WorkflowVersion,
        result: str = "succeeded",
        *,
        minutes: float = 1,
        seconds: float = 2.0,
        step: str = "",
        **more: Any,
    ) -> Run:
        at = timezone.now() - timedelta(minutes=minutes)
        begun = at - timedelta(seconds=seconds)
        values = {
            "error_type": "http.503" if step else "",
            "failed_step": step,
            "finished_at": at,
            "status": "finished",
        } | more
        count("run", at, result, workflow=version.workflow.name, seconds=None if step else seconds)
        return Run.objects.create(
            id=new_id(begun), workflow=version.workflow, version=version, team=version.workflow.owner, result=result,
            input="{}", input_hash="0", created_at=begun, started_at=begun, trace_id="0" * 32, **values,
        )  # fmt: skip

    return make
