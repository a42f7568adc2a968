"""How text is cut into words, questions are read, and excerpts are made. Nothing here needs a database."""

from __future__ import annotations

import time

import pytest

from governance.search.excerpts import LENGTH, excerpt, headings, marked, pattern, plain
from governance.search.query import Query, Term, fts5, parse, tsquery
from governance.search.words import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("order-fulfilment", ["order", "fulfilment"]),
        ("http.503", ["http", "503"]),
        ("ADR 0012", ["adr", "12"]),
        ("0", ["0"]),
        ("Zürich café", ["zurich", "cafe"]),
        ("policies processes classes status https keys", ["policy", "process", "class", "status", "https", "key"]),
        ("snake_case_name", ["snake", "case", "name"]),
        ("🦉 — …", []),
        ("x" * 200, ["x" * 64]),
    ],
)
def test_text_is_cut_alike_wherever_it_stands(text: str, expected: list[str]):
    assert words(text) == expected


@pytest.mark.parametrize(
    ("one", "many"),
    [("cache", "caches"), ("batch", "batches"), ("policy", "policies"), ("axle", "axles"), ("bus", "bus"), ("fax", "faxes"),
     ("deluxe", "deluxes"), ("finesse", "finesses"), ("breach", "breaches"), ("response", "responses")],
)  # fmt: skip
def test_one_and_many_of_a_thing_are_one_word(one: str, many: str):
    assert words(one) == words(many)


def test_a_word_of_a_question_is_a_word_a_phrase_or_one_that_must_not_be_there():
    query = parse('refund "two phase" -gift order-ful')
    assert query.terms == (Term(("refund",)), Term(("two", "phase")), Term(("order", "ful"), prefix=True))
    assert query.without == (Term(("gift",)),)
    assert query.name == "refund two phase order ful"


def test_the_last_word_is_whole_once_a_space_or_a_quote_ended_it():
    assert parse("stuck").terms[-1].prefix
    assert not parse("stuck ").terms[-1].prefix
    assert not parse('"stuck"').terms[-1].prefix
    assert parse('"stuck').terms[-1].prefix, "the quote is still being typed"
    assert not parse("s").terms[-1].prefix
    assert not parse("12").terms[-1].prefix, "decision 12 is not decision 120"


def test_small_words_are_left_out_unless_there_are_no_others():
    assert parse("how do I rotate the key").terms == (Term(("rotate",)), Term(("key",), prefix=True))
    assert [term.words for term in parse("to be").terms] == [("to",), ("be",)]
    assert parse('"to be"').terms == (Term(("to", "be")),)


def test_a_question_has_no_more_terms_than_somebody_would_type():
    assert len(parse("word " * 500).terms) <= 12
    assert not parse("-a -b")
    assert not parse("🦉")


def test_each_database_is_asked_in_its_own_words():
    query = Query((Term(("a", "b")), Term(("c",), prefix=True)), (Term(("d", "e")),))
    assert tsquery(query) == "('a' <-> 'b') & ('c':*)"
    assert fts5(query) == '"a b" AND "c" *'
    assert (tsquery(query.unwanted), fts5(query.unwanted)) == ("('d' <-> 'e')", '"d e"')
    assert " | " in tsquery(query.loosened)
    assert " OR " in fts5(query.loosened)


@pytest.mark.parametrize(
    "text", ["' | 'x':* & !(", '" OR a NOT b *', "title_words : x", "{a}:b ^c + NEAR(d e)", "\\'--"]
)
def test_nothing_of_a_question_but_words_reaches_a_database(text: str):
    query = parse(text)
    for term in (*query.terms, *query.without):
        assert all(word.isalnum() for word in term.words)


def test_an_excerpt_is_cut_where_most_of_the_words_stand_and_marks_them():
    text = f"One breaker here. {'Filler goes on and on. ' * 40}The breaker opens and payments park. {'More. ' * 40}"
    pieces = excerpt(text, pattern(parse("breaker payment")))
    shown = "".join(piece.text for piece in pieces)
    assert "breaker opens and payments park" in shown
    assert {piece.text for piece in pieces if piece.marked} == {"breaker", "payments"}
    assert len(shown) < LENGTH + 10
    assert shown.startswith("… ")


def test_marks_follow_the_forms_that_search_takes():
    def seen(question: str, text: str) -> list[str]:
        return [piece.text for piece in marked(text, pattern(parse(question))) if piece.marked]

    assert seen("policy ", "Policies and a policy, policymaker") == ["Policies", "policy"]
    assert seen("fulfil", "Order-fulfilment") == ["fulfilment"]
    assert seen("12 ", "ADR 0012, 120 and 12") == ["0012", "12"]
    assert seen("order-fulfilment ", "the order-fulfilment flow") == ["order", "fulfilment"]
    assert seen("cache ", "cache caches cached") == ["cache", "caches"]
    assert seen("apache server", "Apache serves") == ["Apache"]


def test_a_document_is_read_without_its_markup():
    text = "# Title #\n\n* **bold** `code` [link](http://x.example)\n\n> quoted\n\n| a | b |\n|---|---|\n\n## Second\n"
    assert plain(text) == "Title # bold code link quoted | a | b | Second"
    assert headings(text) == ["Title", "Second"]


@pytest.mark.parametrize("part", ["# ", "[", "[](", "- ", " ", "\n", "*", "-:| ", "#", "![a](b ", "`", "\t\n"])
def test_no_text_takes_long_to_read(part: str):
    text = part * (200_000 // len(part)) + "x"
    began = time.process_time()
    plain(text), headings(text), words(text), excerpt(text, pattern(parse("x order")))
    assert time.process_time() - began < 2.0
