"""Which declared failure mode a failure looks like."""

from __future__ import annotations

import pytest

from portal.presentation.failure_modes import matching

MODES = [
    {"mode": "503 in bursts of seven seconds"}, {"mode": "409 out_of_stock"}, {"mode": "409 already_reserved"},
    {"mode": "no answer within two seconds"}, {"mode": "the service is unreachable"}, {"mode": "wrong prices"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("error_type", "message", "wanted"),
    [
        ("http.503", "inventory answered 503", ["503 in bursts of seven seconds"]),
        ("http.409", 'answered 409: {"code": "out_of_stock"}', ["409 out_of_stock", "409 already_reserved"]),
        ("http.409", "answered 409", ["409 out_of_stock", "409 already_reserved"]),
        ("http.404", "answered 404: out_of_stock", []),
        ("timeout", "no answer from inventory within 2 s", ["no answer within two seconds"]),
        ("timeout.heartbeat", "", ["no answer within two seconds"]),
        ("connection", "no connection to inventory", ["the service is unreachable"]),
        ("http.500", "answered 500", []),
        ("expect", "expected output.ok", []),
        ("", "", []),
    ],
)
def test_a_failure_is_matched_by_status_code_word_and_kind(error_type: str, message: str, wanted: list[str]):
    assert [mode["mode"] for mode in matching(MODES, error_type, message)] == wanted


def test_a_number_inside_another_is_no_status():
    assert matching([{"mode": "order 15030 and 503.5 of them"}], "http.503", "") == []
