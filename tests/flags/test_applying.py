"""Flags as manifests: applied with their owner, asked for by name, refused where they make no sense."""

from __future__ import annotations

import pytest
import yaml

from orchestration.errors import InvalidManifest
from orchestration.manifest import load
from orchestration.models import Flag, Team, WorkflowVersion
from orchestration.services.manifests import Document, Signature, apply, owner_teams, plan
from tests.engine.flagging import declare, falls_back, skips, switch
from tests.engine.harness import echo, publish

pytestmark = pytest.mark.django_db


def manifest(name: str = "extras", owner: str | None = None, **spec):
    metadata = {"name": name} | ({"owner": owner} if owner else {})
    body = {"apiVersion": "plumbline/v1", "kind": "Flag", "metadata": metadata, "spec": {"default": "off"} | spec}
    return Document(yaml.safe_dump(body), "flag.yaml")


def refused(*documents: Document) -> str:
    with pytest.raises(InvalidManifest) as error:
        apply(documents, Signature(None, "a test"))
    return str(error.value)


def test_applying_anew_changes_what_is_declared_and_leaves_how_it_is_switched(team: Team):
    declare(owner="checkout")
    switch("off")
    found = declare(owner="checkout", default="on")
    assert (found.spec["default"], found.switched, found.owner) == ("on", "off", team)
    assert [change.action for change in plan([manifest(owner="checkout", default="on")])] == ["unchanged"]
    assert list(found.history.values_list("history_change_reason", flat=True)) == ["a test"] * 3


def test_a_flag_without_owner_is_an_admins_and_one_that_is_taken_over_its_owners_too(team: Team):
    assert owner_teams(plan([manifest()])) == ([], True)
    assert owner_teams(plan([manifest(owner="checkout")])) == ([team], False)
    declare(owner="checkout")
    other = Team.objects.create(name="payments")
    teams, needs_admin = owner_teams(plan([manifest(owner="payments")]))
    assert ({one.pk for one in teams}, needs_admin) == ({team.pk, other.pk}, False)


def test_a_workflow_that_asks_for_an_unknown_flag_is_refused_with_a_suggestion(team: Team):
    declare("related-items")
    with pytest.raises(InvalidManifest) as error:
        publish({"a": echo(1, **skips("related-item"))})
    assert "steps.a.flag.key: no flag 'related-item'; did you mean 'related-items'?" in str(error.value)
    with pytest.raises(InvalidManifest, match="no flag 'zzz'; apply a Flag of that name first"):
        publish({"a": echo(1, **skips("zzz"))})
    assert not WorkflowVersion.objects.exists()


def test_a_flag_and_the_workflow_that_asks_for_it_can_come_in_one_batch(team: Team):
    workflow = {
        "apiVersion": "plumbline/v1", "kind": "Workflow",
        "metadata": {"name": "demo", "version": "1.0.0", "owner": "checkout"},
        "spec": {"steps": {"a": echo(1, effect="none", **skips())}},
    }  # fmt: skip
    apply([Document(yaml.safe_dump(workflow), "w.yaml"), manifest()], Signature(None, "a test"))
    assert Flag.objects.exists()
    assert WorkflowVersion.objects.exists()


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"default": "maybe"}, " default: wanted 'on' or 'off'"),
        ({"rollout": {"percent": 101}}, " rollout.percent: wanted at most 100"),
        ({"rollout": {}}, " rollout.percent: is missing"),
        ({"rollout": {"percent": 1, "key": "${{ steps.a.output }}"}}, "'steps' can be read only in a Workflow"),
        ({"rollout": {"percent": 1, "key": "${{ secrets.x }}"}}, "'secrets' can be read only in"),
        ({"rollout": {"percent": 1, "key": "${{ run.tenant }}"}}, "'run' has no field 'tenant'"),
    ],
)
def test_what_is_wrong_with_a_flag_is_told_at_its_place(spec, says):
    assert says in refused(manifest(**spec))


def test_to_fall_back_needs_a_fallback():
    step = {"python": "test.echo", "flag": {"key": "extras", "when_off": "fallback"}}
    text = yaml.safe_dump({
        "apiVersion": "plumbline/v1", "kind": "Workflow",
        "metadata": {"name": "demo", "version": "1.0.0", "owner": "checkout"}, "spec": {"steps": {"a": step}},
    })  # fmt: skip
    (problem,) = load(text, "w.yaml").problems
    assert "steps.a.flag.when_off: 'when_off: fallback' needs a 'fallback' on the step" in str(problem)
    assert not load(text.replace("when_off: fallback", "when_off: skip"), "w.yaml").problems
    assert falls_back()["fallback"]
