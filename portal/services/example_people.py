"""The people of the example company, with random passwords in a file that only this account can read.

Owns who they are and the file's form, which the sign-in page shows in embedded mode. Never runs outside it: a known
sign-in on a public address would be an open door.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from orchestration.errors import Conflict
from orchestration.models import Membership, Role, Team
from orchestration.services.governed import save
from portal.models import User

FILE = "example-sign-ins.json"
REASON = "an example person"


@dataclass(frozen=True, slots=True)
class Person:
    """A sign-in name, what it may do in words, its roles as (team, role)."""

    username: str
    words: str
    roles: tuple[tuple[str, str], ...] = ()
    admin: bool = False


PEOPLE = (
    Person("viewer", "read everything", (("checkout", Role.VIEWER),)),
    Person("operator", "start, cancel, retry", (("checkout", Role.OPERATOR), ("payments", Role.OPERATOR))),
    Person(
        "maintainer",
        "apply, edit, operate",
        (("checkout", Role.MAINTAINER), ("payments", Role.MAINTAINER)),
    ),
    Person("checkout-approver", "review for checkout", (("checkout", Role.APPROVER),)),
    Person(
        "payments-approver",
        "review for payments and fraud",
        (("payments", Role.APPROVER), ("fraud", Role.APPROVER)),
    ),
    Person("admin", "administer", admin=True),
)


def sign_ins_file() -> Path:
    """Where the names and passwords are."""
    path: Path = settings.PLUMBLINE.data_dir / FILE
    return path


def load_example_people() -> list[dict[str, str]]:
    """Make what is missing, and return the sign-ins. Loading twice changes neither people nor passwords.

    Raises Conflict outside the embedded mode, and for a person of that name who was not made here.
    """
    if not settings.PLUMBLINE.embedded:
        raise Conflict("the example people exist only in embedded mode; invite real ones on the page Users")
    known = {row["username"]: row for row in read_sign_ins()}
    rows = [
        known.get(person.username)
        or {"username": person.username, "password": secrets.token_urlsafe(12), "role": person.words}
        for person in PEOPLE
    ]
    # The file first: killed in between, the next load finds the passwords and makes the people with them.
    _write(rows)
    with transaction.atomic():
        for person, row in zip(PEOPLE, rows, strict=True):
            _make(person, row["password"], was_known=person.username in known)
    return rows


def read_sign_ins() -> list[dict[str, str]]:
    """Name, password and role of each; none when they were not loaded or the file can't be read."""
    try:
        rows = json.loads(sign_ins_file().read_text(encoding="utf-8"))
        return [{key: str(row[key]) for key in ("username", "password", "role")} for row in rows]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def _make(person: Person, password: str, *, was_known: bool) -> None:
    user = User.objects.filter(username=person.username).first()
    if user is not None and not was_known:
        raise Conflict(
            f"there is a user {person.username!r} already, who is no example; rename or start with a new data folder"
        )
    if user is None:
        user = User(username=person.username, is_superuser=person.admin)
        user.set_password(password)
        save(user, actor=None, reason=REASON)
        for name, role in person.roles:
            _give(user, name, role)


def _give(user: User, team_name: str, role: str) -> None:
    team = Team.objects.filter(name=team_name).first()
    if team is None:
        team = Team(name=team_name)
        save(team, actor=None, reason=REASON)
    save(Membership(team=team, user=user, role=role), actor=None, reason=REASON)


def _write(rows: list[dict[str, Any]]) -> None:
    """Whole or not at all, readable by this account alone from the first moment."""
    path = sign_ins_file()
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(rows, file, indent=1)
    partial.replace(path)
