"""Switching a flag: with a reason, in history and audit log, over what was seen; by page, API and playbook action."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client

from governance.models import AuditEntry
from governance.playbooks.running import ask, perform
from governance.services.exercises import start_exercise
from governance.services.runbooks import create_runbook
from orchestration.errors import Conflict, InvalidInput, NotFound
from orchestration.models import Flag, Team
from orchestration.selectors.flags import revision_of, share_of
from orchestration.services.flags import MovedOn, switch_flag
from tests.engine.flagging import declare, falls_back, skips, switch
from tests.engine.harness import begin, echo, publish, settle_down
from tests.people import person, token_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def flag(team: Team) -> Flag:
    return declare(owner="checkout", rollout={"percent": 10, "key": "${{ input.tenant }}"})


def words(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_a_switch_is_in_the_history_and_in_the_audit_log_with_who_and_why(flag: Flag, team: Team):
    ana = person("operator", team)
    switch_flag(name="extras", to="off", reason=" it is slow ", actor=ana)
    row = flag.history.first()
    assert (row.switched, row.history_user, row.history_change_reason) == ("off", ana, "it is slow")
    entry = AuditEntry.objects.order_by("-sequence").first()
    assert (entry.action, entry.object_kind, entry.object_name) == ("switched", "flag", "extras")
    assert (entry.before, entry.after) == ({"switched": ""}, {"switched": "off"})


def test_what_stands_so_already_what_moved_on_and_what_is_no_position_is_refused(flag: Flag):
    seen = revision_of(flag)
    switch_flag(name="extras", to="on", reason="x", actor=None, seen=seen)
    with pytest.raises(MovedOn, match="read it again"):
        switch_flag(name="extras", to="off", reason="x", actor=None, seen=seen)
    with pytest.raises(Conflict, match="is switched on already"):
        switch_flag(name="extras", to="on", reason="x", actor=None)
    with pytest.raises(InvalidInput, match="use one of on, off, declared"):
        switch_flag(name="extras", to="maybe", reason="x", actor=None)
    with pytest.raises(InvalidInput, match="a reason is required"):
        switch_flag(name="extras", to="off", reason=" ", actor=None)
    with pytest.raises(NotFound, match="did you mean 'extras'"):
        switch_flag(name="extra", to="off", reason="x", actor=None)
    assert Flag.objects.get().switched == "on"


def test_the_page_says_how_it_stands_who_asks_and_what_it_was_for_recent_runs(flag: Flag, sign_in: Any):
    version = publish({"a": echo(1, **skips()), "b": echo(2, **falls_back())})
    settle_down(begin(version, {"tenant": "acme"}))
    switch("on")
    settle_down(begin(version, {"tenant": "acme"}))
    assert (share_of("extras").runs, share_of("extras").on) == (2, 1)
    said = words(sign_in("viewer").get("/flags/extras/"))
    for part in (
        "Switched on by hand, for every run", "On for 10 % of keys, off without one", "On for 50 % of the latest 2 runs that asked",
        "input.tenant", "a demo 1.0.0 is skipped", "b demo 1.0.0 takes its fallback", "Switched",
    ):  # fmt: skip
        assert part in said, part
    listed = words(sign_in("viewer").get("/flags/"))
    assert "extras is switched by hand." in listed
    assert "demo a demo b" in listed


@pytest.mark.parametrize(("role", "may"), [("viewer", False), ("approver", False), ("operator", True), ("admin", True)])
def test_operators_of_its_team_switch_it_and_others_only_look(role: str, may: bool, flag: Flag, sign_in: Any):
    client = sign_in(role)
    assert ("Switch the flag" in words(client.get("/flags/extras/"))) is may
    answer = client.post("/flags/extras/", {"to": "off", "reason": "slow", "seen": revision_of(flag)})
    assert answer.status_code == (302 if may else 403)
    assert (Flag.objects.get().switched == "off") is may


def test_a_flag_without_owner_is_switched_by_admins_alone(team: Team, sign_in: Any):
    form = {"to": "off", "reason": "slow", "seen": revision_of(declare())}
    assert sign_in("operator").post("/flags/extras/", form).status_code == 403
    assert sign_in("admin").post("/flags/extras/", form).status_code == 302


def test_of_two_people_the_second_is_told_and_loses_no_word(flag: Flag, sign_in: Any):
    client, seen = sign_in("operator"), revision_of(flag)
    switch("on")
    answer = client.post("/flags/extras/", {"to": "off", "reason": "it is slow", "seen": seen})
    assert answer.status_code == 422
    assert "read it again" in words(answer)
    assert "it is slow" in answer.content.decode()
    shown = re.search(r'name="seen" value="(\d+)"', answer.content.decode())
    assert shown
    assert client.post("/flags/extras/", {"to": "off", "reason": "it is slow", "seen": shown[1]}).status_code == 302


@pytest.mark.parametrize(
    "body", [{}, {"to": "maybe", "reason": "x", "seen": "1"}, {"to": "off", "reason": "\x00", "seen": "x"}]
)
def test_a_hostile_form_is_answered_with_what_is_wrong(body: dict[str, str], flag: Flag, sign_in: Any):
    assert sign_in("operator").post("/flags/extras/", body).status_code == 422
    assert sign_in("operator").get("/flags/%00/").status_code == 404
    assert Flag.objects.get().switched == ""


def test_the_list_costs_as_many_queries_however_many_flags_there_are(
    team: Team, sign_in: Any, django_assert_num_queries: Any
):
    client = sign_in("viewer")
    client.get("/flags/")
    for name in ("one", "two", "three"):
        declare(name)
    publish({"a": echo(1, **skips("one"))})
    client.get("/flags/")
    with django_assert_num_queries(LIST_QUERIES):
        client.get("/flags/")


LIST_QUERIES = 4


class Caller:
    def __init__(self, user: Any, **options: Any) -> None:
        self.headers = {"Authorization": f"Bearer {token_for(user, **options)}"}
        self.client = Client()

    def get(self, path: str) -> Any:
        return self.client.get(f"/api/v1{path}", headers=self.headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.client.post(
            f"/api/v1{path}", json.dumps(body), content_type="application/json", headers={**self.headers, **headers}
        )


def test_the_api_switches_over_the_revision_that_was_read(flag: Flag, team: Team):
    publish({"a": echo(1, **skips())})
    call = Caller(person("operator", team))
    read = call.get("/flags/extras")
    assert read.json() | {"applied_at": ""} == {
        "name": "extras", "owner": "checkout", "description": "", "switched": "declared", "declared": "off", "percent": 10.0,
        "spec": {"default": "off", "rollout": {"percent": 10.0, "key": "${{ input.tenant }}"}},
        "revision": revision_of(flag), "applied_at": "",
        "uses": [{"workflow": "demo", "version": "1.0.0", "step": "a", "when_off": "skip"}],
        "recent": {"runs": 0, "on": 0, "since": None},
    }  # fmt: skip
    assert call.post("/flags/extras/switch", {"to": "on", "reason": "x"}).status_code == 422, "it names no revision"
    done = call.post("/flags/extras/switch", {"to": "on", "reason": "x"}, **{"If-Match": read["ETag"]})
    assert (done.status_code, done.json()["switched"]) == (200, "on")
    assert done["ETag"] != read["ETag"]
    late = call.post("/flags/extras/switch", {"to": "off", "reason": "x"}, **{"If-Match": read["ETag"]})
    assert late.status_code == 412
    again = call.post("/flags/extras/switch", {"to": "on", "reason": "x"}, **{"If-Match": done["ETag"]})
    assert again.status_code == 409
    assert [one["name"] for one in call.get("/flags").json()["items"]] == ["extras"]
    assert call.get("/flags").json()["items"][0]["revision"] == done.json()["revision"]
    assert call.get("/flags/extra").status_code == 404


def test_a_token_needs_the_verb_and_the_history_names_it(flag: Flag, team: Team):
    user = person("operator", team)
    body = {"to": "on", "reason": "by the pipeline", "revision": revision_of(flag)}
    assert Caller(user, verbs=["operate"]).post("/flags/extras/switch", body).status_code == 403
    assert Caller(user, verbs=["switch"]).post("/flags/extras/switch", body).status_code == 200
    newest = Caller(user).get("/history/flag/extras").json()["items"][0]
    assert (newest["by"], newest["reason"]) == (user.username, "by the pipeline")
    assert newest["via"].startswith("token ")
    assert newest["changes"] == [{"field": "switched", "before": "", "after": "on"}]


def test_restoring_an_earlier_manifest_leaves_it_switched_as_it_is(flag: Flag, sign_in: Any):
    old = flag.history.first().history_id
    declare(owner="checkout", default="on")
    switch("off")
    form = {"revision": old, "seen": revision_of(flag), "reason": "the old way was better"}
    assert sign_in("maintainer").post("/history/flag/extras/restore/", form).status_code == 302
    found = Flag.objects.get()
    assert (found.spec["rollout"]["percent"], found.spec["default"], found.switched) == (10, "off", "off")


@pytest.mark.parametrize("owner", ["checkout", None])
def test_a_runbook_switches_it_and_says_so(owner: str | None, team: Team, sign_in: Any):
    declare(owner=owner)
    ana = person("operator", team)
    body = "1. Switch it off.\n   **Action** switch-flag flag=extras to=off\n"
    book = create_runbook(
        slug="extras", title="T", body=body, status="active", owner=team, review_by=None, workflows=[], dependencies=[],
        actor=None, reason="new",
    )  # fmt: skip
    exercise = start_exercise(runbook=book, actor=ana)[0]
    page = words(sign_in("operator").get(f"/exercises/{exercise.pk}/"))
    assert ("Switches flag extras off" in page) is (owner is not None)
    assert ("Switch the flag needs an admin" in page) is (owner is None)
    action = perform(ask(exercise=exercise, position=1, attempt=1, actor=ana)[0])
    assert (action.state, action.outcome) == ("done", "Flag extras is switched off.")
    assert (
        Flag.objects.get().history.first().history_change_reason == f"step 1 of exercise {exercise.pk}, runbook extras"
    )
    again = perform(ask(exercise=exercise, position=1, attempt=2, actor=ana)[0])
    assert (again.state, again.outcome) == ("done", "Flag extras is switched off already.")


def test_the_run_page_says_that_a_flag_skipped_the_step_also_to_who_sees_no_payloads(flag: Flag, sign_in: Any):
    run = settle_down(begin(publish({"a": echo(1), "b": echo(2, needs=["a"], **skips())}), {}))
    answer = sign_in("viewer").get(f"/runs/{run.pk}/steps/b/")
    assert "Skipped by flag: extras is off, as the run has no rollout key (input.tenant: no field" in words(answer)
    assert 'href="/flags/extras/"' in answer.content.decode()
    assert "b skipped by flag" in words(sign_in("viewer").get(f"/runs/{run.pk}/?events=all"))
