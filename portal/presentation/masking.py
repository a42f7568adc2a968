"""Payloads as values with what may not be seen taken out: for the API, as jsonview.py does it for pages.

Owns nothing but the walk; what counts as secret is jsonview's. Never decides who may see a payload.
"""

from __future__ import annotations

from typing import Any

from portal.presentation.jsonview import MASK, is_secret


def hide(value: Any, *, everything: bool) -> Any:
    """The value with each secret key's value masked; with `everything` each leaf. Null stays: it says nothing."""
    if isinstance(value, dict):
        return {
            key: MASK if is_secret(str(key)) and item is not None else hide(item, everything=everything)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [hide(item, everything=everything) for item in value]
    return MASK if everything and value is not None else value
