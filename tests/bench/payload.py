"""What every system carries in the benchmarks: ten steps, one result of 200 bytes as JSON, and the schema it fits.

Owns the numbers of the work. Standard library only: the other systems' processes import it too.
"""

from __future__ import annotations

import json
from typing import Any

STEPS = 10
WIDTH = 100

#: An order line as a shop would pass it on; 200 bytes in the compact JSON that all systems store or send.
RESULT: dict[str, Any] = {
    "id": 482, "sku": "A-1", "qty": 2, "cur": "EUR", "net": 199, "tax": 38, "vip": False, "zip": "10115",
    "to": "DE", "kg": 1.5, "w": 30, "h": 9, "d": 8, "no": 7, "ch": "web", "st": "paid", "t": 176, "ref": "K8",
    "gift": True, "note": "door",
}  # fmt: skip


def _text(**more: Any) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": 40, **more}


def _number(most: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": 0, "maximum": most}


#: Twenty properties, all required, none beside them.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": list(RESULT),
    "properties": {
        "id": _number(10**9), "sku": _text(pattern="^[A-Z]-[0-9]+$"), "qty": _number(1000), "net": _number(10**7),
        "cur": {"enum": ["EUR", "GBP", "USD"]}, "tax": _number(10**7), "vip": {"type": "boolean"}, "zip": _text(),
        "to": _text(pattern="^[A-Z]{2}$"), "kg": {"type": "number", "exclusiveMinimum": 0}, "w": _number(500),
        "h": _number(500), "d": _number(500), "no": _number(100), "ch": {"enum": ["web", "shop", "phone"]},
        "st": {"enum": ["new", "paid", "sent"]}, "t": _number(10**10), "ref": _text(), "gift": {"type": "boolean"},
        "note": _text(),
    },
}  # fmt: skip

assert len(SCHEMA["properties"]) == len(RESULT) == 20
assert len(json.dumps(RESULT, separators=(",", ":"))) == 200, len(json.dumps(RESULT, separators=(",", ":")))
