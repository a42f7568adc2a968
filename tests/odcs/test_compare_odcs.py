"""What a new version of a data contract means to those who read the data."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from ruamel.yaml import YAML

from governance.contracts import InvalidSchema
from governance.contracts.odcs import check_odcs, compare_odcs
from governance.contracts.odcs.rows import dataset_schema
from governance.contracts.validation import compile_check
from tests.odcs.conftest import ORDERS

BASE: dict[str, Any] = YAML(typ="safe", pure=True).load(ORDERS)


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    document = copy.deepcopy(BASE)
    change(document)
    return document


def field(document: dict[str, Any], number: int) -> dict[str, Any]:
    found: dict[str, Any] = document["schema"][0]["properties"][number]
    return found


@pytest.mark.parametrize(
    ("name", "change", "verdict", "bump"),
    [
        ("nothing", lambda d: None, "safe", "none"),
        ("a word", lambda d: d["description"].update(usage="Else"), "safe", "patch"),
        ("a server", lambda d: d["servers"][0].update(host="other.example"), "safe", "patch"),
        ("a price", lambda d: d["price"].update(priceAmount=1), "safe", "patch"),
        ("an optional field", lambda d: d["schema"][0]["properties"].append({"name": "note", "logicalType": "string"}), "safe", "minor"),
        ("a field goes that may be missing", lambda d: d["schema"][0]["properties"].pop(2), "safe", "minor"),
        ("a field goes that is always there", lambda d: d["schema"][0]["properties"].pop(1), "breaking", "major"),
        ("a field may be null", lambda d: field(d, 1).update(required=False), "breaking", "major"),
        ("a field is always there", lambda d: field(d, 2).update(required=True), "safe", "minor"),
        ("longer text", lambda d: field(d, 0)["logicalTypeOptions"].update(maxLength=20), "breaking", "major"),
        ("shorter text", lambda d: field(d, 0)["logicalTypeOptions"].update(maxLength=10), "safe", "minor"),
        ("another type", lambda d: field(d, 2).update(logicalType="string", logicalTypeOptions={}), "breaking", "major"),
        ("a table goes", lambda d: d["schema"].pop(), "breaking", "major"),
        ("a table comes", lambda d: d["schema"].append({"name": "carts"}), "safe", "minor"),
        ("less retention", lambda d: d["slaProperties"][1].update(value=1), "undecided", "major"),
        ("no latency", lambda d: d["slaProperties"].pop(0), "undecided", "major"),
        ("a new promise", lambda d: d["slaProperties"].append({"property": "frequency", "value": 1}), "safe", "minor"),
        ("a check goes", lambda d: d["schema"][0].pop("quality"), "undecided", "major"),
        ("a check is worded otherwise", lambda d: d["schema"][0]["quality"][0].update(description="Enough"), "safe", "patch"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_each_change_has_its_verdict(name: str, change: Callable[[dict[str, Any]], object], verdict: str, bump: str):
    report = compare_odcs(BASE, changed(change))
    assert (report.verdict, report.bump) == (verdict, bump), report.findings
    assert verdict != "breaking" or report.has_witness


def test_what_rows_may_be_is_what_the_document_says():
    check = compile_check(dataset_schema(BASE))
    row = {"id": "a", "placed_at": "2026-01-01 00:00:00", "total": None, "lines": [{"sku": "x"}]}
    assert not check({"orders": [row], "refunds": []})
    for wrong in ({"id": "x" * 19}, {"placed_at": None}, {"total": -1}, {"lines": [{}]}):
        assert check({"orders": [row | wrong], "refunds": []}), wrong
    assert check({"orders": []})


def test_the_width_of_an_integer_is_its_range():
    def schema(format: str, **options: int) -> Any:
        one = {
            "name": "n",
            "logicalType": "integer",
            "required": True,
            "logicalTypeOptions": {"format": format, **options},
        }
        return dataset_schema({"schema": [{"name": "t", "properties": [one]}]})["properties"]["t"]["items"][
            "properties"
        ]["n"]

    assert (schema("i8")["minimum"], schema("i8")["maximum"]) == (-128, 127)
    assert (schema("u16")["minimum"], schema("u16", maximum=9)["maximum"]) == (0, 9)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda d: d.pop("status"), "status"), (lambda d: d.update(apiVersion="v2.2.2"), "is not read"),
        (lambda d: d.update(surprise=1), "surprise"), (lambda d: d["schema"][0].pop("name"), "/schema/0"),
        (lambda d: field(d, 0).update(logicalType="text"), "/schema/0/properties/0"), (lambda d: d.update(kind="Else"), "/kind"),
    ],
)  # fmt: skip
def test_what_is_not_as_the_standard_has_it_is_refused_with_its_place(
    change: Callable[[dict[str, Any]], object], told: str
):
    with pytest.raises(InvalidSchema) as refused:
        check_odcs(changed(change))
    assert told in str(refused.value)


@pytest.mark.parametrize("document", [None, [], "text", 3, {}, {"apiVersion": 3}])
def test_what_is_no_document_is_refused(document: Any):
    with pytest.raises(InvalidSchema):
        check_odcs(document)
