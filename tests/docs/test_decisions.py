"""Our own decision records: MADR 4 that our own reader takes without a notice, and a promise that can be checked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from governance.decisions import parse
from tests.docs.documents import DECISIONS, ROOT

HEADINGS = ["## Context and Problem Statement", "## Considered Options", "## Decision Outcome", "### Consequences"]


def test_decisions_are_numbered_without_a_gap():
    numbers = [int(path.stem.split("-")[0]) for path in DECISIONS]

    assert numbers == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_our_own_reader_takes_each_decision(path: Path):
    found = parse(path.read_text(), path.name)

    assert found.warnings == ()
    assert found.status == "accepted"
    assert found.date is not None
    assert found.number == int(path.stem.split("-")[0])
    assert dict(found.people) == {"decision-makers": ("engineering",)}


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_each_decision_has_the_parts_of_madr_in_order(path: Path):
    text = path.read_text()

    places = [text.find(f"\n{heading}\n") for heading in HEADINGS]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_files_that_a_decision_names_exist(path: Path):
    for name in re.findall(r"`([a-z_]+/[a-z_/]*(?:\.[a-z]+)?)`", path.read_text()):
        places = [ROOT / name, ROOT / "orchestration" / name]
        assert any(place.exists() for place in places), f"{path.name} names {name}"


def test_celery_carries_wake_ups_and_tasks_of_other_apps_and_nothing_else():
    others = {"orchestration/steps/celery.py", "orchestration/callbacks.py", "orchestration/tasks.py"}
    source = "\n".join(
        path.read_text()
        for folder in ("orchestration", "governance", "portal")
        for path in (ROOT / folder).rglob("*.py")
        if path.relative_to(ROOT).as_posix() not in others
    )

    assert re.search(r"\b(countdown|eta)=|apply_async|link_error", source) is None
    assert re.search(r"from celery(\.canvas)? import .*\b(chord|chain|group|chunks|signature)\b", source) is None
    assert "CELERY_RESULT_BACKEND = None" in source
