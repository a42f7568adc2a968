"""`manage.py load_documents`: each file once, in the right order, and a strange one never stops the others."""

import io

import pytest
from django.core.management import CommandError, call_command

from governance.models import Decision, Runbook
from governance.selectors.revisions import revisions
from governance.services.decisions import edit_decision


@pytest.fixture
def folder(tmp_path, team):
    def write(**files):
        for name, text in files.items():
            kind, _, stem = name.partition("__")
            (tmp_path / kind).mkdir(exist_ok=True)
            (tmp_path / kind / f"{stem}.md").write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path

    return write


def load(path, **options):
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("load_documents", str(path), stdout=out, stderr=err, **options)
    except CommandError as error:
        return out.getvalue(), f"{err.getvalue()}{error}"
    return out.getvalue(), err.getvalue()


def test_decisions_and_runbooks_are_loaded_once_and_people_keep_their_edits(folder, decision_edit, workflow):
    path = folder(
        **{
            "decisions__0003-use-a-saga": "---\nstatus: accepted\ndate: 2026-01-02\nowner: checkout\n"
            "workflows: [order-fulfilment]\ndecision-makers: [a, b]\n---\n# Use a saga\n\nBecause.\n",
            "runbooks__payments-slow": "---\ntitle: Slow\nowner: checkout\nreview_by: 2027-01-01\n---\n## Meaning\n",
        }
    )
    out, err = load(path)
    assert ("2 loaded, 0 there already, 0 not loaded" in out, err) == (True, "")
    decision = Decision.objects.get()
    assert (decision.number, decision.slug, decision.title, decision.body) == (
        3,
        "use-a-saga",
        "Use a saga",
        "Because.\n",
    )
    assert decision.front_matter == {"decision-makers": ["a", "b"]}
    assert decision.links.get().workflow == workflow
    assert (revisions(decision).items[0].by, revisions(decision).items[0].reason) == (
        "",
        f"Loaded from the folder {path.name}",
    )
    edit_decision(actor=None, **decision_edit(decision, body="edited by a person", correction=True))
    assert "0 loaded, 2 there already, 0 not loaded" in load(path)[0]
    assert Decision.objects.get().body == "edited by a person"
    assert Runbook.objects.get().revision == 1


@pytest.mark.parametrize("says", ["old", "new", "both"])
def test_superseding_is_loaded_whichever_file_says_it(folder, says):
    old = "superseded by 0002" if says != "new" else "accepted"
    new = "supersedes: [1]\n" if says != "old" else ""
    path = folder(
        **{
            "decisions__0001-old": f"---\nstatus: {old}\nowner: checkout\n---\n# Old\n",
            "decisions__0002-new": f"---\nstatus: accepted\nowner: checkout\n{new}---\n# New\n",
        }
    )
    assert load(path)[1] == ""
    first = Decision.objects.get(number=1)
    assert (first.status, first.superseded_by.number, first.revision) == ("superseded", 2, 1)


def test_strange_files_are_reported_by_name_and_the_rest_is_loaded(folder):
    path = folder(
        **{
            "decisions__good": "---\nowner: checkout\n---\n# Good\n",
            "decisions__no-owner": "# No owner\n",
            "decisions__bad-yaml": "---\na: [\n---\n",
            "decisions__0007-circle": "---\nstatus: superseded by 8\nowner: checkout\n---\n# C1\n",
            "decisions__0008-circle-too": "---\nstatus: superseded by 7\nowner: checkout\n---\n# C2\n",
            "decisions__nul": "---\nowner: checkout\n---\n# N\n\na\x00b",
            "runbooks__Latin": "---\nowner: checkout\n---\n",
            "runbooks__bytes": b"---\nowner: checkout\n---\n\xff\xfe",
            "runbooks__elsewhere": "---\nowner: nobody\n---\n",
            "runbooks__good": "---\nowner: checkout\nworkflows: [not-yet]\nstatus: fine\n---\n",
        }
    )
    out, err = load(path)
    assert "4 loaded, 0 there already, 6 not loaded" in out
    for name in ("no-owner", "bad-yaml", "nul", "Latin", "bytes", "elsewhere"):
        assert name in err
    assert "0008-circle-too.md: 0008-circle-too.md itself supersedes" not in err
    assert "that would be a circle; kept as a relation" in out
    assert [row.status for row in Decision.objects.filter(number__in=[7, 8])] == ["superseded", "superseded"]
    assert "good: there is no workflow 'not-yet' yet; the link was left out" in out
    assert "status 'fine' is none of ours" in out
    assert Runbook.objects.get().front_matter == {"status": "fine"}


def test_a_team_can_be_named_for_files_that_name_none(folder):
    assert load(folder(decisions__a="# A\n"), owner="checkout", reason="moved in")[1] == ""
    assert revisions(Decision.objects.get()).items[0].reason == "moved in"


def test_a_number_that_is_taken_becomes_the_next_free_one(folder, decide):
    decide("There first")
    out, err = load(folder(**{"decisions__0001-late": "---\nowner: checkout\n---\n# Late\n"}))
    assert (Decision.objects.get(slug="late").number, err) == (2, "")
    assert "number 1 is taken; it became 2" in out


def test_a_path_that_is_no_folder_is_named(tmp_path):
    assert "is no folder" in load(tmp_path / "nope")[1]


def test_an_empty_folder_is_no_error(folder):
    assert "0 loaded" in load(folder())[0]
