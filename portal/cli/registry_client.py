"""A client of a schema registry's REST API, whosever it is: the one that is copied from, and the portal's own.

Owns requests, their limits and what an answer that can't be means. Never decides what is copied.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from .exits import ExitCode, Failure
from .plain import one_line

if TYPE_CHECKING:
    import httpx

SECONDS = 60.0
MAX_ANSWER = 64 * 1024 * 1024
MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"


class Refused(Exception):
    """The registry's error: `code` is its own, such as 40401 or 42201."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Registry:
    """One registry at a URL. `user`: name and password of basic auth, or empty."""

    url: str
    user: tuple[str, str] | None = None
    _client: httpx.Client | None = None

    def get(self, path: str) -> Any:
        """Raises Refused, and Failure where no registry answers."""
        return self.ask("GET", path)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Likewise, with an object as the body."""
        import httpx

        if self._client is None:
            self._client = httpx.Client(timeout=SECONDS, auth=self.user)
        data = None if body is None else json.dumps(body).encode()
        headers = {"accept": MEDIA_TYPE, "content-type": MEDIA_TYPE}
        try:
            answer = self._client.request(method, f"{self.url}{path}", content=data, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Failure(
                f"{self.url} does not answer: {one_line(error)}",
                ExitCode.UNREACHABLE,
                remedy="check the address and try again",
            ) from error
        return self._read(answer)

    def _read(self, answer: httpx.Response) -> Any:
        try:
            value = json.loads(answer.content) if len(answer.content) <= MAX_ANSWER else None
        except ValueError:
            value = None
        if answer.is_success and value is not None:
            return value
        if isinstance(value, dict) and isinstance(value.get("error_code"), int):
            if value["error_code"] in (401, 403, 40101, 40301):
                raise Failure(f"{self.url}: {value.get('message')}", ExitCode.NOT_PERMITTED)
            raise Refused(value["error_code"], str(value.get("message", "")))
        raise Failure(
            f"{self.url} answers {answer.status_code}, and not as a schema registry does", ExitCode.UNREACHABLE,
            remedy="give the address under which its /subjects is",
        )  # fmt: skip


def registry_at(url: str, user: str = "") -> Registry:
    """Raises Failure for what is no address; a user and password go in `user`, as name:password, not in the address."""
    parts = urlsplit(url.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None or parts.query:
        raise Failure(f"{url!r} is no address of a registry; write it as https://registry.example", ExitCode.USAGE)
    name, mark, password = user.partition(":")
    if user and not mark:
        raise Failure("the source's user is written as name:password", ExitCode.USAGE)
    return Registry(url.strip().rstrip("/"), (name, password) if user else None)


def at(*parts: str) -> str:
    """A path of these parts, each as it is."""
    return "/" + "/".join(quote(part, safe="") for part in parts)
