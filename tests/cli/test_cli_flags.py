"""`plumbline flags` and `switch`."""

from __future__ import annotations

import json

from .portal_stub import Reply, problem

FLAG = {
    "name": "related-items", "owner": None, "description": "", "switched": "declared", "declared": "off", "percent": 12.5,
    "spec": {}, "revision": 7, "applied_at": "2026-01-01T00:00:00+00:00",
}  # fmt: skip


def test_flags_are_listed_with_how_they_stand(cli, stub):
    stub.on("GET", "/flags", Reply(200, {"items": [FLAG], "next": None}))
    result = cli("flags")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1].split("  ")[0] == "related-items"
    for said in ("as declared", "off; on for 12.5 %", "admins"):
        assert said in result.stdout
    assert json.loads(cli("flags", "--json").stdout) == {"items": [FLAG]}
    stub.on("GET", "/flags", Reply(200, {"items": [], "next": None}))
    assert "kind Flag" in cli("flags").stdout


def test_a_flag_is_switched_over_the_revision_that_was_read(cli, stub):
    stub.on("GET", "/flags/related-items", Reply(200, FLAG))
    stub.on("POST", "/flags/related-items/switch", Reply(200, FLAG | {"switched": "off"}))
    result = cli("switch", "related-items", "off", "--reason", "it is slow")
    assert (result.exit_code, result.stdout) == (0, "related-items: switched off\n")
    assert stub.requests[-1].body == {"to": "off", "reason": "it is slow", "revision": 7}


def test_a_switch_that_somebody_else_came_before_is_told(cli, stub):
    stub.on("GET", "/flags/related-items", Reply(200, FLAG))
    stub.on("POST", "/flags/related-items/switch", problem(412, "flag related-items is at revision 8 by now"))
    result = cli("switch", "related-items", "off", "--reason", "it is slow")
    assert result.exit_code == 1
    assert "revision 8" in result.stderr
    assert cli("switch", "related-items", "maybe", "--reason", "x").exit_code == 2
