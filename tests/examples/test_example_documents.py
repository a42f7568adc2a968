"""Decisions and runbooks of the example company: readable by a program, and about things that exist."""

import re
from datetime import date
from pathlib import Path

import pytest
from ruamel.yaml import YAML

EXAMPLES = Path(__file__).parents[2] / "examples"
DECISIONS = sorted((EXAMPLES / "decisions").glob("*.md"))
RUNBOOKS = sorted((EXAMPLES / "runbooks").glob("*.md"))


def front_matter(path):
    _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
    return YAML(typ="safe").load(head), body


def manifests():
    for path in sorted((EXAMPLES / "manifests").glob("*.yaml")):
        yield from YAML(typ="safe").load_all(path.read_text(encoding="utf-8"))


def named(kind):
    return {document["metadata"]["name"] for document in manifests() if document["kind"] == kind}


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_names_its_number_status_owner_and_existing_workflows(path):
    head, body = front_matter(path)
    assert f"{head['number']:04d}-" == path.name[:5]
    assert isinstance(head["date"], date)
    assert re.fullmatch(r"accepted|proposed|superseded by \d{4}", head["status"])
    assert {head["owner"], *head["decision-makers"]} <= named("Team")
    assert set(head["workflows"]) <= named("Workflow")
    for heading in ("# ", "## Context and Problem Statement", "## Considered Options", "## Decision Outcome"):
        assert f"\n{heading}" in body


def test_one_decision_is_proposed_and_one_superseded_by_another_that_says_so():
    heads = {head["number"]: head for head, _ in map(front_matter, DECISIONS)}
    statuses = [head["status"].split()[0] for head in heads.values()]
    assert (statuses.count("proposed"), statuses.count("superseded")) == (1, 1)
    for number, head in heads.items():
        for older in head.get("supersedes", []):
            assert heads[older]["status"] == f"superseded by {number:04d}"


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda path: path.stem)
def test_a_runbook_has_its_headings_and_each_step_says_what_to_do_expect_and_do_otherwise(path):
    head, body = front_matter(path)
    assert head["title"]
    assert head["review_by"] > date(2026, 11, 1)
    assert head["owner"] in named("Team")
    assert set(head["workflows"]) <= named("Workflow")
    assert set(head["dependencies"]) <= named("Dependency")
    assert re.findall(r"^## (.+)$", body, re.M) == ["Meaning", "Impact", "Diagnosis", "Mitigation"]
    steps = re.findall(r"^\d+\. (.+?)(?=^\d+\. |^## |\Z)", body, re.M | re.S)
    assert len(steps) >= 3
    for step in steps:
        assert re.match(r"\*\*Do\*\* .+\*\*Expect\*\* .+\*\*If not\*\* ", step, re.S), step


def test_workflows_link_documents_that_exist():
    decisions = {path.stem[5:] for path in DECISIONS}
    runbooks = {path.stem for path in RUNBOOKS}
    for document in manifests():
        if document["kind"] == "Workflow":
            assert set(document["metadata"].get("decisions", ())) <= decisions
            assert document["metadata"]["runbook"] in runbooks


def test_the_postmortem_is_about_trouble_that_the_example_history_plays():
    from examples.history import SLOW

    (path,) = sorted((EXAMPLES / "postmortems").glob("*.md"))
    head, body = front_matter(path)
    hour, minute = map(int, head["began"].split(":"))
    assert (head["days_ago"], hour, head["minutes"]) in SLOW
    assert minute == 7, "the trouble begins seven minutes past the hour"
    assert {head["owner"], *(item["owner"] for item in head["actions"])} <= named("Team")
    assert set(head["workflows"]) <= named("Workflow")
    assert set(head["dependencies"]) <= named("Dependency")
    assert head["began"] < min(line["at"] for line in head["lines"])
    assert "root cause" not in body.lower()
