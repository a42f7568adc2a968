"""References in a text: read, looked up in a few queries, drawn with their state; a strange one stays as it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.markdown import render
from governance.references import MOST, Reference, keys_in
from portal.presentation.document_html import document_html
from portal.selectors.references import suggestions

KNOWN = {("workflow", "orders"): Reference("orders", "/workflows/orders/", "fail", "Failing")}


def test_a_reference_becomes_a_link_with_its_state():
    html = render("See [[workflow:orders]] and [[workflow:orders|the shop]].", KNOWN)
    assert (
        '<a href="/workflows/orders/" rel="noopener noreferrer">orders</a> <span class="ref-state">Failing</span>'
        in html
    )
    assert ">the shop</a>" in html
    assert 'class="ref s-fail"' in html


@pytest.mark.parametrize(
    "text", ["[[workflow:nowhere]]", "`[[workflow:orders]]`", "[[orders]]", "[[workflow:]]", "[[x]]"]
)
def test_what_is_unknown_or_in_code_stays_as_it_is_written(text: str):
    html = render(text, KNOWN)
    assert "<a" not in html
    assert text.strip("`") in html


@pytest.mark.parametrize(
    "name",
    [
        '"><script>alert(1)</script>',
        "a' onclick='x",
        "<img src=x onerror=alert(1)>",
        "javascript:alert(1)",
        "&lt;svg&gt;",
    ],
)
def test_nothing_in_a_reference_is_markup(name: str):
    hostile = {("workflow", name): Reference(name, "javascript:alert(1)", 'x" onload="y', name)}
    for html in (render(f"[[workflow:{name}]]", hostile), render(f"[[workflow:orders|{name}]]", KNOWN)):
        assert "<script" not in html
        assert "<img" not in html
        assert 'href="javascript' not in html
        assert "<span onload" not in html
        assert 'x" onload' not in html


@given(st.text())
def test_no_text_is_too_strange(text: str):
    render(f"[[workflow:{text}]] [[{text}", {key: Reference("a", "/") for key in keys_in(f"[[workflow:{text}]]")})


def test_a_text_with_thousands_of_references_is_looked_up_once_and_not_at_all_beyond_the_limit():
    assert len(keys_in(" ".join(f"[[decision:{number}]]" for number in range(5_000)))) == MOST


@pytest.mark.django_db
def test_references_of_every_kind_cost_a_query_or_two_a_kind_whatever_their_number(
    decide, write_runbook, workflow, dependency, django_assert_max_num_queries
):
    decide("Use a saga", status="accepted")
    write_runbook()
    names = [
        "workflow:order-fulfilment",
        "dependency:payments-api",
        "decision:1",
        "decision:99",
        "runbook:payments-slow",
    ]
    text = " ".join(f"[[{name}]]" for name in names * 20)
    with django_assert_max_num_queries(25):
        html = document_html(text)
    for link in (
        "/workflows/order-fulfilment/",
        "/dependencies/payments-api/",
        "/decisions/1/",
        "/runbooks/payments-slow/",
    ):
        assert html.count(f'href="{link}"') == 20
    assert "1. Use a saga" in html
    assert "Accepted" in html
    assert "[[decision:99]]" in html


@pytest.mark.django_db
def test_the_picker_offers_what_has_the_name_of_the_kind_that_was_typed(decide, workflow, dependency):
    decide("Order of steps")
    assert [key for key, _ in suggestions("order")] == [("workflow", "order-fulfilment"), ("decision", "1")]
    assert [key for key, _ in suggestions("workflow:ord")] == [("workflow", "order-fulfilment")]
    assert [key for key, _ in suggestions("decision:1")] == [("decision", "1")]
    assert suggestions("nonsense:ord") == []
