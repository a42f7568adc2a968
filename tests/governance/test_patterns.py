"""The library of patterns: each manifest in it is valid, each has a rule that finds its users, and people's edits stay."""

from __future__ import annotations

import re
from typing import Any

import pytest

from governance.models import Pattern
from governance.patterns.files import PatternFile, library
from governance.patterns.usage import RULES, uses
from governance.selectors.patterns import find_pattern, pattern_page, used_by
from governance.services.documents import EditConflict
from governance.services.patterns import create_pattern, edit_pattern, load_library, restore_pattern
from orchestration.errors import InvalidInput
from orchestration.manifest import load
from orchestration.services.manifests import Document, Signature, apply
from tests.people import person

FILES = {file.slug: file for file in library()}
HEADINGS = ("## The problem", "## The way", "## Use it when", "## Don't when", "## Mind")
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("slug", FILES)
def test_its_manifest_is_read_without_a_problem_and_runs_in_this_release(slug: str):
    (text,) = BLOCK.findall(FILES[slug].body)
    loaded = load(text, slug)
    assert [str(problem) for problem in loaded.problems] == []


@pytest.mark.parametrize("slug", FILES)
def test_it_says_when_to_use_it_and_when_not_and_its_own_manifest_uses_it(slug: str):
    file = FILES[slug]
    assert [heading for heading in HEADINGS if f"{heading}\n" not in file.body] == []
    assert 20 < len(file.summary) <= 300
    resources = load(BLOCK.findall(file.body)[0], slug).resources
    specs = {one.canonical["metadata"]["name"]: one.canonical["spec"] for one in resources if one.kind == "Dependency"}
    flows = [one.canonical for one in resources if one.kind == "Workflow"]
    calling = {"spec": {"steps": {f"call_{name}": {"dependency": name} for name in specs}}}
    assert slug in uses(flows[0] if flows else calling, specs)


def test_every_pattern_has_a_rule_and_there_are_enough():
    assert set(RULES) == set(FILES)
    assert len(FILES) >= 8


@pytest.mark.parametrize(
    "canonical", [{}, {"spec": {}}, {"spec": {"steps": {"a": {"value": 1}}}}, {"spec": {"steps": {"a": None}}}]
)
def test_a_workflow_that_does_nothing_special_uses_nothing(canonical: dict[str, Any]):
    assert uses(canonical, {}) == frozenset()


def test_one_way_back_is_no_saga_and_neither_is_an_explanation():
    write = {"effect": "write", "http": {}, "compensate": {"value": 1}}
    explained = {"effect": "write", "http": {}, "compensate": {"none": "why"}}
    assert "saga" not in uses({"spec": {"steps": {"a": write, "b": explained}}}, {})
    assert "saga" in uses({"spec": {"steps": {"a": write, "b": write}}}, {})


@pytest.mark.django_db
def test_the_library_is_loaded_once_and_a_newer_one_renews_what_nobody_edited(team: Any, maintainer: Any):
    assert len(load_library(FILES.values())) == len(FILES)
    assert load_library(FILES.values()) == []
    edited = find_pattern("saga")
    edit_pattern(
        pattern=edited, revision=1, title="Our saga", summary="s", body="b", status="active", owner=team, actor=maintainer,
        reason="ours",
    )  # fmt: skip
    newer = [PatternFile(slug, "New title", "Newer.", "text") for slug in ("saga", "fallback")]
    assert load_library(newer) == ["fallback"]
    assert find_pattern("saga").title == "Our saga"
    assert find_pattern("fallback").revision == 2


@pytest.mark.django_db
def test_who_uses_a_pattern_is_read_from_the_active_versions(team: Any):
    manifest = """apiVersion: plumbline/v1
kind: Dependency
metadata: {name: shop, owner: checkout}
spec: {base_url: "http://x.example", bulkhead: {limit: 3}}
---
apiVersion: plumbline/v1
kind: Workflow
metadata: {name: asking, version: 1.0.0, owner: checkout}
spec: {steps: {a: {http: {path: /a}, dependency: shop, effect: read, fallback: {value: 1}}}}
"""
    apply([Document(manifest, "m.yaml")], Signature(None, "a test"))
    assert used_by() == {"bulkhead": ["asking"], "fallback": ["asking"]}


@pytest.mark.django_db
def test_a_pattern_is_edited_like_other_documents(team: Any, maintainer: Any):
    given = {
        "title": "Dead letter",
        "summary": "Keep what can't be done.",
        "status": "active",
        "owner": team,
        "actor": maintainer,
    }
    made = create_pattern(slug="", body="text", reason="new", **given)
    assert (made.slug, made.revision) == ("dead-letter", 1)
    second = edit_pattern(pattern=made, revision=1, body="better", reason="edit", **given)
    with pytest.raises(EditConflict):
        edit_pattern(pattern=made, revision=1, body="mine", reason="edit", **given)
    first = made.history.earliest().history_id
    assert restore_pattern(pattern=second, history_id=first, actor=maintainer, reason="back").body == "text"
    for changes in (
        {"slug": "Bad Name"},
        {"slug": "new"},
        {"slug": "dead-letter"},
        {"slug": "x", "status": "odd"},
        {"slug": "x", "summary": "y" * 301},
    ):
        with pytest.raises(InvalidInput):
            create_pattern(**{"body": "b", "reason": "r", "slug": "x", **given, **changes})


@pytest.mark.django_db
def test_the_pages_show_who_uses_it_and_only_admins_edit_what_belongs_to_everybody(
    team: Any, maintainer: Any, signed_in: Any
):
    load_library(FILES.values())
    browser, admin = signed_in(maintainer), signed_in(person("admin"))
    assert "Saga" in browser.get("/patterns/").content.decode()
    page = browser.get("/patterns/saga/").content.decode()
    assert "No active version of a workflow uses it now." in page
    assert "/patterns/saga/edit/" not in page
    assert browser.get("/patterns/saga/edit/").status_code == 403
    given = {
        "title": "Saga",
        "summary": "s",
        "status": "active",
        "owner": "",
        "body": "text",
        "reason": "r",
        "revision": "1",
    }
    assert admin.post("/patterns/saga/edit/", given).status_code == 302
    answer = admin.post("/patterns/saga/edit/", {**given, "body": "mine"})
    assert answer.status_code == 409
    assert "mine" in answer.content.decode()
    assert Pattern.objects.get(slug="saga").body == "text"
    assert browser.post("/patterns/new/", {**given, "title": "Dead letter", "owner": "checkout"}).status_code == 302
    assert [row.slug for row in pattern_page(q="dead letter").items] == ["dead-letter"]
