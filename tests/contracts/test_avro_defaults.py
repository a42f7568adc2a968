"""Defaults of Avro that leave fields to the defaults of others: what was found out about one is kept, and is right."""

from __future__ import annotations

from typing import Any

from governance.contracts.avro_defaults import Unfit, unfit
from governance.contracts.avro_schemas import read_avro


def chain(length: int, *, end: dict[str, Any]) -> Any:
    """A record whose default leaves two fields to the defaults of the next, and so on: 2^length ways to the end."""
    made: Any = {"type": "record", "name": f"R{length}", "fields": [{"name": "end", "type": "int", **end}]}
    for number in reversed(range(length)):
        first = {"name": "a", "type": made, "default": {}}
        second = {"name": "b", "type": f"R{number + 1}", "default": {}}
        made = {"type": "record", "name": f"R{number}", "fields": [first, second]}
    return made


def test_defaults_that_share_others_are_looked_at_once():
    assert unfit(read_avro(chain(40, end={"default": 1}), "the")) == Unfit((), False)
    wrong = unfit(read_avro(chain(40, end={}), "the"))
    assert (len(wrong.fields), wrong.is_cut) == (80, False), "each of them needs the one that is missing"


def test_a_default_that_leans_on_one_being_made_up_is_looked_at_again():
    """B needs A, and A may be null: looked at first from within A, B seems to have no end."""
    b = {"type": "record", "name": "B", "fields": [{"name": "a", "type": "A", "default": {}}]}
    either = {"name": "x", "type": [b, "null"], "default": {}}
    a = {"type": "record", "name": "A", "fields": [either]}
    found = unfit(read_avro(a, "the"))
    assert {field.name for _, field in found.fields} == {"a", "x"}, "neither {} comes to an end"
    either["type"], either["default"] = [b, {"type": "map", "values": "int"}], {}
    assert unfit(read_avro(a, "the")).fields == (), "an empty map does, and so both do"
