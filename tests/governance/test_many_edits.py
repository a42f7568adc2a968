"""Two hundred edits by several people, by page, API, import and restore: each state has its author and comes back."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from django.test import Client

from governance.models import Decision
from governance.selectors.revisions import revisions
from governance.services.importing import import_decisions
from tests.people import person, token_for

pytestmark = pytest.mark.django_db

EDITS = 200
FILE = "---\nstatus: draft\n---\n# Use a saga\n\n{}\n"


class World:
    """One decision, three people, and what each revision is to say: revision → (who, why, text)."""

    def __init__(self, team: Any) -> None:
        self.team = team
        self.people = [person("maintainer", team) for _ in range(3)]
        self.browsers = {one.username: Client() for one in self.people}
        for one in self.people:
            self.browsers[one.username].force_login(one)
        self.tokens = {one.username: token_for(one) for one in self.people}
        self.said: dict[int, tuple[str, str, str]] = {}
        self.imported = 0

    @property
    def decision(self) -> Decision:
        return Decision.objects.get()

    def note(self, who: str, why: str) -> None:
        now = self.decision
        self.said[now.revision] = (who, why, now.body)

    def bring(self, who: Any, text: str, why: str) -> str:
        report = import_decisions(
            files={"0001-saga.md": FILE.format(text)}, folder="adr", owner=self.team, actor=who, reason=why,
            may=lambda _: True, dry_run=False,
        )  # fmt: skip
        return report.lines[0].outcome

    def by_page(self, who: Any, text: str, why: str) -> None:
        now = self.decision
        answer = self.browsers[who.username].post(
            "/decisions/1/edit/",
            {"title": now.title, "status": "draft", "owner": self.team.name, "date": now.date.isoformat(), "body": text,
             "reason": why, "revision": now.revision},
        )  # fmt: skip
        assert answer.status_code == 302, answer.content[-2_000:]

    def by_api(self, who: Any, text: str, why: str) -> None:
        now = self.decision
        body = {"title": now.title, "owner": self.team.name, "body": text, "reason": why, "revision": now.revision}
        headers = {"Authorization": f"Bearer {self.tokens[who.username]}"}
        answer = Client().put("/api/v1/decisions/1", json.dumps(body), "application/json", headers=headers)
        assert answer.status_code == 200, answer.content

    def by_restoring(self, who: Any, history_id: int, why: str) -> None:
        form = {"revision": history_id, "current": self.decision.revision, "reason": why}
        assert self.browsers[who.username].post("/decisions/1/restore/", form).status_code == 302


def test_every_state_of_two_hundred_edits_has_its_author_and_comes_back(team: Any):
    world, luck = World(team), random.Random(6)
    assert world.bring(world.people[0], "The beginning.", "import 0") == "created"
    world.note(world.people[0].username, "import 0")
    for number in range(1, EDITS):
        who, why, before = luck.choice(world.people), f"edit {number}", world.decision.revision
        way = luck.choice(["page", "page", "api", "api", "import", "restore"])
        if way == "page":
            world.by_page(who, f"Text {number}, by page.", why)
        elif way == "api":
            world.by_api(who, f"Text {number}, by API.", why)
        elif way == "import":
            # Edited here since, and changed in the file: a conflict, and nothing is written over anybody.
            outcome = world.bring(who, f"Text {number}, by file.", why)
            assert outcome in {"updated", "conflict"}
            assert (world.decision.revision == before) == (outcome == "conflict")
        else:
            world.by_restoring(who, luck.choice(list(world.decision.history.values_list("history_id", flat=True))), why)
        if world.decision.revision != before:
            assert world.decision.revision == before + 1
            world.note(who.username, why)
    rows = world.decision.history.order_by("history_id")
    assert {
        row.revision: (row.history_user.username, row.history_change_reason, row.body) for row in rows
    } == world.said
    assert len(revisions(world.decision, limit=200).items) == len(world.said) > EDITS // 2
    for revision in luck.sample(sorted(world.said), 20):
        row = world.decision.history.get(revision=revision)
        if world.decision.body != row.body:
            world.by_restoring(world.people[1], row.history_id, "back")
        assert world.decision.body == world.said[revision][2]
