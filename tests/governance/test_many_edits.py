"""Two hundred edits by several people, by page, API, import, restore and in bulk: each state has its author and comes back."""

from __future__ import annotations

import json
import random
import uuid
from typing import Any

import pytest
from django.test import Client

from governance.models import BulkChange, Decision
from governance.selectors.audit import AuditFilter, entries
from governance.selectors.revisions import revisions
from governance.services.auditing import verify
from governance.services.importing import import_decisions
from orchestration.models import Team
from tests.people import person, token_for

pytestmark = pytest.mark.django_db

EDITS = 200
FILE = "---\nstatus: draft\n---\n# Use a saga, part {}\n\n{}\n"
#: What a revision says: its text, its owner and its status.
State = tuple[str, str, str]


class World:
    """Three decisions at first, three people, and what each revision is to say: (number, revision) → (who, why, state)."""

    def __init__(self, team: Any) -> None:
        self.teams = [team, Team.objects.create(name="payments")]
        self.people = [person("maintainer", team) for _ in range(3)]
        for one in self.people:
            one.memberships.create(team=self.teams[1], role="maintainer")
        self.browsers = {one.username: Client() for one in self.people}
        for one in self.people:
            self.browsers[one.username].force_login(one)
        self.tokens = {one.username: token_for(one) for one in self.people}
        self.said: dict[tuple[int, int], tuple[str, str, State]] = {}
        self.texts = dict.fromkeys((1, 2, 3), "The beginning.")

    def decision(self, number: int) -> Decision:
        return Decision.objects.select_related("owner").get(number=number)

    def at(self) -> dict[int, int]:
        return dict(Decision.objects.values_list("number", "revision"))

    def note(self, before: dict[int, int], who: str, why: str) -> list[int]:
        """Whatever moved has moved by one revision, and that is theirs."""
        moved = [number for number, revision in self.at().items() if revision != before.get(number)]
        for number in moved:
            now = self.decision(number)
            assert now.revision == before.get(number, 0) + 1
            self.said[number, now.revision] = (who, why, state(now))
        return moved

    def bring(self, who: Any, why: str) -> list[str]:
        files = {f"{number:04d}-saga.md": FILE.format(number, text) for number, text in self.texts.items()}
        report = import_decisions(
            files=files, folder="adr", owner=self.teams[0], actor=who, reason=why, may=lambda _: True, dry_run=False
        )
        return [line.outcome for line in report.lines]

    def by_page(self, who: Any, number: int, text: str, why: str) -> None:
        now = self.decision(number)
        answer = self.browsers[who.username].post(
            f"/decisions/{number}/edit/",
            {"title": now.title, "status": now.status, "owner": now.owner.name, "date": now.date.isoformat(), "body": text,
             "reason": why, "revision": now.revision},
        )  # fmt: skip
        assert answer.status_code == 302, answer.content[-2_000:]

    def by_api(self, who: Any, number: int, text: str, why: str) -> None:
        now = self.decision(number)
        body = {
            "title": now.title, "owner": now.owner.name, "status": now.status, "body": text, "reason": why,
            "revision": now.revision,
        }  # fmt: skip
        headers = {"Authorization": f"Bearer {self.tokens[who.username]}"}
        answer = Client().put(f"/api/v1/decisions/{number}", json.dumps(body), "application/json", headers=headers)
        assert answer.status_code == 200, answer.content

    def in_bulk(self, who: Any, numbers: list[int], field: str, value: str, why: str) -> None:
        """Now and then over a revision that is no more."""
        chosen = [f"{number}:{self.decision(number).revision}" for number in numbers[:-1]]
        last = self.decision(numbers[-1]).revision
        chosen.append(f"{numbers[-1]}:{last if len(why) % 2 else max(1, last - 1)}")
        form = {"do": f"{field}:{value}", "chosen": chosen, "key": str(uuid.uuid4()), "reason": why}
        assert self.browsers[who.username].post("/bulk/decision/", form).status_code == 302

    def by_restoring(self, who: Any, number: int, history_id: int, why: str) -> None:
        form = {"revision": history_id, "current": self.decision(number).revision, "reason": why}
        assert self.browsers[who.username].post(f"/decisions/{number}/restore/", form).status_code == 302


def state(row: Any) -> State:
    return (row.body, row.owner.name, row.status)


def act(world: World, luck: random.Random, way: str, who: Any, edit: int, why: str) -> None:
    numbers = sorted(world.texts)
    number = luck.choice(numbers)
    if way == "page":
        world.by_page(who, number, f"Text {edit}, by page.", why)
    elif way == "api":
        world.by_api(who, number, f"Text {edit}, by API.", why)
    elif way == "import":
        # A new file now and then, since one that is edited here is not written over any more.
        world.texts[luck.choice([number, len(numbers) + 1])] = f"Text {edit}, by file."
        assert set(world.bring(who, why)) <= {"created", "updated", "conflict", "kept", "unchanged"}
    elif way == "bulk":
        some = luck.sample(numbers, luck.choice([2, 3]))
        if luck.random() < 0.5:
            world.in_bulk(who, some, "owner", luck.choice(world.teams).name, why)
        else:
            world.in_bulk(who, some, "status", luck.choice(["draft", "proposed", "rejected"]), why)
    else:
        history = list(world.decision(number).history.values_list("history_id", flat=True))
        world.by_restoring(who, number, luck.choice(history), why)


def test_every_state_of_two_hundred_edits_has_its_author_and_comes_back(team: Any):
    world, luck = World(team), random.Random(6)
    assert world.bring(world.people[0], "import 0") == ["created"] * 3
    world.note({}, world.people[0].username, "import 0")
    ways: dict[str, int] = {}
    for edit in range(1, EDITS):
        who, why, before = luck.choice(world.people), f"edit {edit}", world.at()
        way = luck.choice(["page", "page", "api", "api", "import", "restore", "bulk", "bulk"])
        act(world, luck, way, who, edit, why)
        ways[way] = ways.get(way, 0) + len(world.note(before, who.username, why))
    assert all(ways[way] for way in ("page", "api", "import", "restore", "bulk")), ways
    rows = Decision.history.select_related("history_user", "owner")
    assert {
        (row.number, row.revision): (row.history_user.username, row.history_change_reason, state(row)) for row in rows
    } == world.said
    for bulk in BulkChange.objects.all():
        changed = sum(line["outcome"] == "changed" for line in bulk.lines)
        assert len(entries(AuditFilter(bulk=str(bulk.pk))).items) == changed
    assert {line["outcome"] for bulk in BulkChange.objects.all() for line in bulk.lines} == {
        "changed",
        "unchanged",
        "refused",
    }
    assert verify().ok
    for number in world.texts:
        decision = world.decision(number)
        kept = sorted(revision for at, revision in world.said if at == number)
        assert [one.revision for one in revisions(decision, limit=200).items] == kept[::-1]
        for revision in luck.sample(kept, min(5, len(kept))):
            row = decision.history.get(revision=revision)
            if world.decision(number).body != row.body:
                world.by_restoring(world.people[1], number, row.history_id, "back")
            assert world.decision(number).body == world.said[number, revision][2][0]
