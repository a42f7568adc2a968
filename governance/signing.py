"""Signatures of webhooks after the Standard Webhooks specification: HMAC-SHA256 of `id.timestamp.body`, in base64.

Owns the form of a secret and of a signature. Never looks a secret up, and never puts one into a message.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

PREFIX = "whsec_"
#: Bytes of a key, by the specification.
SHORTEST, LONGEST = 24, 64


def keys_of(secret: str) -> list[bytes]:
    """The keys of a secret: one, or several with spaces between them while receivers change from one to the next.

    Raises ValueError, which says what is wanted and not what is there.
    """
    keys = [_key_of(one) for one in secret.split()]
    if not all(SHORTEST <= len(key) <= LONGEST for key in keys):
        raise ValueError(
            f"it is no signing secret: set {PREFIX} and {SHORTEST} to {LONGEST} random bytes in base64, such as "
            f"{PREFIX}$(openssl rand -base64 32)"
        )
    return keys


def signature(keys: Sequence[bytes], message_id: str, timestamp: int, body: str) -> str:
    """The `webhook-signature`: one for each key, with spaces between them."""
    signed = f"{message_id}.{timestamp}.{body}".encode()
    digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def _key_of(text: str) -> bytes:
    """The bytes; none when it is not base64 with the prefix."""
    try:
        return base64.b64decode(text.removeprefix(PREFIX), validate=True) if text.startswith(PREFIX) else b""
    except (binascii.Error, ValueError):
        return b""
