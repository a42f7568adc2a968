"""The normal form of a manifest and its hash: what a version is, whatever it was written like.

Owns what counts as the same content. The order of keys, quoting, comments and aliases don't count; nor does a default
that is written out. Durations and percentages take their normal form (`5000ms` → `5s`, `24h` → `1d`, `99.50%` →
`99.5%`). The result is itself a valid manifest with itself as its normal form. Never changes free JSON such as bodies.
"""

import hashlib
import json

from .models import Document
from .values import JSON


def canonical_form(document: Document) -> dict[str, JSON]:
    """Plain JSON with sorted keys."""
    return {key: _sorted(value) for key, value in sorted(document.model_dump(**_DUMP).items())}


def hash_of(canonical: dict[str, JSON]) -> str:
    """SHA-256, in hexadecimal, of the normal form's JSON."""
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _sorted(value: JSON) -> JSON:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    return value


_DUMP: JSON = {"mode": "json", "by_alias": True, "exclude_defaults": True}
