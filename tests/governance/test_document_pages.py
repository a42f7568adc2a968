"""The pages of decisions and runbooks: lists, reading, editing with preview, conflicts, history, restore, permissions."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from governance.models import Decision, Runbook
from governance.selectors.revisions import at_revision
from governance.services.decisions import edit_decision
from governance.services.documents import MAX_BODY
from orchestration.models import Membership
from tests.people import ROLES, person

XSS = "<script>alert(1)</script>\n\n[x](javascript:alert(1))\n\n<img src=x onerror=alert(1)>"


@pytest.fixture
def browser(maintainer, signed_in):
    return signed_in(maintainer)


def decision_form(**changes):
    return {
        "title": "Use a saga",
        "status": "draft",
        "date": "2026-01-02",
        "owner": "checkout",
        "body": "## Why\r\n",
        "reason": "we met",
        **changes,
    }


def runbook_form(**changes):
    return {
        "title": "Payments is slow",
        "status": "active",
        "owner": "checkout",
        "body": "x",
        "reason": "asked",
        **changes,
    }


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def test_an_empty_list_says_why_and_what_comes_next(browser, signed_in, team):
    page = browser.get("/decisions/")
    assert "No decision yet" in text_of(page)
    assert reverse("decision-new") in page.content.decode()
    page = signed_in(person("viewer", team)).get("/runbooks/")
    assert "an admin grants the role" in text_of(page)
    assert reverse("runbook-new") not in page.content.decode()


def test_lists_filter_by_the_url_and_name_the_filter_when_nothing_fits(browser, decide, write_runbook, workflow):
    decide("Use a saga", workflows=["order-fulfilment"])
    decide("Wait", status="accepted")
    write_runbook("payments-slow")
    page = text_of(browser.get("/decisions/?workflow=order-fulfilment"))
    assert "Use a saga" in page
    assert "Wait " not in page
    page = text_of(browser.get("/decisions/?status=rejected&owner=checkout"))
    assert "No decision fits this filter" in page
    assert "status rejected, owner checkout" in page
    assert "Payments is slow" in text_of(browser.get("/runbooks/?q=payments&freshness=no_review_date"))
    assert "No runbook fits" in text_of(browser.get("/runbooks/?dependency=ledger"))


def test_empty_filter_fields_leave_the_address(browser):
    answer = browser.get("/decisions/?q=&status=accepted&owner=+")
    assert (answer.status_code, answer["Location"]) == (302, "/decisions/?status=accepted")


@pytest.mark.parametrize("query", ["status=x", "cursor=x", "q=%00a", "cursor=%00"])
def test_a_filter_that_cannot_be_read_opens_the_list_and_says_so(browser, query):
    for path in ("/decisions/", "/runbooks/"):
        assert browser.get(f"{path}?{query}").status_code in {200, 422}


def test_lists_go_on_to_older_pages(browser, decide):
    for number in range(52):
        decide(f"Decision of {number}")
    page = browser.get("/decisions/?owner=checkout").content.decode()
    assert "?owner=checkout&amp;cursor=3" in page
    assert "Decision of 0<" in browser.get("/decisions/?owner=checkout&cursor=3").content.decode()
    assert "No older decisions" in text_of(browser.get("/decisions/?cursor=1"))


def test_a_decision_whose_successor_is_not_here_says_so(browser, decide):
    decide("Old", status="superseded", unnamed=True)
    assert "Decided by checkout, and superseded by what is no decision here." in text_of(browser.get("/decisions/1/"))
    decide("New", status="accepted", supersedes=[1])
    page = text_of(browser.get("/decisions/1/"))
    assert "no decision here" not in page
    assert "Decided by checkout." in page


def test_a_decision_is_read_with_its_links_and_history(browser, decide, workflow, publish):
    publish(workflow, "1.0.0", decisions=["old"])
    decide("Old", status="accepted")
    decide("New", status="accepted", supersedes=[1], reason="we learnt", body="## Context\n\nBecause.")
    page = browser.get("/decisions/1/").content.decode()
    assert "Superseded by" in page
    assert 'href="/decisions/2/"' in page
    assert 'href="/workflows/order-fulfilment/"' in page
    assert "we learnt" in page
    page = browser.get("/decisions/2/").content.decode()
    assert 'href="/decisions/1/"' in page
    assert page.count("<h1") == 1
    assert '<h2 id="doc-context">Context</h2>' in page


def test_a_runbook_says_that_it_is_stale(browser, write_runbook, dependency):
    from datetime import date

    write_runbook(review_by=date(2020, 1, 1), dependencies=["payments-api"])
    page = browser.get("/runbooks/payments-slow/")
    assert "Its review was due on 1 January 2020" in text_of(page)
    assert 'href="/dependencies/payments-api/"' in page.content.decode()


def test_hostile_text_is_inert_wherever_it_is_shown(browser, decide, write_runbook, decision_edit):
    decision = decide(XSS.splitlines()[0], body=XSS, reason=XSS)
    edit_decision(actor=None, **decision_edit(decision, body=f"{XSS}\n{XSS}", reason=XSS))
    write_runbook(title=XSS.splitlines()[0], body=XSS, reason=XSS)
    for path in (
        "/decisions/",
        "/decisions/1/",
        "/decisions/1/edit/",
        "/decisions/1/history/",
        f"/decisions/1/restore/?revision={at_revision(decision, 1)}",
        "/decisions/?q=<script>alert(1)</script>",
        "/runbooks/",
        "/runbooks/payments-slow/",
        "/runbooks/payments-slow/edit/",
        "/runbooks/payments-slow/history/",
    ):
        page = browser.get(path)
        html = page.content.decode()
        assert page.status_code == 200, path
        assert "<script>alert" not in html, path
        assert "<img src=x" not in html, path
        assert 'href="javascript:' not in html, path
        assert "script-src 'self'" in page["Content-Security-Policy"]
        assert "img-src 'self' data:;" in page["Content-Security-Policy"]


def test_a_decision_is_written_on_the_page(browser, workflow, maintainer):
    answer = browser.post("/decisions/new/", decision_form(workflows=["order-fulfilment"]), follow=True)
    assert answer.redirect_chain == [("/decisions/1/", 302)]
    decision = Decision.objects.get()
    assert (decision.body, decision.revision, decision.links.count()) == ("## Why\n", 1, 1)
    row = decision.history.get()
    assert (row.history_user, row.history_change_reason) == (maintainer, "we met")


def test_a_runbook_is_written_on_the_page(browser, dependency):
    answer = browser.post("/runbooks/new/", runbook_form(dependencies=["payments-api"], review_by="2027-01-01"))
    assert answer["Location"] == "/runbooks/payments-is-slow/"
    assert Runbook.objects.get().links.get().dependency == dependency


def test_what_is_wrong_is_told_at_the_field_and_every_value_is_kept(browser):
    answer = browser.post("/decisions/new/", decision_form(title="", reason=" ", body="kept text", supersedes="x"))
    html = answer.content.decode()
    assert answer.status_code == 422
    for target in ("#id_title", "#id_reason", "#id_supersedes"):
        assert f'href="{target}"' in html
    assert "kept text" in html
    answer = browser.post("/runbooks/new/", runbook_form(slug="Not Good", body="kept text"))
    assert 'href="#id_slug"' in answer.content.decode()
    assert "kept text" in answer.content.decode()
    assert Decision.objects.count() == Runbook.objects.count() == 0


def test_a_text_beyond_the_limit_is_refused_and_kept(browser):
    answer = browser.post("/decisions/new/", decision_form(body="x" * (MAX_BODY + 1)))
    assert answer.status_code == 422
    assert "the limit is 200,000" in text_of(answer)
    assert "x" * (MAX_BODY + 1) in answer.content.decode()


def test_preview_is_the_very_rendering_of_the_page(browser, decide):
    decide(body="# A *b*\n\n- [x] c\n")
    fragment = browser.post(reverse("decision-preview"), {"text": "# A *b*\n\n- [x] c\n"}).content.decode()
    assert '<h2 id="doc-a-b">A <em>b</em></h2>' in fragment
    assert fragment in browser.get("/decisions/1/").content.decode()
    assert "<script" not in browser.post(reverse("runbook-preview"), {"text": XSS}).content.decode()
    assert "the limit is 200,000" in browser.post(reverse("runbook-preview"), {"text": "x" * 200_001}).content.decode()
    assert browser.get(reverse("decision-preview")).status_code == 405


def test_preview_works_without_script_and_writes_nothing(browser, decide, write_runbook, workflow):
    decide()
    write_runbook()
    for path, form in (
        ("/decisions/new/", decision_form),
        ("/decisions/1/edit/", decision_form),
        ("/runbooks/new/", runbook_form),
        ("/runbooks/payments-slow/edit/", runbook_form),
    ):
        sent = form(preview="1", body="**bold** text", title="", reason="half a rea", workflows=["order-fulfilment"])
        page = browser.post(path, sent)
        html = page.content.decode()
        assert page.status_code == 200
        assert "<strong>bold</strong>" in html
        assert "half a rea" in html
        assert '<option value="order-fulfilment" selected>' in html
        assert "needs correcting" not in html
    assert (Decision.objects.get().revision, Runbook.objects.get().revision) == (1, 1)


def test_an_edit_page_says_what_saving_makes_and_keeps_what_is_there(browser, decide, workflow):
    decide(status="accepted", workflows=["order-fulfilment"])
    html = browser.get("/decisions/1/edit/").content.decode()
    assert "Save revision 2" in html
    assert '<option value="order-fulfilment" selected>' in html
    assert 'name="revision" value="1"' in html
    assert "/decisions/new/?supersedes=1" in html


def test_an_edit_on_the_page_changes_status_and_superseding_shows_on_both(browser, decide):
    decide("Old", status="accepted")
    decide("New", status="accepted")
    answer = browser.post(
        "/decisions/1/edit/",
        decision_form(title="Old", status="superseded", superseded_by="2", revision="1", correction="on"),
    )
    assert answer.status_code == 302
    assert Decision.objects.get(number=1).superseded_by.number == 2


def test_two_people_editing_at_once_get_a_merge_page_and_nothing_is_lost(
    browser, decide, decision_edit, maintainer, team
):
    other = person("maintainer", team)
    decision = decide(body="one\ntwo\nthree\n")
    edit_decision(actor=other, **decision_edit(decision, body="one\nTHEIRS\nthree\n", reason="their reason"))
    mine = decision_form(title=decision.title, body="one\ntwo\nMINE\n", reason="my reason", revision="1")
    answer = browser.post("/decisions/1/edit/", mine)
    html, text = answer.content.decode(), text_of(answer)
    assert answer.status_code == 409
    assert other.username in html
    assert "their reason" in html
    assert "my reason" in html
    assert "one\r\ntwo\r\nMINE" in html or "one\ntwo\nMINE" in html
    assert "THEIRS" in text
    assert "Save over revision 2" in text
    assert 'name="revision" value="2"' in html
    assert Decision.objects.get().body == "one\nTHEIRS\nthree\n"
    merged = browser.post("/decisions/1/edit/", {**mine, "body": "one\nTHEIRS\nMINE\n", "revision": "2"})
    assert merged.status_code == 302
    assert (Decision.objects.get().body, Decision.objects.get().revision) == ("one\nTHEIRS\nMINE\n", 3)


def test_a_runbook_in_conflict_gets_a_merge_page_too(browser, write_runbook):
    write_runbook()
    assert browser.post("/runbooks/payments-slow/edit/", runbook_form(body="theirs", revision="1")).status_code == 302
    answer = browser.post("/runbooks/payments-slow/edit/", runbook_form(body="mine", revision="1"))
    assert answer.status_code == 409
    assert "mine" in answer.content.decode()
    assert "theirs" in answer.content.decode()
    assert Runbook.objects.get().body == "theirs"


def test_history_compares_any_two_revisions(browser, decide, decision_edit, maintainer):
    decision = decide(body="alpha\n", reason="first reason")
    for body in ("beta\n", "gamma\n"):
        decision = edit_decision(actor=maintainer, **decision_edit(decision, body=body, reason=f"towards {body}"))
    page = browser.get("/decisions/1/history/")
    assert maintainer.username in page.content.decode()
    assert "first reason" in page.content.decode()
    text = text_of(page)
    assert "Revision 2 to 3" in text
    assert "alpha" not in text
    first, third = at_revision(decision, 1), at_revision(decision, 3)
    for query in (f"from={first}&to={third}", f"from={third}&to={first}"):
        text = text_of(browser.get(f"/decisions/1/history/?{query}"))
        assert "Revision 1 to 3" in text
        assert "alpha" in text
        assert "gamma" in text


@pytest.mark.parametrize("query", ["from=x", "to=-1", "from=99999999999", "cursor=x", "from=%00", "to=1&from=999999"])
def test_a_history_address_that_means_nothing_is_a_4xx(browser, decide, query):
    decide()
    assert browser.get(f"/decisions/1/history/?{query}").status_code in {404, 422}


def test_restoring_shows_the_change_wants_a_reason_and_makes_a_revision(browser, write_runbook):
    runbook = write_runbook(body="good text")
    browser.post("/runbooks/payments-slow/edit/", runbook_form(body="bad text", revision="1"))
    first = at_revision(runbook, 1)
    path = f"/runbooks/payments-slow/restore/?revision={first}"
    assert "good" in text_of(browser.get(path))
    assert browser.post(path, {"revision": first, "current": 2, "reason": ""}).status_code == 422
    assert browser.post(path, {"revision": first, "current": 1, "reason": "r"}).status_code == 422
    assert Runbook.objects.get().revision == 2
    assert browser.post(path, {"revision": first, "current": 2, "reason": "it was good"}).status_code == 302
    assert (Runbook.objects.get().body, Runbook.objects.get().revision) == ("good text", 3)
    assert browser.get("/runbooks/payments-slow/restore/").status_code == 422


READS = [
    "/decisions/",
    "/decisions/1/",
    "/decisions/1/history/",
    "/runbooks/",
    "/runbooks/payments-slow/",
    "/runbooks/payments-slow/history/",
]
WRITES = [
    "/decisions/new/",
    "/decisions/1/edit/",
    "/decisions/1/restore/",
    "/runbooks/new/",
    "/runbooks/payments-slow/edit/",
    "/runbooks/payments-slow/restore/",
]


@pytest.mark.parametrize("role", ROLES)
def test_everyone_signed_in_reads_and_maintainers_of_the_owner_write(
    role, team, client, signed_in, decide, write_runbook
):
    documents = {"/decisions/": decide(), "/runbooks/": write_runbook()}
    reader = client if role == "anonymous" else signed_in(person(role, team))
    for path in [*READS, *WRITES]:
        document = documents[f"/{path.split('/')[1]}/"]
        sent = f"{path}?revision={at_revision(document, 1)}" if path.endswith("restore/") else path
        answer = reader.get(sent)
        posted = reader.post(sent, {"preview": "1"}) if path in WRITES else None
        if role == "anonymous":
            assert answer.status_code == 302, path
            assert answer["Location"].startswith("/sign-in/")
            assert posted is None or posted["Location"].startswith("/sign-in/")
            continue
        # A stranger maintains another team, so a document of that team is theirs to begin.
        may = path in READS or role in {"maintainer", "admin"} or (role == "stranger" and path.endswith("/new/"))
        assert answer.status_code == (200 if may else 403), path
        if posted is not None:
            assert (posted.status_code == 403) is not may, path
    assert (Decision.objects.get().revision, Runbook.objects.get().revision) == (1, 1)


def test_a_document_cannot_be_given_to_a_team_that_one_does_not_maintain(
    browser, maintainer, other_team, write_runbook
):
    write_runbook()
    answer = browser.post("/runbooks/payments-slow/edit/", runbook_form(owner="payments", revision="1"))
    assert answer.status_code == 422
    assert Runbook.objects.get().owner.name == "checkout"
    Membership.objects.create(team=other_team, user=maintainer, role="maintainer")
    assert (
        browser.post("/runbooks/payments-slow/edit/", runbook_form(owner="payments", revision="1")).status_code == 302
    )
    assert Runbook.objects.get().owner == other_team


def test_edit_controls_are_shown_to_those_who_may_use_them(signed_in, team, browser, decide):
    decide()
    assert "/decisions/1/edit/" in browser.get("/decisions/1/").content.decode()
    assert "/decisions/1/edit/" not in signed_in(person("operator", team)).get("/decisions/1/").content.decode()


def test_what_is_not_there_is_a_404_page(browser):
    for path in ("/decisions/99/", "/decisions/99/edit/", f"/decisions/{'9' * 40}/", "/runbooks/nope/history/"):
        assert browser.get(path).status_code == 404


def test_a_forged_post_is_refused(maintainer, decide):
    from django.test import Client

    decide()
    hostile = Client(enforce_csrf_checks=True)
    hostile.force_login(maintainer)
    assert hostile.post("/decisions/1/edit/", decision_form(revision="1", body="forged")).status_code == 403
    assert hostile.post("/decisions/preview/", {"text": "x"}).status_code == 403


def test_pages_cost_the_same_queries_however_many_rows(
    browser, decide, write_runbook, workflow, dependency, django_assert_max_num_queries
):
    for number in range(8):
        decide(f"Decision of {number}", workflows=["order-fulfilment"])
        write_runbook(f"runbook-{number}", workflows=["order-fulfilment"], dependencies=["payments-api"])
    for path, most in (("/decisions/", 12), ("/runbooks/", 17), ("/decisions/1/", 14), ("/runbooks/runbook-1/", 25)):
        with django_assert_max_num_queries(most):
            browser.get(path)
