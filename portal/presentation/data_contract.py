"""What a page shows of a data contract (ODCS) beside its rows: promises, quality, roles, support, where it lies, its price.

Owns the words. Never reads a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.contracts.odcs.reading import APPROVERS, listed

_OPERATORS = {
    "mustBe": "is", "mustNotBe": "is not", "mustBeGreaterThan": "is over", "mustBeGreaterOrEqualTo": "is at least",
    "mustBeLessThan": "is under", "mustBeLessOrEqualTo": "is at most", "mustBeBetween": "is between",
    "mustNotBeBetween": "is not between",
}  # fmt: skip


def shown(document: Mapping[str, Any]) -> dict[str, Any]:
    """For templates/contracts/data_contract.html. Each list may be empty."""
    return {
        "tables": [
            (table["name"], table.get("description", ""), [_field(one) for one in listed(table, "properties")])
            for table in listed(document, "schema")
        ],
        "promises": [_promise(one) for one in listed(document, "slaProperties")],
        "quality": [*_checks(document)],
        "roles": [
            (one["role"], one.get("access", ""), ", ".join(str(one[key]) for key in APPROVERS if one.get(key)))
            for one in listed(document, "roles")
        ],
        "support": [(one["channel"], one.get("tool", ""), _link(one.get("url"))) for one in listed(document, "support")],
        "servers": [
            (one["server"], one["type"], one.get("environment", ""), _place(one)) for one in listed(document, "servers")
        ],
        "price": _price(document.get("price")),
    }  # fmt: skip


def _field(one: Mapping[str, Any]) -> tuple[str, str, bool, str]:
    """Name, type, whether every row has it, and what it is."""
    kinds = [str(one[key]) for key in ("logicalType", "physicalType") if one.get(key)]
    return (
        str(one["name"]),
        ", ".join(dict.fromkeys(kinds)),
        one.get("required") is True,
        str(one.get("description") or ""),
    )


def _promise(one: Mapping[str, Any]) -> tuple[str, str, str]:
    value = " ".join(str(one[key]) for key in ("value", "unit") if one.get(key) is not None)
    return str(one["property"]), value, str(one.get("element") or "")


def _checks(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = []
    for table in listed(document, "schema"):
        owners = [
            (str(table["name"]), table),
            *((f"{table['name']}.{one['name']}", one) for one in listed(table, "properties")),
        ]
        found += [(name, _check(one)) for name, owner in owners for one in listed(owner, "quality")]
    return found


def _check(one: Mapping[str, Any]) -> str:
    what = (
        one.get("description")
        or one.get("name")
        or one.get("metric")
        or one.get("rule")
        or one.get("query")
        or one.get("type")
        or "a check"
    )
    bounds = [f"{words} {_value(one[word])}" for word, words in _OPERATORS.items() if word in one]
    measure = one.get("metric") or one.get("rule") or "result"
    return (
        f"{what} ({measure} {' and '.join(bounds)})" if bounds and measure != what else " ".join([str(what), *bounds])
    )


def _value(value: Any) -> str:
    return " and ".join(map(str, value)) if isinstance(value, list) else str(value)


def _place(server: Mapping[str, Any]) -> str:
    known = (
        "host",
        "location",
        "endpointUrl",
        "account",
        "project",
        "catalog",
        "database",
        "dataset",
        "schema",
        "path",
    )
    return " / ".join(str(server[key]) for key in known if server.get(key))


def _price(price: Any) -> str:
    if not isinstance(price, Mapping) or price.get("priceAmount") is None:
        return ""
    unit = f" per {price['priceUnit']}" if price.get("priceUnit") else ""
    return f"{price['priceAmount']} {price.get('priceCurrency') or ''}".strip() + unit


def _link(url: Any) -> str:
    """An address that a browser may be sent to, or none: what a document says is nobody's word."""
    return url if isinstance(url, str) and url.startswith(("https://", "http://", "mailto:")) else ""
