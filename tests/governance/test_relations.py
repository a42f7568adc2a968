"""What a decision supersedes, amends and relates to, by hand: on both ends, never a circle, with history; a file's stays the file's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from governance.models import Change, Decision, DecisionRelation
from governance.selectors.decision_files import relations_of
from governance.selectors.revisions import revision_text, revisions
from governance.services.decisions import edit_decision
from governance.services.documents import EditConflict
from governance.services.importing import import_decisions
from governance.services.relations import Named, relate
from orchestration.errors import Forbidden, InvalidInput
from tests.governance.gatehouse import policy, sent
from tests.people import person, token_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def say(maintainer):
    """Relate a decision, by number, at its present revision."""

    def make(
        number: int, *add: tuple[str, int], remove: Any = (), revision: int | None = None, require: Any = None
    ) -> Decision:
        decision = Decision.objects.get(number=number)
        return relate(
            decision=decision, revision=revision or decision.revision, add=[Named(*one) for one in add],
            remove=[Named(*one) for one in remove], require=require or (lambda team: None), actor=maintainer,
            reason="we saw it late",
        )  # fmt: skip

    return make


def seen(number: int) -> list[tuple[str, int]]:
    return [(row.kind, row.decision.number) for row in relations_of(Decision.objects.get(number=number))]


def test_what_amends_and_relates_is_seen_and_signed_on_both_ends(decide, say, maintainer):
    for title in ("One", "Two", "Three"):
        decide(title, status="accepted")
    say(3, ("amends", 1), ("relates", 2))
    assert (seen(3), seen(1), seen(2)) == ([("amends", 1), ("relates", 2)], [("amended_by", 3)], [("relates", 3)])
    for number in (1, 2, 3):
        newest = revisions(Decision.objects.get(number=number)).items[0]
        assert (newest.revision, newest.by, newest.reason) == (2, maintainer.username, "we saw it late")
    one, three = Decision.objects.get(number=1), Decision.objects.get(number=3)
    assert "Amended by: 3\n" in revision_text(one, one.history.first().history_id)
    assert "Amends: 1\nRelates to: 2\n" in revision_text(three, three.history.first().history_id)
    assert "Amends" not in revision_text(three, three.history.last().history_id)
    assert three.body == "## Context\n\nBecause.\n", "the text of an accepted decision stays as it was"


def test_it_is_taken_back_from_either_end_and_the_history_keeps_it(decide, say):
    decide("One")
    decide("Two")
    say(2, ("amends", 1), ("relates", 1))
    say(1, remove=[("amended_by", 2)])
    say(1, remove=[("relates", 2)])
    two = Decision.objects.get(number=2)
    assert (seen(1), seen(2), two.revision) == ([], [], 4)
    history = {row.revision: row.history_id for row in two.history.all()}
    assert "Amends: 1\nRelates to: 1\n" in revision_text(two, history[2])
    assert "Relates to: 1\n" in revision_text(two, history[3])
    assert "Amends" not in revision_text(two, history[3])


def test_what_is_said_already_is_not_said_twice(decide, say):
    decide("One")
    decide("Two")
    say(1, ("relates", 2))
    say(2, ("relates", 1))
    assert DecisionRelation.objects.count() == 1
    assert Decision.objects.get(number=2).revision == 2
    say(2, remove=[("amends", 1)])  # taken away already


def test_a_circle_of_amending_is_refused(decide, say):
    for title in ("One", "Two", "Three"):
        decide(title)
    say(2, ("amends", 1))
    say(3, ("amends", 2))
    with pytest.raises(InvalidInput, match="decision 3 itself amends this one"):
        say(1, ("amends", 3))
    with pytest.raises(InvalidInput, match="doesn't relate to itself"):
        say(1, ("relates", 1))
    say(3, remove=[("amends", 2)])
    say(1, ("amends", 3))


@pytest.mark.parametrize(
    ("add", "words"),
    [
        ([], "choose a decision"),
        ([("amends", 99)], "there is no decision 99"),
        ([("eats", 2)], "is no relation; use one of supersedes"),
        ([("amended_by", 2)], "is no relation"),
        ([("supersedes", 2)], "supersedes nothing yet; accept it first"),
        ([("relates", number) for number in range(2, 60)], "too many at once"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(decide, say, add, words):
    decide("One")
    decide("Two")
    with pytest.raises(InvalidInput, match=words):
        say(1, *add)
    assert not DecisionRelation.objects.exists()
    assert Decision.objects.get(number=1).revision == 1


def test_who_may_not_edit_the_other_end_writes_neither(decide, say, other_team):
    decide("Ours")
    decide("Theirs", owner=other_team)

    def require(team: Any) -> None:
        if team == other_team:
            raise Forbidden("not theirs")

    with pytest.raises(Forbidden):
        say(1, ("relates", 2), require=require)
    assert not DecisionRelation.objects.exists()


def test_over_an_older_revision_nothing_is_written(decide, say):
    decide("One")
    decide("Two")
    say(1, ("relates", 2))
    with pytest.raises(EditConflict):
        say(1, ("amends", 2), revision=1)
    assert seen(1) == [("relates", 2)]


def test_superseding_is_said_and_taken_back(decide, say):
    decide("Old", status="deprecated")
    decide("New", status="accepted")
    say(2, ("supersedes", 1))
    old = Decision.objects.get(number=1)
    assert (old.status, old.superseded_by.number) == ("superseded", 2)
    say(2, remove=[("supersedes", 1)])
    old.refresh_from_db()
    assert (old.status, old.superseded_by, old.revision) == ("deprecated", None, 3)
    with pytest.raises(InvalidInput, match="not superseded by this one"):
        say(2, remove=[("supersedes", 1)])


def test_the_same_named_twice_is_meant_once(decide, say):
    decide("One")
    decide("Two")
    say(1, ("amends", 2), ("amends", 2))
    assert seen(1) == [("amends", 2)]
    say(1, remove=[("amends", 2), ("amends", 2)])
    assert seen(1) == []


def test_one_that_is_both_superseded_and_amended_has_each_revision_once(decide, say):
    decide("Old", status="accepted")
    decide("New", status="accepted")
    say(2, ("supersedes", 1), ("amends", 1))
    old = Decision.objects.get(number=1)
    assert (old.status, seen(1)) == ("superseded", [("amended_by", 2)])
    say(2, remove=[("supersedes", 1), ("amends", 1)])
    old.refresh_from_db()
    assert (old.status, old.superseded_by, seen(1)) == ("accepted", None, [])
    assert sorted(old.history.values_list("revision", flat=True)) == [1, 2, 3, 4, 5]


def test_one_that_is_to_hold_again_is_put_to_the_gate(decide, say):
    decide("Old", status="accepted")
    decide("New", status="accepted", supersedes=[1])
    sent(policy(changes=["decision.accept"], review="always"))
    say(2, remove=[("supersedes", 1)])
    old = Decision.objects.get(number=1)
    assert (old.status, old.superseded_by) == ("proposed", None)
    assert Change.objects.get(kind="decision.accept").state == "open"


class TestBesideFiles:
    @pytest.fixture
    def bring(self, team, maintainer):
        def make(*, dry_run: bool = False, **files: str) -> Any:
            return import_decisions(
                files={f"{name[1:]}.md": text for name, text in files.items()}, folder="adr", owner=team, actor=maintainer,
                reason="import", may=lambda _: True, dry_run=dry_run,
            )  # fmt: skip

        make(_0001="# 1. A\n", _0002="# 2. B\n\n## Status\n\nAccepted\n\nAmends [1. A](0001.md)\n", _0003="# 3. C\n")
        return make

    def test_what_a_file_states_is_changed_in_the_file(self, bring, say):
        assert seen(2) == [("amends", 1)]
        with pytest.raises(InvalidInput, match="stated by a loaded file; change it there"):
            say(2, remove=[("amends", 1)])
        with pytest.raises(InvalidInput, match="stated by a loaded file"):
            say(1, remove=[("amended_by", 2)])

    def test_what_a_file_supersedes_is_taken_away_in_the_file_until_it_is_edited_here(
        self, bring, say, decision_edit, maintainer, signed_in
    ):
        bring(
            _0003="# 3. C\n\n## Status\n\nAccepted\n\nSupersedes [1. A](0001.md)\n", _0001="# 1. A\n", _0002="# 2. B\n"
        )
        assert "Its file says so" in signed_in(maintainer).get("/decisions/3/relations/").content.decode()
        with pytest.raises(InvalidInput, match="that it supersedes 1 is stated by a loaded file; change it there"):
            say(3, remove=[("supersedes", 1)])
        one = Decision.objects.get(number=1)
        assert (one.status, one.superseded_by.number) == ("superseded", 3)
        edit_decision(actor=None, **decision_edit(one, title="A, as we saw it", correction=True))
        page = signed_in(maintainer).get("/decisions/3/relations/").content.decode()
        assert 'value="supersedes:1"' in page

    def test_what_people_wrote_stays_when_the_folder_comes_again(self, bring, say):
        say(3, ("relates", 1))
        bring(_0001="# 1. A\n", _0002="# 2. B\n\n## Status\n\nAccepted\n", _0003="# 3. C\n")
        assert (seen(2), seen(3)) == ([], [("relates", 1)])

    def test_what_the_file_states_later_is_the_files_from_then_on(self, bring, say):
        say(3, ("amends", 1))
        bring(_0003="# 3. C\n\n## Status\n\nAccepted\n\nAmends [1. A](0001.md)\n")
        assert [row.by_hand for row in DecisionRelation.objects.filter(decision__number=3)] == [False]
        bring(_0003="# 3. C\n\n## Status\n\nAccepted\n")
        assert seen(3) == []

    @pytest.mark.parametrize(("number", "line"), [(1, "Amended by: 2\n"), (2, "Amends: 1\n")])
    def test_what_a_file_states_is_the_imports_and_not_the_next_editors(
        self, bring, decision_edit, other_team, number, line
    ):
        edit_decision(actor=None, **decision_edit(Decision.objects.get(number=number), owner=other_team))
        decision = Decision.objects.get(number=number)
        edited, imported = decision.history.all()
        assert line in revision_text(decision, imported.history_id)
        assert line in revision_text(decision, edited.history_id)

    def test_what_comes_and_goes_with_one_file_is_a_revision_of_both_ends(self, bring, decision_edit, other_team):
        edit_decision(actor=None, **decision_edit(Decision.objects.get(number=1), owner=other_team))
        bring(_0002="# 2. B\n\n## Status\n\nAccepted\n\nThe text is another.\n")
        bring(_0002="# 2. B\n\n## Status\n\nAccepted\n\nAmends [1. A](0001.md)\n")
        one = Decision.objects.get(number=1)
        said = [
            (row.revision, row.history_change_reason, "Amended by: 2" in revision_text(one, row.history_id))
            for row in one.history.order_by("history_id")
        ]
        assert said == [(1, "import", True), (2, "an edit", True), (3, "import", False), (4, "import", True)]
        assert Decision.objects.get(number=2).revision == 3
        bring(_0002="# 2. B\n\n## Status\n\nAccepted\n\nAmends [1. A](0001.md)\n")
        assert Decision.objects.get(number=1).revision == 4

    def test_what_people_write_is_not_read_into_the_revision_before(self, bring, say):
        say(1, ("relates", 3))
        for number in (1, 3):
            said, imported = (decision := Decision.objects.get(number=number)).history.all()
            assert "Relates to" in revision_text(decision, said.history_id)
            assert "Relates to" not in revision_text(decision, imported.history_id)

    @pytest.mark.parametrize("dry_run", [True, False])
    def test_a_circle_of_a_file_and_of_what_people_wrote_is_told_and_the_files_end_only_relates(
        self, bring, say, dry_run
    ):
        say(1, ("amends", 3))
        text = "# 3. C\n\n## Status\n\nAccepted\n\nAmends [2. B](0002.md)\n"
        for _again in range(2):
            (line,) = bring(_0003=text, dry_run=dry_run).lines
            assert line.notices == (
                "decision 2 amends it by what somebody wrote here: that would be a circle; kept as a relation",
            )
        if not dry_run:
            assert [(row.label, row.decision.number) for row in relations_of(Decision.objects.get(number=3))] == [
                ("Amended by", 1), ("Amends", 2),
            ]  # fmt: skip
            assert DecisionRelation.history.filter(decision__number=3).count() == 1, "twice the same is written once"
            say(1, remove=[("amends", 3)])
            assert bring(_0003=text).lines[0].notices == ()
            assert seen(3) == [("amends", 2)]


class TestPage:
    @pytest.fixture
    def browser(self, maintainer, signed_in):
        return signed_in(maintainer)

    def test_looking_keeps_what_was_ticked_and_typed(self, browser, decide):
        for title in ("Use a saga", "Use a queue", "Ask a queue", "Rest"):
            decide(title)
        found = browser.post(
            "/decisions/1/relations/",
            {"find": "1", "q": "queue", "kind": "amends", "add": "4", "reason": "because", "revision": "1"},
        ).content.decode()
        assert "2, Use a queue" in found
        assert "3, Ask a queue" in found
        assert 'value="4" checked' in found
        assert "because</textarea>" in found
        assert '<option value="amends" selected>' in found

    def test_several_are_added_and_one_is_taken_away(self, browser, decide):
        for title in ("One", "Two", "Three"):
            decide(title)
        form = {"kind": "relates", "add": ["2", "3"], "reason": "they belong together", "revision": "1"}
        assert browser.post("/decisions/1/relations/", form)["Location"] == "/decisions/1/"
        page = browser.get("/decisions/1/relations/").content.decode()
        assert 'name="remove" value="relates:2"' in page
        form = {"remove": ["relates:2"], "reason": "they do not", "revision": "2"}
        assert browser.post("/decisions/1/relations/", form).status_code == 302
        assert seen(1) == [("relates", 3)]

    def test_an_edit_in_between_is_said_and_nothing_typed_is_lost(self, browser, decide, say):
        decide("One")
        decide("Two")
        say(2, ("relates", 1))
        form = {"kind": "amends", "add": "2", "reason": "late", "revision": "1"}
        answer = browser.post("/decisions/1/relations/", form)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "was edited meanwhile" in page
        assert 'value="2" checked' in page
        assert 'name="revision" value="2"' in page

    def test_another_teams_decision_is_marked_and_refused_at_the_field_and_nothing_typed_is_lost(
        self, browser, decide, other_team
    ):
        decide("Ours")
        decide("Theirs, of queues", owner=other_team)
        decide("Ours, of queues")
        found = browser.post("/decisions/1/relations/", {"find": "1", "q": "queues"}).content.decode()
        assert found.count("needs a maintainer of payments") == 1
        assert "needs a maintainer of checkout" not in found
        form = {"kind": "amends", "add": ["2", "3"], "q": "queues", "reason": "both say it", "revision": "1"}
        answer = browser.post("/decisions/1/relations/", form)
        page = answer.content.decode()
        assert answer.status_code == 403
        assert '<a href="#id_q">' in page
        assert "may not apply manifests and edit documents for team payments" in page.split('id="id_q_error"')[1]
        assert all(text in page for text in ('value="2" checked', 'value="3" checked', "both say it</textarea>"))
        assert '<option value="amends" selected>' in page
        assert not DecisionRelation.objects.exists()

    def test_what_another_team_must_take_away_has_no_box(self, browser, decide, say, other_team):
        decide("Ours")
        decide("Theirs", owner=other_team)
        say(1, ("relates", 2))
        page = browser.get("/decisions/1/relations/").content.decode()
        assert "Needs a maintainer of payments" in page
        assert 'name="remove"' not in page
        form = {"remove": "relates:2", "reason": "they do not", "revision": "2"}
        answer = browser.post("/decisions/1/relations/", form)
        assert (answer.status_code, "they do not</textarea>" in answer.content.decode()) == (403, True)

    def test_it_takes_the_same_queries_however_much_is_related(self, browser, decide, say, django_assert_num_queries):
        decide("One", status="accepted")
        others = [decide(f"Other {n}", status="accepted").number for n in range(9)]
        browser.get("/decisions/1/relations/")
        with django_assert_num_queries(7):
            browser.get("/decisions/1/relations/")
        say(1, *(("relates", n) for n in others[:3]), *(("amends", n) for n in others[3:6]))
        say(1, *(("supersedes", n) for n in others[6:]))
        with django_assert_num_queries(7):
            assert browser.get("/decisions/1/relations/").content.decode().count('name="remove"') == 9

    @pytest.mark.parametrize(
        "form", [{"add": "x"}, {"add": "2", "kind": "eats", "reason": "r"}, {"remove": "relates:²"}]
    )
    def test_nonsense_gets_words(self, browser, decide, form):
        decide("One")
        decide("Two")
        assert browser.post("/decisions/1/relations/", {"revision": "1", **form}).status_code == 422


def test_by_api_as_by_page(decide, maintainer, team, other_team):
    decide("One")
    decide("Two", owner=other_team)
    decide("Three")

    def call(who: Any, body: Any) -> Any:
        client = Client(headers={"Authorization": f"Bearer {token_for(who)}"})
        return client.post("/api/v1/decisions/1/relations", json.dumps(body), "application/json")

    body = {"add": [{"kind": "amends", "number": 3}], "reason": "by script", "revision": 1}
    answer = call(maintainer, body)
    assert answer.status_code == 200
    assert answer["ETag"] == '"2"'
    assert answer.json()["relations"] == [
        {"kind": "amends", "words": "", "number": 3, "title": "Three", "by_hand": True}
    ]
    assert call(maintainer, body).status_code == 412
    again = {**body, "revision": 2, "remove": [{"kind": "amends", "number": 3}], "add": []}
    assert call(person("operator", team), again).status_code == 403
    assert call(maintainer, {**again, "add": [{"kind": "relates", "number": 2}]}).status_code == 403
    assert call(maintainer, {**again, "remove": [], "add": []}).status_code == 422
    assert call(maintainer, again).json()["relations"] == []
