"""A runbook's file in another folder: moved it keeps its runbook, copied it makes none, and what is unclear is asked."""

from __future__ import annotations

import pytest

from governance.models import Runbook, RunbookOrigin
from orchestration.models import Team
from tests.runbooks.test_runbook_files import edit, give, take

pytestmark = pytest.mark.django_db
OLD, NEW = "alerts/kube-down.md", "kube/kube-down.md"
TEXT = "# Kube down\n\n1. Restart it.\n"
EDITED = TEXT + "2. Look again.\n"


def test_a_file_that_moved_keeps_its_runbook_and_its_next_edit_is_one_of_that(team):
    take({OLD: TEXT})
    line = take({NEW: TEXT})[0]
    assert (line.action, line.slug, line.notes) == ("unchanged", "kube-down", [f"it was {OLD}, which moved here"])
    assert RunbookOrigin.objects.get().path == NEW
    assert take({NEW: EDITED})[0].action == "change"
    assert Runbook.objects.get().body.endswith("2. Look again.\n")
    assert give() == {NEW: EDITED}


def test_a_file_that_moved_and_was_edited_is_asked_about_and_the_way_out_works(team):
    take({OLD: TEXT})
    line = take({NEW: EDITED})[0]
    assert line.action == "conflict"
    assert f"belongs to {OLD}, which is not among these files" in line.problem
    assert give() == {OLD: TEXT}
    assert [take({path: EDITED})[0].action for path in (OLD, NEW)] == ["change", "unchanged"]
    assert give() == {NEW: EDITED}


def test_what_was_edited_here_stays_when_its_file_moves(team):
    take({OLD: TEXT})
    edit("kube-down", body="# Kube down\n\nhere\n")
    assert take({NEW: TEXT})[0].action == "unchanged"
    assert Runbook.objects.get().body == "# Kube down\n\nhere\n"
    assert take({NEW: EDITED})[0].action == "conflict", "as at its old path"


def test_a_folder_in_two_pieces_has_moved_nothing(team):
    take({OLD: TEXT})
    assert take({NEW: TEXT}, paths=[OLD])[0].action == "skipped"
    assert take({NEW: "another"}, paths=[OLD])[0].action == "create"
    assert set(give()) == {OLD, NEW}


def test_a_copy_stays_a_copy_however_often_the_original_is_edited(team):
    take({OLD: TEXT, NEW: TEXT})
    for text in (EDITED, EDITED + "3. Sleep.\n", EDITED + "3. Sleep.\n"):
        assert [line.action for line in take({OLD: text, NEW: TEXT})][1] == "skipped"
    assert Runbook.objects.count() == 1


def test_a_file_of_another_team_with_the_same_words_is_no_copy(team):
    Team.objects.create(name="other")
    take({OLD: TEXT})
    take({OLD: EDITED, NEW: f"---\nowner: other\n---\n{TEXT}"})
    assert sorted(Runbook.objects.values_list("slug", "owner__name")) == [
        ("kube-down", "checkout"), ("kube-kube-down", "other"),
    ]  # fmt: skip


def test_nobody_moves_the_file_of_another_team(team):
    take({OLD: TEXT})
    line = take({NEW: TEXT}, may=lambda one: False)[0]
    assert (line.action, "whose it is" in line.problem) == ("refused", True)
    assert RunbookOrigin.objects.get().path == OLD


def test_a_dry_run_tells_the_names_that_the_real_one_makes(team):
    files = {
        "a/down.md": "one",
        "z/down.md": "two",
        "y/z/down.md": "three",
        "b/down.md": "one",
        "new.md": "---\nowner: no\n---\n",
    }
    told = take(files, dry_run=True)
    assert not Runbook.objects.exists()
    assert told == take(files)
    assert [line.slug for line in told][:3] == ["down", "z-down", "z-down-2"]
