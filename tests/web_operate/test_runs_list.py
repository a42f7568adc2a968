"""The list of runs: filters in the URL, keyset pages, live."""

from __future__ import annotations

import re

import pytest

from tests.engine.harness import begin, echo, publish, settle_down

HTMX = {"HX-Request": "true"}


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def test_a_row_has_state_id_workflow_version_time_and_what_failed(operator, failed_run):
    said = text(operator.get("/runs/"))
    row = said[said.index("<tbody") :]
    for part in ("Failed, compensated", failed_run.short_id, "order", "1.0.0", "checkout", "charge: test.flaky"):
        assert part in row
    assert row.index("Failed, compensated") < row.index(failed_run.short_id), "the state comes first"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("workflow=order", True),
        ("workflow=other", False),
        ("version=1.0.0", True),
        ("version=9.9.9", False),
        ("team=checkout", True),
        ("status=finished", True),
        ("status=running", False),
        ("result=failed", True),
        ("result=succeeded", False),
        ("compensation=done", True),
        ("compensation=none", False),
        ("key=nothing", False),
        ("since=1h", True),
        ("since=2100-01-01T00:00", False),
        ("workflow=order&result=failed&since=24h", True),
    ],
)
def test_each_filter_of_the_url_holds(operator, failed_run, query, found):
    said = text(operator.get(f"/runs/?{query}"))
    assert (failed_run.short_id in said) is found


def test_an_empty_list_names_the_filter_and_offers_to_drop_it(operator, failed_run):
    said = text(operator.get("/runs/?workflow=order&result=timed_out"))
    assert "Filter: workflow order, result timed out." in said
    assert "Show all runs" in said


def test_each_filter_in_force_can_be_taken_off_alone(operator, failed_run):
    said = text(operator.get("/runs/?workflow=order&result=failed"))
    assert 'href="/runs/?result=failed"' in said
    assert 'href="/runs/?workflow=order"' in said


def test_fields_left_empty_leave_the_address(operator):
    answer = operator.get("/runs/?workflow=order&status=&key=")
    assert answer.url == "/runs/?workflow=order"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("result=nope", "use one of succeeded"),
        ("since=soon", "write a length such as 24h"),
        ("cursor=x", "begin again"),
    ],
)
def test_a_filter_that_cannot_be_read_is_named_and_shows_nothing_instead_of_everything(
    operator, failed_run, query, words
):
    answer = operator.get(f"/runs/?{query}")
    assert answer.status_code == 422
    assert words in text(answer)
    assert failed_run.short_id not in text(answer)


def test_pages_follow_each_other_without_gap_or_repetition(operator, team):
    version = publish({"one": echo(1)})
    made = [begin(version).short_id for _ in range(53)]
    first = text(operator.get("/runs/"))
    second = text(operator.get("/runs/" + re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")))
    shown = [re.findall(r'<a class="mono" href="[^"]+">([^<]+)', part) for part in (first, second)]
    assert shown[0] + shown[1] == made[::-1]
    assert "data-live " in first
    assert "data-live " not in second, "an older page does not move under the reader"


def test_the_live_table_answers_204_until_a_run_comes(operator, failed_run, version):
    url = re.search(r'hx-get="([^"]+)"', text(operator.get("/runs/?workflow=order")))[1].replace("&amp;", "&")
    assert operator.get(url, headers=HTMX).status_code == 204
    new = settle_down(begin(version))
    answer = operator.get(url, headers=HTMX)
    assert new.short_id in text(answer)
    assert "<html" not in text(answer)


def test_the_number_of_queries_does_not_grow_with_the_rows(operator, team, django_assert_num_queries):
    version = publish({"one": echo(1)})
    for count in (1, 30):
        for _ in range(count):
            begin(version)
        with django_assert_num_queries(7):
            operator.get("/runs/")
