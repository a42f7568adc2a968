"""What gate policies ask of a workflow's dependencies, where it is said, and what may still be applied."""

from __future__ import annotations

from typing import Any

import pytest

from governance.gate.dependency_rules import combined
from governance.models import GatePolicy
from orchestration.errors import InvalidManifest
from orchestration.models import Team, WorkflowVersion
from orchestration.services.manifests import Change, Document, Signature, apply, plan
from tests.governance.gatehouse import manifest
from tests.signed_in import sign_in, team

__all__ = ["sign_in", "team"]
pytestmark = pytest.mark.django_db


def dependency(name: str, **spec: Any) -> str:
    return manifest("Dependency", {"name": name, "owner": "checkout"}, {"base_url": "http://x.example", **spec})


def workflow(steps: dict[str, Any], version: str = "1.0.0") -> str:
    return manifest("Workflow", {"name": "orders", "version": version, "owner": "checkout"}, {"steps": steps})


def call(of: str, **more: Any) -> dict[str, Any]:
    return {"http": {"path": "/"}, "dependency": of, **more}


def given(*texts: str) -> list[Change]:
    return apply([Document(text, f"{at}.yaml") for at, text in enumerate(texts)], Signature(None, "a test"))


def policy(name: str = "guarded", **asked: Any) -> None:
    given(manifest("GatePolicy", {"name": name}, {"dependencies": asked}))


def refused(*texts: str) -> list[str]:
    with pytest.raises(InvalidManifest) as error:
        given(*texts)
    return [f"{problem.path}: {problem.message}" for problem in error.value.problems]


def test_a_workflow_that_calls_too_many_is_refused_by_name_and_number(team: Team):
    policy(most=1)
    services = [dependency("a"), dependency("b")]
    assert refused(*services, workflow({"one": call("a"), "two": call("b")})) == [
        "steps: it calls 2 dependencies (a, b); policy guarded allows 1; split it"
    ]
    given(*services, workflow({"one": call("a"), "again": call("a", needs=["one"])}))
    assert WorkflowVersion.objects.get().version == "1.0.0"


def test_a_dependency_that_only_a_compensation_calls_counts_too(team: Team):
    policy(most=1)
    undo = {"http": {"method": "POST", "path": "/"}, "dependency": "b"}
    steps = {"one": call("a", effect="write", compensate=undo)}
    assert "calls 2 dependencies (a, b)" in refused(dependency("a"), dependency("b"), workflow(steps))[0]


def test_each_call_without_its_guards_is_named_with_its_remedy(team: Team):
    policy(require=["timeout", "retry", "fallback"])
    found = refused(dependency("a"), workflow({"one": call("a"), "calm": {"value": 1}}))
    assert found == [
        "steps.one: calls a without a timeout, which policy guarded wants; set timeout.start_to_close here or in Dependency a",
        "steps.one: calls a without a retry policy, which policy guarded wants; set retry here or in Dependency a",
        "steps.one: calls a without a fallback, which policy guarded wants; set fallback, or say in no_fallback why there can't be one",
    ]


def test_what_the_dependency_sets_for_all_its_callers_counts_and_an_explained_absence_too(team: Team):
    policy(require=["timeout", "retry", "fallback"])
    guarded = dependency("a", timeout={"start_to_close": "2s"}, retry={"maximum_attempts": 3})
    undo = {"http": {"method": "DELETE", "path": "/"}}
    given(
        guarded,
        workflow({"one": call("a", no_fallback="Money moves or it does not.", effect="write", compensate=undo)}),
    )
    (version,) = WorkflowVersion.objects.all()
    assert version.canonical["spec"]["steps"]["one"]["no_fallback"] == "Money moves or it does not."


def test_an_undoing_call_needs_a_timeout_and_a_retry_of_its_own_but_no_fallback(team: Team):
    policy(require=["timeout", "retry", "fallback"])
    step = call(
        "a", timeout={"start_to_close": "1s"}, retry={"maximum_attempts": 2}, no_fallback="No.", effect="write",
        compensate={"http": {"method": "DELETE", "path": "/"}},
    )  # fmt: skip
    places = [line.partition(": ")[0] for line in refused(dependency("a"), workflow({"one": step}))]
    assert places == ["steps.one.compensate", "steps.one.compensate"]


def test_a_policy_that_only_tells_lets_it_through_with_notices(team: Team):
    policy(most=0, enforce="tell")
    (change,) = [one for one in given(dependency("a"), workflow({"one": call("a")})) if one.kind == "Workflow"]
    assert [notice.message for notice in change.notices] == [
        "it calls 1 dependency (a); policy guarded allows 0; split it"
    ]
    (again,) = plan([Document(workflow({"one": call("a")}), "w.yaml")])
    assert (again.action, again.notices) == ("unchanged", ())


def test_what_is_published_stays_and_the_next_version_is_asked(team: Team):
    texts = dependency("a"), workflow({"one": call("a")})
    given(*texts)
    policy(most=0)
    assert {change.action for change in given(*texts)} == {"unchanged"}
    assert refused(workflow({"one": call("a"), "more": {"value": 1}}, "1.1.0"))


def test_policies_count_strictly_together(team: Team):
    policy("first", most=5, require=["retry"], enforce="tell")
    policy("second", most=3, require=["retry", "timeout"])
    rules = combined(GatePolicy.objects.all())
    assert rules.over(3) is None
    assert rules.over(4) == (3, "second")
    assert rules.over(6) == (3, "second")
    assert dict(rules.wanted) == {"retry": "second", "timeout": "second"}
    assert rules.refusing == {"second"}


def test_a_laxer_limit_that_refuses_still_refuses_beside_a_stricter_one_that_only_tells(team: Team):
    policy("hard", most=2)
    policy("soft", most=1, enforce="tell")
    services = [dependency(name) for name in "abc"]
    assert "policy hard allows 2" in refused(*services, workflow({name: call(name) for name in "abc"}))[0]
    given(*services, workflow({name: call(name) for name in "ab"}))


def test_a_policy_about_others_asks_nothing_here(team: Team):
    Team.objects.create(name="payments")
    for at, about in enumerate(({"owners": ["payments"]}, {"names": ["other-*"]}, {"changes": ["contract.publish"]})):
        given(manifest("GatePolicy", {"name": f"p{at}"}, {**about, "dependencies": {"most": 0}}))
    given(dependency("a"), workflow({"one": call("a")}))


def test_a_step_with_a_fallback_has_nothing_to_explain(team: Team):
    step = call("a", fallback={"value": 1}, no_fallback="why")
    assert any("has a fallback" in line for line in refused(dependency("a"), workflow({"one": step})))


def test_the_workflows_page_and_the_policies_page_say_so(sign_in: Any, team: Team):
    given(dependency("a"), workflow({"one": call("a")}))
    policy(most=0, require=["timeout"])
    page = sign_in("viewer").get("/workflows/orders/dependencies/").content.decode()
    assert "2 findings of gate policies" in page
    assert "calls a without a timeout" in page
    policies = sign_in("viewer").get("/changes/policies/").content.decode()
    assert "most 0 dependencies in one workflow; it refuses more" in policies
