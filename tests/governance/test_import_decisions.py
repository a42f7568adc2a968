"""A folder of decisions comes in file by file, again and again, and loses nothing that people wrote on either side."""

from __future__ import annotations

import io
import zipfile

import pytest

from governance.decisions.archive import MAX_FILE, MOST_OTHERS, read_zip
from governance.gate.decisions import ACCEPT
from governance.gate.opening import propose
from governance.gate.subjects import Object
from governance.models import Decision, DecisionRelation, DecisionSource
from governance.selectors.decision_files import exported, relations_of
from governance.selectors.revisions import revisions
from governance.services import importing
from governance.services.decisions import create_decision, edit_decision
from governance.services.importing import import_decisions
from orchestration.errors import InvalidInput
from orchestration.services.applying import Signature
from orchestration.services.manifests import Document, apply
from tests.decisions.test_parse import CASES
from tests.governance.gatehouse import policy

OLD = "# 1. Old way\n\nDate: 2020-01-02\n\n## Status\n\nSuperceded by [2. New way](0002-new-way.md)\n\n## Context\n\nOnce.\n"
NEW = "# 2. New way\n\nDate: 2021-03-04\n\n## Status\n\nAccepted\n\nSupercedes [1. Old way](0001-old-way.md)\n\nAmends [3. Third](0003-third.md)\n\n## Context\n\nNow.\n"
THIRD = "---\nstatus: Approved (2021-01-01)\ndate: 2021-01-01\ndecision-makers: [red, blue]\n---\n# Third\n\nText.\r\n"
FOLDER = {"0001-old-way.md": OLD, "0002-new-way.md": NEW, "0003-third.md": THIRD, "README.md": "# Decisions\n\nOurs.\n"}


@pytest.fixture
def bring(team, maintainer):
    def run(files, folder="adr", dry_run=False, may=lambda team: True, reason="import of adr", **more):
        report = import_decisions(
            files=files, folder=folder, owner=team, actor=maintainer, reason=reason, may=may, dry_run=dry_run, **more
        )
        return {line.path: line for line in report.lines}

    return run


def texts(files):
    return {path: content.decode() for path, content in files}


def outcomes(lines):
    return {path: line.outcome for path, line in lines.items()}


def test_a_folder_becomes_decisions_with_both_ends_of_every_link(bring, maintainer):
    lines = bring(FOLDER)
    assert outcomes(lines) == {
        "0001-old-way.md": "created", "0002-new-way.md": "created", "0003-third.md": "created", "README.md": "not_a_record",
    }  # fmt: skip
    old, new, third = Decision.objects.order_by("number")
    assert (old.number, old.status, old.superseded_by, old.revision) == (1, "superseded", new, 1)
    assert (new.title, new.status, new.date.isoformat(), new.slug) == ("New way", "accepted", "2021-03-04", "new-way")
    assert (third.status, third.front_matter) == (
        "accepted",
        {"decision-makers": ["red", "blue"], "status": "Approved (2021-01-01)"},
    )
    assert [(row.label, row.decision) for row in relations_of(new)] == [("Amends", third)]
    assert [(row.label, row.decision) for row in relations_of(third)] == [("Amended by", new)]
    first = revisions(new).items[0]
    assert (first.by, first.reason) == (maintainer.get_username(), "import of adr")


def test_an_unedited_export_is_the_very_folder(bring):
    files = {case.path: case.text for case in CASES if "\x00" not in case.text}
    lines = bring(files)
    taken = {path for path, line in lines.items() if line.outcome == "created"}
    assert taken == set(files)
    assert texts(exported()) == files


def test_the_same_folder_again_is_kept_and_writes_nothing(bring):
    bring(FOLDER)
    before = sum(decision.history.count() for decision in Decision.objects.all())
    lines = bring(FOLDER)
    assert set(outcomes(lines).values()) == {"kept", "not_a_record"}
    assert sum(decision.history.count() for decision in Decision.objects.all()) == before


def test_a_file_that_changed_is_a_new_revision_with_the_imports_reason(bring):
    bring(FOLDER)
    lines = bring({**FOLDER, "0003-third.md": THIRD.replace("Text.", "Other text.")}, reason="import of adr at noon")
    assert outcomes(lines)["0003-third.md"] == "updated"
    third = Decision.objects.get(number=3)
    assert (third.revision, third.body) == (2, "Other text.\n")
    assert revisions(third).items[0].reason == "import of adr at noon"


def test_what_was_edited_here_is_kept_and_what_was_edited_on_both_sides_is_a_conflict(bring, decision_edit):
    bring(FOLDER)
    edit_decision(actor=None, **decision_edit(Decision.objects.get(number=3), body="Said here.", correction=True))
    assert (bring(FOLDER)["0003-third.md"].outcome, Decision.objects.get(number=3).body) == ("kept", "Said here.")
    changed = {**FOLDER, "0003-third.md": THIRD.replace("Text.", "Said there.")}
    line = bring(changed)["0003-third.md"]
    assert (line.outcome, line.number) == ("conflict", 3)
    assert "changed in the file and here" in line.detail
    assert Decision.objects.get(number=3).body == "Said here."
    assert DecisionSource.objects.get(path="0003-third.md").text == THIRD


def test_an_edited_decision_is_exported_as_it_is_now_and_its_file_comes_back_as_kept(bring, decision_edit):
    bring(FOLDER)
    edit_decision(
        actor=None,
        **decision_edit(Decision.objects.get(number=3), body="Said here.", title="Third, anew", correction=True),
    )
    files = texts(exported())
    assert files["0001-old-way.md"] == OLD
    assert "# Third, anew\n\nSaid here.\n" in files["0003-third.md"]
    assert "decision-makers: [red, blue]" in files["0003-third.md"]
    assert 'status: "Approved (2021-01-01)"' in files["0003-third.md"]
    line = bring({**FOLDER, **files})["0003-third.md"]
    assert (line.outcome, line.detail) == ("kept", "")
    assert texts(exported()) == files


def test_a_dry_run_says_what_would_come_and_writes_nothing(bring):
    bring({"0003-third.md": THIRD})
    tried = bring({**FOLDER, "0003-third.md": THIRD.replace("Text.", "New.")}, dry_run=True)
    assert Decision.objects.count() == 1
    real = bring({**FOLDER, "0003-third.md": THIRD.replace("Text.", "New.")})
    assert {path: (line.outcome, line.number) for path, line in tried.items()} == {
        path: (line.outcome, line.number) for path, line in real.items()
    }


def test_a_taken_number_becomes_the_next_free_one_with_a_notice(bring, decide):
    decide("There first")
    lines = bring({"0001-a.md": "# A\n", "x/0007-b.md": "# B\n", "y/0007-c.md": "# C\n"})
    assert [(line.number, line.notices) for line in lines.values()] == [
        (8, ("number 1 is taken; it became 8",)), (7, ()), (9, ("number 7 is taken; it became 9",)),
    ]  # fmt: skip


def test_files_with_one_title_become_decisions_with_names_of_their_own(bring):
    bring({"a/0001-same.md": "# Same\n", "b/0002-same.md": "# Same\n", "0003-日本.md": "# 日本\n"})
    assert list(Decision.objects.order_by("number").values_list("slug", flat=True)) == ["same", "same-2", "decision-3"]


def test_a_record_superseded_by_nothing_here_stays_superseded_and_says_so(bring):
    line = bring({"0001-x.md": "# X\n\nStatus: Superseded by the new platform\n"})["0001-x.md"]
    decision = Decision.objects.get()
    assert (decision.status, decision.front_matter["status"]) == ("superseded", "Superseded by the new platform")
    assert any("no record here can be its successor" in notice for notice in line.notices)
    assert texts(exported())["0001-x.md"] == "# X\n\nStatus: Superseded by the new platform\n"


def test_such_a_one_can_be_corrected_and_superseded_by_a_decision_here(bring, decide, decision_edit):
    bring({"0001-x.md": "# X\n\nStatus: Superseded\n"})
    old = edit_decision(actor=None, **decision_edit(Decision.objects.get(), title="Y", correction=True))
    assert (old.title, old.status, old.superseded_by) == ("Y", "superseded", None)
    new = decide("Z", status="accepted", supersedes=[1])
    assert Decision.objects.get(number=1).superseded_by == new


def test_a_successor_that_states_no_status_counts_as_accepted_one_that_is_proposed_does_not(bring):
    old = "# {0}\n\nStatus: superseded by [{1}](000{1}-x.md)\n"
    lines = bring(
        {
            "0001-x.md": old.format(1, 2), "0002-x.md": "# 2. Two\n",
            "0003-x.md": old.format(3, 4), "0004-x.md": "# 4. Four\n\nStatus: proposed\n",
            "0005-x.md": old.format(5, 6), "0006-x.md": "# 6. Six\n\nStatus: parked until May\n",
        }
    )  # fmt: skip
    found = {row.number: row for row in Decision.objects.select_related("superseded_by")}
    assert {number: row.status for number, row in found.items()} == {
        1: "superseded", 2: "accepted", 3: "superseded", 4: "proposed", 5: "superseded", 6: "draft",
    }  # fmt: skip
    assert [found[number].superseded_by for number in (1, 3, 5)] == [found[2], None, None]
    assert any("took the place of 0001-x.md" in notice for notice in lines["0002-x.md"].notices)
    assert any("0004-x.md is proposed" in notice for notice in lines["0003-x.md"].notices)
    again = bring({path: texts(exported())[path] for path in lines})
    assert {line.outcome for line in again.values()} == {"kept"}


def test_a_sentence_of_the_text_neither_accepts_its_record_nor_retires_another(bring):
    lines = bring(
        {
            "0001-a.md": "# 1. A\n\nStatus: accepted\n",
            "0002-b.md": "# 2. B\n\n## Context\n\nThis replaces [A](0001-a.md).\n",
            "0003-c.md": "# 3. C\n\nStatus: accepted\n",
            "0004-d.md": "# 4. D\n\nSupersedes: [C](0003-c.md)\n",
            "0005-e.md": "# 5. E\n\nThis replaces [A](0001-a.md) if we agree.\n",
        }
    )
    found = dict(Decision.objects.values_list("number", "status"))
    assert found == {1: "accepted", 2: "draft", 3: "superseded", 4: "accepted", 5: "draft"}
    assert any("without a status, so it supersedes nothing yet" in notice for notice in lines["0002-b.md"].notices)


def test_a_successor_that_was_rejected_here_leaves_the_old_record_its_own_status(bring, decision_edit):
    new = "# 2. B\n\nStatus: {}\n\nSupersedes: [A](0001-a.md)\n"
    bring({"0002-b.md": new.format("proposed")})
    edit_decision(actor=None, **decision_edit(Decision.objects.get(number=2), status="rejected"))
    lines = bring({"0001-a.md": "# 1. A\n\nStatus: accepted\n", "0002-b.md": new.format("accepted")})
    line = lines["0001-a.md"]
    assert lines["0002-b.md"].outcome == "conflict"
    old = Decision.objects.get(number=1)
    assert (old.status, old.superseded_by) == ("accepted", None)
    assert any("can't be its successor here; it stays accepted" in notice for notice in line.notices)


def test_a_successor_that_comes_later_takes_its_place(bring):
    first = {"0001-old-way.md": OLD}
    assert bring(first)["0001-old-way.md"].outcome == "created"
    assert Decision.objects.get().superseded_by is None
    lines = bring({"0002-new-way.md": NEW, "0003-third.md": THIRD})
    assert outcomes(lines) == {"0001-old-way.md": "updated", "0002-new-way.md": "created", "0003-third.md": "created"}
    old = Decision.objects.get(number=1)
    assert (old.status, old.superseded_by.number) == ("superseded", 2)
    assert texts(exported())["0001-old-way.md"] == OLD


def test_of_two_paths_that_differ_only_in_case_the_later_is_given_out_below_its_number(bring):
    bring({"a/0001-x.md": "# 1. X\n", "a/0001-X.md": "# 2. X too\n"})
    assert sorted(texts(exported(folder="adr"))) == ["a/0001-X.md", "a/0002-0001-x.md"]


def test_circles_of_superseding_and_amending_are_cut_and_told(bring):
    status = "# {0}\n\n## Status\n\nSuperseded by [{1}](000{1}-x.md)\n"
    amends = "# {0}\n\n## Status\n\nAccepted\n\nAmends [{1}](000{1}-x.md)\n"
    lines = bring(
        {
            "0001-x.md": status.format(1, 2),
            "0002-x.md": status.format(2, 1),
            "0003-x.md": amends.format(3, 4),
            "0004-x.md": amends.format(4, 3),
        }
    )
    assert set(outcomes(lines).values()) == {"created"}
    told = [notice for line in lines.values() for notice in line.notices]
    assert sum("that would be a circle" in notice for notice in told) == 2
    assert DecisionRelation.objects.filter(kind="amends").count() == 1


def test_a_file_never_stops_the_others(bring, monkeypatch):
    files = {
        "good.md": "# Good\n", "nul.md": "# N\n\na\x00", "surrogate.md": "# \ud800\n", "../up.md": "# Up\n", "/abs.md": "# Abs\n", "a\\b.md": "# B\n",
        "long.md": "# L\n" + "x" * 250_000, "huge.md": "x" * (MAX_FILE + 1), "title.md": f"# {'T' * 300}\n", "pic.png": "", "empty.md": " \n",
        "000-template.md": "# {short title}\n", "p" * 500 + ".md": "# P\n",
    }  # fmt: skip
    lines = bring(files, refused={"latin.md": "line 3 is not UTF-8; save the file as UTF-8"})
    by = {
        outcome: {path for path, line in lines.items() if line.outcome == outcome}
        for outcome in set(outcomes(lines).values())
    }
    assert by["created"] == {"good.md", "title.md"}
    assert by["not_a_record"] == {"pic.png", "empty.md", "000-template.md"}
    assert {"nul.md", "surrogate.md", "../up.md", "/abs.md", "a\\b.md", "long.md", "huge.md", "latin.md"} < by["failed"]
    assert all(line.detail for line in lines.values() if line.outcome == "failed")
    assert Decision.objects.get(slug="title").title.endswith("…")


def test_a_record_of_another_team_is_left_to_its_maintainers(bring, other_team, decision_edit):
    bring(FOLDER)
    edit_decision(actor=None, **decision_edit(Decision.objects.get(number=3), owner=other_team))
    line = bring({**FOLDER, "0003-third.md": THIRD + "More.\n"}, may=lambda team: team != other_team)["0003-third.md"]
    assert (line.outcome, line.number) == ("failed", 3)
    assert "belongs to payments" in line.detail


def test_somebody_who_takes_the_number_meanwhile_keeps_it(bring, team, monkeypatch):
    create = importing.create_decision

    def after_another(**values):
        if not Decision.objects.exists():
            create_decision(
                title="Faster",
                body="",
                status="draft",
                owner=team,
                date=None,
                workflows=[],
                actor=None,
                reason="r",
                number=5,
            )
        return create(**values)

    monkeypatch.setattr(importing, "create_decision", after_another)
    line = bring({"0005-mine.md": "# Mine\n"})["0005-mine.md"]
    assert (line.outcome, line.number) == ("created", 6)
    assert "number 5 is taken; it became 6" in line.notices


@pytest.mark.parametrize("folder", ["", " ", "a/b", "..", "x" * 121])
def test_a_folders_name_is_a_plain_one(bring, folder):
    with pytest.raises(InvalidInput, match="the folder's name"):
        bring(FOLDER, folder=folder)


def test_two_folders_are_two_worlds_and_are_exported_side_by_side(bring):
    bring(FOLDER)
    lines = bring({"0001-old-way.md": OLD, "0002-new-way.md": NEW}, folder="more")
    assert [line.number for line in lines.values()] == [4, 5]
    assert Decision.objects.get(number=4).superseded_by.number == 5
    files = texts(exported())
    assert files["adr/0001-old-way.md"] == files["more/0001-old-way.md"] == OLD
    assert set(texts(exported(folder="more"))) == {"0001-old-way.md", "0002-new-way.md"}


@pytest.mark.parametrize(
    ("encoding", "words"), [("utf-16-le", "UTF-16"), ("utf-16-be", "UTF-16"), ("cp1252", "Windows-1252")]
)
def test_a_file_in_another_encoding_is_read_and_given_back_as_its_very_bytes(bring, decision_edit, encoding, words):
    mark = "\ufeff" if encoding.startswith("utf-16") else ""
    content = f"{mark}# 1. Café “or” not\r\n\r\nStatus: Accepted\r\n".encode(encoding)
    files = read_zip(packed([("adr/0001-cafe.md", content), ("adr/0002-b.md", "# 2. B\n")]))
    line = bring(files.texts, encodings=files.encodings)["0001-cafe.md"]
    assert (line.outcome, line.title) == ("created", "Café “or” not")
    assert any(f"it is {words}" in notice for notice in line.notices)
    assert Decision.objects.get(number=1).status == "accepted"
    assert dict(exported())["0001-cafe.md"] == content
    assert bring(files.texts, encodings=files.encodings)["0001-cafe.md"].outcome == "kept"
    edit_decision(actor=None, **decision_edit(Decision.objects.get(number=1), title="Tea 茶", correction=True))
    assert "Tea 茶" in texts(exported())["0001-cafe.md"]


def test_a_file_that_was_made_utf_8_is_given_out_as_that(bring):
    text = "# 1. Café\n"
    bring({"0001-cafe.md": text}, encodings={"0001-cafe.md": "cp1252"})
    assert dict(exported())["0001-cafe.md"] == text.encode("cp1252")
    bring({"0001-cafe.md": text})
    assert dict(exported())["0001-cafe.md"] == text.encode()


def test_a_record_that_another_import_supersedes_keeps_its_bytes(bring):
    content = "# 1. Café\n\nStatus: superseded by ADR-2\n".encode("cp1252")
    bring({"0001-cafe.md": content.decode("cp1252")}, encodings={"0001-cafe.md": "cp1252"})
    lines = bring({"0002-tea.md": "# 2. Tea\n\nStatus: accepted\n"})
    assert outcomes(lines) == {"0001-cafe.md": "updated", "0002-tea.md": "created"}
    assert any("Windows-1252" in notice for notice in lines["0001-cafe.md"].notices)
    assert dict(exported())["0001-cafe.md"] == content


def packed(entries, compression=zipfile.ZIP_DEFLATED):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", compression) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return held.getvalue()


def test_a_zip_gives_its_texts_without_the_folder_around_them():
    files = read_zip(
        packed(
            [
                ("repo/docs/0001-a.md", "é"),
                ("repo/docs/b/x.rst", "y"),
                ("repo/docs/i.png", b"\xff"),
                ("__MACOSX/repo/._a.md", "z"),
            ]
        )
    )
    assert files.texts == {"0001-a.md": "é", "b/x.rst": "y"}
    assert files.others == ["i.png"]
    assert read_zip(packed([("0001/README.md", "# A")])).texts == {"0001/README.md": "# A"}


def test_a_record_without_a_suffix_is_one_and_a_listing_is_not():
    entries = [
        ("adr/0051-use-v1.2-client", "# 51. A"),
        ("adr/2020-01-02-x", "# B"),
        ("adr/OWNERS", "o"),
        ("adr/0052-shot.png", "p"),
    ]
    files = read_zip(packed(entries))
    assert set(files.texts) == {"0051-use-v1.2-client", "2020-01-02-x"}
    assert sorted(files.others) == ["0052-shot.png", "OWNERS"]


def test_an_archive_of_thousands_of_pictures_names_only_the_first():
    files = read_zip(packed([("0001-a.md", "# A"), *((f"{n}.png", "") for n in range(600))]))
    assert (len(files.texts), len(files.others)) == (1, MOST_OTHERS)


def test_what_a_zip_must_not_hold_is_refused_by_name():
    link = zipfile.ZipInfo("link.md")
    link.external_attr = 0o120777 << 16
    held = packed(
        [
            ("good.md", "x"),
            ("../up.md", "x"),
            ("latin.md", b"a\nb\xff\x00"),
            (link, "/etc/passwd"),
            ("bomb.md", b"0" * (50 * 2**20)),
        ]
    )
    files = read_zip(held)
    assert set(files.texts) == {"good.md"}
    assert files.refused["latin.md"].startswith("line 2 is not UTF-8")
    assert "leads out" in files.refused["../up.md"]
    assert "link" in files.refused["link.md"]
    assert "larger than 512 KiB" in files.refused["bomb.md"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no zip"), (b"PK\x03\x04 broken", "no zip"), (packed([("a.png", "")]), "no file that ends in"),
        (packed([(f"{n}.md", b"0" * (MAX_FILE - 1)) for n in range(130)]), "unpacks to more than 64 MiB"),
        (packed([(f"{n}.md", "") for n in range(3_001)]), "3,000 texts are the limit"),
    ],
)  # fmt: skip
def test_what_is_no_archive_of_records_is_refused_whole(data, words):
    with pytest.raises(InvalidInput, match=words):
        read_zip(data)


def test_neither_relations_nor_the_stored_file_of_another_teams_record_are_touched(bring, other_team, decision_edit):
    bring({"0001-a.md": "# 1. A\n\n## Status\n\nAccepted\n\nAmends [2. B](0002-b.md)\n", "0002-b.md": "# 2. B\n"})
    edit_decision(actor=None, **decision_edit(Decision.objects.get(number=1), owner=other_team))
    before = DecisionSource.objects.get(path="0001-a.md").text
    lines = bring(
        {"0001-a.md": "# 1. A\n\n## Status\n\nAccepted\n", "0002-b.md": "# 2. B\n"}, may=lambda team: team != other_team
    )
    assert lines["0001-a.md"].outcome == "failed"
    assert DecisionRelation.objects.count() == 1
    assert DecisionSource.objects.get(path="0001-a.md").text == before


def test_a_file_does_not_write_over_what_is_being_reviewed(bring, maintainer, team):
    bring({"0001-a.md": "---\nstatus: proposed\n---\n# A\n"})
    apply([Document(policy(changes=["decision.accept"], review="always"), "m.yaml")], Signature(None, "r"))
    found = Decision.objects.get(number=1)
    propose(Object(ACCEPT, found.slug, "1", team, None, {"supersedes": []}), Signature(maintainer, "r"))
    line = bring({"0001-a.md": "---\nstatus: accepted\n---\n# A\n"})["0001-a.md"]
    assert line.outcome == "conflict"
    assert "waits to accept it" in line.detail
    assert Decision.objects.get(number=1).status == "proposed"
