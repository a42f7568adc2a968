"""Applying manifests in the browser: plan, gates, reason, applied; problems with their place."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from orchestration.models import Team, WorkflowVersion

URL = "/workflows/apply/"
FLOW = """apiVersion: plumbline/v1
kind: Workflow
metadata: {name: fresh, version: 1.0.0, owner: checkout}
spec:
  steps:
    one: {value: 1}
"""
TEAM = "apiVersion: plumbline/v1\nkind: Team\nmetadata: {name: extra}\nspec: {weight: 1}\n"


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.fixture
def maintainer(sign_in):
    return sign_in("maintainer")


def test_planning_shows_what_would_change_and_changes_nothing(maintainer):
    said = text(maintainer.post(URL, {"text": FLOW, "plan": "1"}))
    assert "Workflow fresh 1.0.0 is new." in said
    assert "Needs a maintainer of team checkout" in said
    assert "Apply 1 change" in said
    assert not WorkflowVersion.objects.exists()


def test_applying_needs_a_reason_and_keeps_the_text(maintainer):
    answer = maintainer.post(URL, {"text": FLOW, "reason": " ", "apply": "1"})
    assert answer.status_code == 422
    assert "A reason is required" in text(answer)
    assert "name: fresh" in text(answer)
    assert not WorkflowVersion.objects.exists()


def test_applying_publishes_with_the_reason_and_who(maintainer):
    answer = maintainer.post(URL, {"text": FLOW, "reason": "First one", "apply": "1"}, follow=True)
    version = WorkflowVersion.objects.get()
    assert version.reason == "First one"
    assert version.published_by.username.startswith("maintainer")
    assert answer.redirect_chain[-1][0] == "/workflows/fresh/"
    assert "Applied Workflow fresh 1.0.0." in text(answer)


def test_what_is_applied_already_changes_nothing(maintainer):
    maintainer.post(URL, {"text": FLOW, "reason": "First one", "apply": "1"})
    said = text(maintainer.post(URL, {"text": FLOW, "plan": "1"}))
    assert "Nothing changes." in said
    assert "Apply 0" not in said


def test_problems_have_file_line_column_and_a_suggestion(maintainer):
    answer = maintainer.post(URL, {"text": FLOW.replace("steps:", "stepz:"), "source": "fresh.yaml", "plan": "1"})
    assert answer.status_code == 422
    said = text(answer)
    assert "fresh.yaml:5:3" in said
    assert "did you mean &#x27;steps&#x27;?" in said


def test_files_are_planned_under_their_own_names(maintainer):
    file = SimpleUploadedFile("broken.yaml", b"kind: Nothing\n")
    said = text(maintainer.post(URL, {"files": file, "plan": "1"}))
    assert "broken.yaml:1:" in said


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"\xff\xfe\x00", "is not UTF-8 text"), (b"#" * (3 * 1024 * 1024), "a manifest has at most 1 MiB")],
)
def test_a_file_that_is_no_manifest_is_refused_by_name(maintainer, content, words):
    answer = maintainer.post(URL, {"files": SimpleUploadedFile("odd.yaml", content), "plan": "1"})
    assert answer.status_code == 422
    assert words in text(answer)


def test_nothing_to_plan_is_said(maintainer):
    answer = maintainer.post(URL, {"text": "  ", "plan": "1"})
    assert answer.status_code == 422
    assert "There is nothing to plan" in text(answer)


@pytest.mark.parametrize(
    ("role", "document"), [("operator", FLOW), ("viewer", FLOW), ("stranger", FLOW), ("maintainer", TEAM)]
)
def test_a_closed_gate_is_shown_and_holds(sign_in, team, role, document):
    client = sign_in(role)
    said = text(client.post(URL, {"text": document, "plan": "1"}))
    assert "a gate is closed" in said
    before = Team.objects.count()
    assert client.post(URL, {"text": document, "reason": "try", "apply": "1"}).status_code == 403
    assert not WorkflowVersion.objects.exists()
    assert Team.objects.count() == before


def test_an_admin_passes_every_gate(sign_in, team):
    sign_in("admin").post(URL, {"text": TEAM + "---\n" + FLOW, "reason": "Begin", "apply": "1"})
    assert Team.objects.filter(name="extra").exists()
    assert WorkflowVersion.objects.exists()
