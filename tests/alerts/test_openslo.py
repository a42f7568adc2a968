"""OpenSLO: what is exported comes back the same, and what of a document does not fit is named, document by document."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.errors import Forbidden
from orchestration.models import Objective, Team
from orchestration.openslo import document, read, write
from orchestration.services.manifests import Document
from orchestration.services.objectives import Wanted
from orchestration.services.openslo import Line, import_openslo
from tests.alerts.counting import objective, team
from tests.engine.harness import publish

RATIO = {"ratioMetric": {"total": {"metricSource": {"type": "plumbline", "spec": {"workflow": "demo"}}}}}
FIELDS = [name for name in Wanted.__dataclass_fields__ if name not in {"source", "owner"}]


def slo(name: str = "demo-success", **spec: Any) -> dict[str, Any]:
    whole = {
        "service": "demo", "indicator": {"spec": RATIO}, "timeWindow": [{"duration": "28d", "isRolling": True}],
        "objectives": [{"target": 0.99}], **spec,
    }  # fmt: skip
    return {"apiVersion": "openslo/v1", "kind": "SLO", "metadata": {"name": name}, "spec": whole}


def take(*documents: Any, dry_run: bool = False) -> list[Line]:
    text = yaml.safe_dump_all(documents)
    return import_openslo([Document(text, "a.yaml")], actor=None, reason="r", may=lambda _: None, dry_run=dry_run)


@pytest.fixture
def demo(db: None) -> None:
    team()
    publish({"a": {"value": 1}})


@pytest.mark.django_db
def test_what_is_exported_and_imported_again_is_the_same():
    objective()
    objective(
        "demo.a.fast", step="a", indicator="latency", threshold=0.25, target="0.95", description="ü: #", window_days=7
    )
    objective("by-failures", target="0.8", page_failures=5, page_within=60, ticket_failures=2, ticket_within=90)
    objective("quiet", page=False, ticket=False, runbook="", degraded_is_bad=True)
    text = write((one, one.owner.name) for one in Objective.objects.all())
    before = list(Objective.objects.values(*FIELDS, "owner"))

    assert [line.action for line in take(*yaml.safe_load_all(text))] == ["unchanged"] * 4

    for one in Objective.objects.all():
        one.delete()
    lines = take(*yaml.safe_load_all(text))
    assert [(line.action, line.notes, line.problem) for line in lines] == [("create", [], "")] * 4
    assert list(Objective.objects.values(*FIELDS, "owner")) == before
    assert set(Objective.objects.values_list("source", flat=True)) == {"openslo"}


@settings(max_examples=60, deadline=None)
@given(
    target=st.decimals("0.00000001", "0.99999999", places=8), window=st.integers(1, 90),
    threshold=st.none() | st.floats(0.001, 1e6), failures=st.none() | st.tuples(st.integers(1, 10**6), st.integers(1, 4320)),
    text=st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Cn"]), max_size=40),
)  # fmt: skip
def test_any_objective_reads_back_as_it_was_written(target, window, threshold, failures, text):
    wanted = Wanted(
        name="a.b", owner=Team(name="t"), indicator="success" if threshold is None else "latency", target=Decimal(target),
        workflow="w", step="s", threshold=threshold, description=text, window_days=window, runbook="r",
        page_failures=failures[0] if failures else None, page_within=failures[1] if failures else None, ticket=False,
    )  # fmt: skip
    readings, problems = read(write([(wanted, "t")]), "a.yaml")
    assert problems == []
    (found,) = readings[0].found
    assert (found.name, found.owner, readings[0].notes) == ("a.b", "t", [])
    values = {name: getattr(wanted, name) for name in found.values}
    assert found.values == values
    assert set(found.values) >= set(FIELDS) - {"name"}


def test_the_document_is_one_that_openslo_knows():
    wanted = Wanted(
        name="a", owner=Team(name="t"), indicator="latency", target=Decimal("0.95"), dependency="d", threshold=2.0
    )
    found = document(wanted, "t")
    assert (found["apiVersion"], found["kind"], found["spec"]["budgetingMethod"]) == (
        "openslo/v1",
        "SLO",
        "Occurrences",
    )
    assert found["spec"]["objectives"] == [{"displayName": "a", "target": 0.95, "op": "lte", "value": 2.0}]


def test_what_does_not_fit_is_named_and_the_rest_is_taken(demo: None):
    prometheus = {"ratioMetric": {"total": {"metricSource": {"type": "Prometheus", "spec": {"query": "up"}}}}}
    (line,) = take(
        slo(
            indicator={"spec": prometheus}, alertPolicies=["x"], objectives=[{"targetPercent": 99.5, "timeSliceTarget": 0.9}],
            timeWindow=[{"duration": "4w", "isRolling": False, "calendar": {"startTime": "2026-01-01", "timeZone": "UTC"}}],
        )
    )  # fmt: skip
    assert line.action == "create"
    assert [note.split(":")[0] for note in line.notes] == [
        "spec.timeWindow[0]", "spec.indicator.spec.ratioMetric", "spec.alertPolicies", "spec.objectives[0].timeSliceTarget",
        "page is off",
    ]  # fmt: skip
    made = Objective.objects.get()
    assert (made.target, made.window_days, made.workflow, made.page, made.ticket) == (
        Decimal("0.995"),
        28,
        "demo",
        False,
        True,
    )


def test_an_indicator_of_its_own_is_found_and_several_objectives_are_several(demo: None):
    sli = {"apiVersion": "openslo/v1", "kind": "SLI", "metadata": {"name": "mine"}, "spec": RATIO}
    wanted = slo(indicatorRef="mine", objectives=[{"target": 0.99}, {"target": 0.999}])
    del wanted["spec"]["indicator"]
    lines = take(sli, wanted)
    assert [(line.kind, line.action) for line in lines] == [("SLI", "nothing"), ("SLO", "create"), ("SLO", "create")]
    assert list(Objective.objects.values_list("name", flat=True)) == ["demo-success", "demo-success-2"]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (slo(budgetingMethod="Timeslices"), "only Occurrences"),
        (slo(timeWindow=[{"duration": "1M"}]), "days or weeks"),
        (slo(timeWindow=[]), "wanted one"),
        (slo(objectives=[{"target": 1.0}]), "no budget to spend"),
        (slo(objectives=[{"target": "NaN"}]), "wanted a number"),
        (slo(objectives=[{}]), "one of target and targetPercent"),
        (slo(objectives=["x"]), "a mapping with a target"),
        (slo(objectives=[{"target": 0.123456789123}]), "at most 6 decimals"),
        (slo(indicator={"spec": {}}), "one of ratioMetric and thresholdMetric"),
        (slo(indicatorRef=["x"]), "no SLI of that name"),
        (slo(indicator={"spec": {"ratioMetric": None}}, service="nothing"), "neither a workflow nor a dependency"),
        (slo(indicator={"spec": {"thresholdMetric": {}}}, objectives=[{"target": 0.9, "op": "gt", "value": 1}]), "lte"),
        (slo(indicator={"spec": {"thresholdMetric": {}}}), "value: wanted a number"),
        ({"apiVersion": "openslo/v2", "kind": "SLO"}, "wanted openslo/v1"),
        ({"apiVersion": "openslo/v1", "kind": "Composite"}, "no kind of OpenSLO"),
        ({"apiVersion": "openslo/v1", "kind": "SLO"}, "metadata.name and spec"),
        ([1], "wanted openslo/v1"),
    ],
)
def test_what_can_not_be_had_is_refused_and_keeps_nothing_else_from_it(demo: None, document: Any, words: str):
    lines = take(document, slo("other"))
    assert [line.action for line in lines] == ["refused", "create"]
    assert words in lines[0].problem


def test_text_that_is_no_yaml_is_refused_with_its_place(demo: None):
    (line,) = import_openslo([Document("a: [", "a.yaml")], actor=None, reason="r", may=lambda _: None)
    assert (line.action, line.document) == ("refused", 0)
    assert line.problem.startswith("a.yaml:1:")


def test_a_dry_run_says_the_same_and_changes_nothing(demo: None):
    assert [line.action for line in take(slo(), dry_run=True)] == ["create"]
    assert not Objective.objects.exists()


def test_who_may_not_maintain_the_owner_is_refused_document_by_document(demo: None):
    def deny(team: Team) -> None:
        raise Forbidden(f"not for {team.name}")

    text = yaml.safe_dump(slo())
    (line,) = import_openslo([Document(text, "a.yaml")], actor=None, reason="r", may=deny)
    assert (line.action, line.problem) == ("refused", "not for checkout")


def test_an_imported_objective_is_changed_by_the_next_import(demo: None):
    take(slo())
    assert [line.action for line in take(slo(objectives=[{"target": 0.995}]))] == ["change"]
    assert Objective.objects.get().target == Decimal("0.995")
