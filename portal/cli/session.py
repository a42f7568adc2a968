"""What every command shares: where the portal is, who asks, and how the answer is printed.

Owns the three shared options, their environment variables and the refusals of a connection that can't be right. The
options stand before or after the command's name: `plumbline --json runs` is `plumbline runs --json`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import click

from .exits import ExitCode, Failure
from .output import Printer

if TYPE_CHECKING:
    from .client import Portal

DEFAULT_URL = "http://127.0.0.1:8000"
Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass
class Session:
    """One call of the command."""

    url: str = ""
    token: str = ""
    as_json: bool = False

    @cached_property
    def printer(self) -> Printer:
        return Printer(as_json=self.as_json)

    @cached_property
    def portal(self) -> Portal:
        """The client. Raises Failure for a URL or token that can't be right, before anything is sent."""
        from .client import Portal

        return Portal(
            _checked_url(self.url or os.environ.get("PLUMBLINE_URL", "") or DEFAULT_URL),
            _checked_token(self.token or os.environ.get("PLUMBLINE_TOKEN", "")),
        )


def shared_options(command: Command) -> Command:
    """Add `--url`, `--token` and `--json`; a command's own win over those before its name."""
    options = (
        click.option("--url", metavar="URL", callback=_keep("url"), expose_value=False,
                     help=f"The portal. [env: PLUMBLINE_URL; default: {DEFAULT_URL}]"),
        click.option("--token", metavar="TOKEN", callback=_keep("token"), expose_value=False,
                     help="A token of your account page. [env: PLUMBLINE_TOKEN]"),
        click.option("--json", is_flag=True, callback=_keep("as_json"), expose_value=False, is_eager=True,
                     help="Print one JSON document on stdout."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def reason_option(command: Command) -> Command:
    """Add the `--reason` of everything that changes something, refused blank before anything is sent."""
    option = click.option("--reason", required=True, callback=_told, metavar="TEXT", help="Why; kept in the history.")
    return option(command)


def _told(_ctx: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not value.strip():
        raise click.BadParameter("is empty; say why, for those who read the history")
    return value


def _keep(field: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def keep(ctx: click.Context, _parameter: click.Parameter, value: Any) -> None:
        session = ctx.ensure_object(Session)
        if value:
            setattr(session, field, value)

    return keep


def _checked_url(url: str) -> str:
    example = f"use one like {DEFAULT_URL} or https://plumbline.example"
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise Failure(f"--url {url!r} is no address of a portal", ExitCode.USAGE, remedy=example)
    if parts.username is not None or parts.query or parts.fragment:
        raise Failure(
            "--url holds more than an address", ExitCode.USAGE, remedy=f"{example}, and --token to say who you are"
        )
    return url.strip().rstrip("/")


def _checked_token(token: str) -> str:
    token = token.strip()
    if not all(33 <= ord(character) <= 126 for character in token):
        raise Failure(
            "the token has characters that no token has",
            ExitCode.USAGE,
            remedy="set PLUMBLINE_TOKEN to the token alone, as the account page showed it",
        )
    return token
