"""Manifests over the API: all of a batch or nothing, every problem with its place, versions that never change."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestration.models import Dependency, Team, Workflow, WorkflowVersion
from tests.api.conftest import Caller

pytestmark = pytest.mark.django_db
As = Callable[[str], Caller]

WORKFLOW = """apiVersion: plumbline/v1
kind: Workflow
metadata: {name: demo, version: 1.0.0, owner: checkout}
spec:
  steps:
    a: {value: 1}
    b: {value: "${{ steps.a.output + 1 }}"}
"""


def body(*texts: str, **more: object) -> dict[str, object]:
    return {"documents": [{"source": f"file{n}.yaml", "text": text} for n, text in enumerate(texts, 1)], **more}


def test_a_manifest_is_validated_planned_applied_and_read_back(as_role: As):
    maintainer = as_role("maintainer")
    assert maintainer("POST", "/manifests/validate", body(WORKFLOW)).json()["valid"] is True
    assert maintainer("POST", "/manifests/plan", body(WORKFLOW)).json()["changes"][0]["action"] == "publish"
    source = {"repository": "shop/workflows", "commit": "abc123", "dirty": False, "path": "demo.yaml"}
    applied = maintainer("POST", "/manifests/apply", body(WORKFLOW, reason="first", source=source))
    assert applied.status_code == 200
    version = maintainer("GET", "/workflows/demo/versions/1.0.0").json()
    assert (version["reason"], version["source"]) == ("first", source)
    manifest = maintainer("GET", "/workflows/demo/versions/1.0.0/manifest")
    assert manifest.content.decode() == WORKFLOW
    graph = maintainer("GET", "/workflows/demo/graph").json()
    assert graph["edges"] == [{"source": "a", "target": "b"}]
    assert maintainer("POST", "/manifests/plan", body(WORKFLOW)).json()["changes"][0]["action"] == "unchanged"


def test_a_published_version_with_other_content_is_refused(as_role: As):
    maintainer = as_role("maintainer")
    maintainer("POST", "/manifests/apply", body(WORKFLOW, reason="first"))
    changed = WORKFLOW.replace("value: 1}", "value: 2}")
    answer = maintainer("POST", "/manifests/apply", body(changed, reason="second"))
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["line"] == 3
    assert "raise the version" in answer.json()["problems"][0]["message"]
    higher = changed.replace("1.0.0", "1.1.0")
    assert maintainer("POST", "/manifests/apply", body(higher, reason="second")).status_code == 200
    diff = maintainer("GET", "/workflows/demo/diff?from=1.0.0&to=1.1.0").json()
    assert any(item["path"] == "steps.a.value" for item in diff["differences"])


def test_every_problem_of_every_file_comes_at_once_and_nothing_is_written(as_role: As):
    broken = WORKFLOW.replace("steps.a.output", "steps.aa.output").replace("owner: checkout", "owner: chekout")
    dependency = """apiVersion: plumbline/v1
kind: Dependency
metadata: {name: payments, owner: checkout}
spec: {base_url: "http://payments.example", brekaer: {}}
"""
    answer = as_role("maintainer")("POST", "/manifests/apply", body(broken, dependency, reason="x"))
    assert answer.status_code == 422
    places = [(item["source"], item["line"], item["path"]) for item in answer.json()["problems"]]
    assert any(place[0] == "file1.yaml" for place in places)
    assert ("file2.yaml", 4) in [place[:2] for place in places]
    assert "did you mean 'breaker'" in answer.json()["detail"]
    assert (Workflow.objects.count(), Dependency.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n" + "".join(
            f"d{n}: &d{n} [*{'c' if n == 0 else f'd{n - 1}'}, *{'c' if n == 0 else f'd{n - 1}'}, *c, *c, *c]\n" for n in range(30)), ""),
        ("x" * 2_000_000, "1 MiB"),
        (WORKFLOW.replace("value: 1}", "value: 1, needs: [b]}"), "a → b → a"),
        (WORKFLOW.replace("value: 1}", "valeu: 1}"), "valeu"),
        (WORKFLOW.replace("${{ steps.a.output + 1 }}", "${{ 9**9**9 }}"), "**"),
        (WORKFLOW.replace("${{ steps.a.output + 1 }}", "${{ steps.a.output.__class__() }}"), "call"),
        (WORKFLOW.replace("demo,", "demo\\0,"), ""),
        ("", "no manifest"),
    ],
)  # fmt: skip
def test_hostile_manifests_get_a_place_and_write_nothing(as_role: As, text: str, says: str):
    answer = as_role("maintainer")("POST", "/manifests/apply", body(text, reason="x"))
    assert answer.status_code in {413, 422}
    assert (
        says in answer.content.decode().encode().decode("unicode_escape", "ignore") or says in answer.json()["detail"]
    )
    assert not WorkflowVersion.objects.exists()


def test_only_maintainers_of_the_owner_apply_and_taking_over_needs_both(as_role: As, checkout: Team):
    Team.objects.create(name="payments")
    for role in ("viewer", "operator", "approver", "stranger"):
        answer = as_role(role)("POST", "/manifests/apply", body(WORKFLOW, reason="x"))
        assert answer.status_code == 403, role
    assert as_role("maintainer")("POST", "/manifests/apply", body(WORKFLOW, reason="x")).status_code == 200
    moved = WORKFLOW.replace("owner: checkout", "owner: payments").replace("1.0.0", "2.0.0")
    assert as_role("maintainer")("POST", "/manifests/apply", body(moved, reason="x")).status_code == 403
    assert as_role("admin")("POST", "/manifests/apply", body(moved, reason="x")).status_code == 200


def test_teams_and_shared_policies_are_an_admins(as_role: As):
    team = "apiVersion: plumbline/v1\nkind: Team\nmetadata: {name: fraud}\nspec: {}\n"
    assert as_role("maintainer")("POST", "/manifests/apply", body(team, reason="x")).status_code == 403
    assert as_role("admin")("POST", "/manifests/apply", body(team, reason="x")).status_code == 200


def test_history_names_who_and_why(as_role: As):
    as_role("maintainer")("POST", "/manifests/apply", body(WORKFLOW, reason="to begin with"))
    row = Workflow.objects.get(name="demo").history.get()
    assert row.history_user.username.startswith("maintainer")
    assert row.history_change_reason == "to begin with"
