"""The mail server of an installation, read from an address like the database's. Owns that reading; never sends.

Off unless configured: an installation that says nothing of mail sends none.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

SUBMISSION, SUBMISSION_TLS = 587, 465


@dataclass(frozen=True, slots=True)
class Mail:
    """Where mail is handed over, and who it says it is from. `tls`: from the first byte; `start_tls`: before anything is said."""

    host: str
    port: int
    user: str
    password: str
    tls: bool
    start_tls: bool
    sender: str

    def __repr__(self) -> str:
        return f"Mail({self.host}:{self.port})"  # no password in a traceback


def mail_server(url: str, sender: str) -> Mail | None:
    """None where there is none. Raises ValueError, which names the setting and never the password."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in {"smtp", "smtps"}:
        raise ValueError(
            "PLUMBLINE_SMTP_URL is no address of a mail server; write it as smtps://user:password@mail.example:465 or smtp://…:587"
        )
    if not sender:
        raise ValueError("PLUMBLINE_SMTP_URL is set, but not PLUMBLINE_MAIL_FROM: say whom mail is from")
    tls = parts.scheme == "smtps"
    port = port or (SUBMISSION_TLS if tls else SUBMISSION)
    # A relay on this machine takes mail in the clear; a name and password never travel so.
    start_tls = not tls and (bool(parts.username) or port == SUBMISSION)
    return Mail(host, port, unquote(parts.username or ""), unquote(parts.password or ""), tls, start_tls, sender)
