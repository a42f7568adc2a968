"""Secrets by reference: resolved when a call is made, and masked before anything is stored or logged.

`payments-token` is the variable PLUMBLINE_SECRET_PAYMENTS_TOKEN, or the file `payments-token` in PLUMBLINE_SECRETS_DIR.
Owns resolving and masking. Never stores or logs a value.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from django.conf import settings

MASK = "•••• masked"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class UnknownSecret(Exception):
    """No such secret on this machine. The message says where it is looked for."""


def resolve(name: str) -> str:
    """The secret's value. Raises UnknownSecret."""
    if not _NAME.fullmatch(name):
        raise UnknownSecret(f"{name!r} is not the name of a secret: use a-z, 0-9 and -")
    variable = "PLUMBLINE_SECRET_" + name.upper().replace("-", "_")
    value = os.environ.get(variable, "").strip()
    if not value and settings.PLUMBLINE.secrets_dir is not None:
        try:
            value = (settings.PLUMBLINE.secrets_dir / name).read_text(errors="surrogateescape").strip()
        except OSError:
            value = ""
    if not value:
        raise UnknownSecret(
            f"secret {name!r} is not set: set {variable}, or put a file {name} into PLUMBLINE_SECRETS_DIR"
        )
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise UnknownSecret(f"secret {name!r} is not UTF-8 text: set it anew, encoded where it is binary")
    return value


class Vault(Mapping[str, Any]):
    """The `secrets` of an expression: resolves on access and remembers what it gave away, so that it can be masked."""

    def __init__(self, used: set[str]) -> None:
        self._used = used

    def __getitem__(self, name: str) -> str:
        value = resolve(name)
        self._used.add(value)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str)


class Masked(Vault):
    """The same, for what is stored: every secret is the mask."""

    def __init__(self) -> None:
        super().__init__(set())

    def __getitem__(self, name: str) -> str:
        return MASK


def mask(text: str, values: Iterable[str]) -> str:
    """The text without any of the values: a service may echo what it was sent."""
    for form in sorted({form for value in values if len(value) >= 4 for form in _forms(value)}, key=len, reverse=True):
        text = text.replace(form, MASK)
    return text


def _forms(value: str) -> set[str]:
    """The ways in which a service writes back what it was sent: as it is, in a URL, in JSON or quoted, in base64."""
    quoted = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
    return {
        value,
        quote(value),
        quote(value, safe=""),
        quote_plus(value),
        base64.b64encode(value.encode()).decode(),
        *quoted,
    }


def mask_json(value: Any, values: set[str]) -> Any:
    """The JSON value with every string masked."""
    if not values:
        return value
    if isinstance(value, str):
        return mask(value, values)
    if isinstance(value, list):
        return [mask_json(item, values) for item in value]
    if isinstance(value, dict):
        return {mask(str(key), values): mask_json(item, values) for key, item in value.items()}
    return value
