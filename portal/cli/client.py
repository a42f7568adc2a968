"""The HTTP client of the portal: bounded, patient where repeating is safe, honest where it is not.

Owns connections, timeouts, repeats and keyset pages. Never follows a redirect (the token would go along) and never
repeats a request that could act twice, unless it carries an Idempotency-Key.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .answers import NO_PORTAL, Answer, Reply, read_answer
from .exits import ExitCode, Failure
from .plain import one_line

if TYPE_CHECKING:
    import httpx

#: Seconds before the second, third and fourth try.
DELAYS = (0.3, 1.0, 2.0)
LONGEST_DELAY = 10.0
#: Seconds for one whole exchange, whatever trickles in meanwhile.
EXCHANGE = 120.0
MAX_ANSWER = 256 * 1024 * 1024
#: What the API reads of one request; a larger one would be cut off halfway instead of answered.
MAX_BODY = 6 * 1024 * 1024
PAGE = 200
_BUSY = {502, 503, 504}


class Portal:
    """The portal at a URL, as the bearer of a token sees it."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token
        self._client: httpx.Client | None = None

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The object at a path under /api/v1. Raises Failure."""
        return self._ask("GET", path, query=query, repeatable=True).value

    def post(self, path: str, body: Mapping[str, Any], *, key: str = "", repeatable: bool = False) -> Answer:
        """Send an object. With a key, or where it changes nothing (`repeatable`), a lost answer is asked for again."""
        data = json.dumps(body, allow_nan=False).encode()
        if len(data) > MAX_BODY:
            raise Failure(
                f"the request is {len(data):,} bytes; the portal reads {MAX_BODY:,}",
                ExitCode.USAGE,
                remedy="send fewer files at once, or a smaller input",
                code="too_large",
            )
        headers = {"content-type": "application/json"} | ({"idempotency-key": key} if key else {})
        return self._ask("POST", path, data=data, headers=headers, repeatable=repeatable or bool(key))

    def send(
        self, path: str, data: bytes, kind: str, query: Mapping[str, Any], *, repeatable: bool = False
    ) -> Answer:  # fmt: skip
        """Send bytes of a media type, what is to be said of them in the query. Raises Failure."""
        return self._ask("POST", path, query=query, data=data, headers={"content-type": kind}, repeatable=repeatable)

    def download(self, path: str, query: Mapping[str, Any]) -> bytes:
        """The bytes at a path, for what is no JSON. Raises Failure."""
        reply = self._reply("GET", path, query=query, repeatable=True)
        if not 200 <= reply.status < 300:
            read_answer(reply, self.url, signed=bool(self.token))
        return reply.body

    def pages(self, path: str, query: Mapping[str, Any], most: int | None) -> Iterator[dict[str, Any]]:
        """The items of a list, page after page, at most so many."""
        left, cursors = most, set[str]()
        wanted = dict(query)
        while left is None or left > 0:
            wanted["limit"] = PAGE if left is None else min(PAGE, left)
            page = self.get(path, wanted)
            items = page.get("items")
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise Failure(f"{self.url}{path} sent a list without items", ExitCode.UNREACHABLE, remedy=NO_PORTAL)
            yield from items if left is None else items[:left]
            left = None if left is None else left - len(items)
            cursor = page.get("next")
            # A cursor that comes back would turn the same page forever.
            if not isinstance(cursor, str) or cursor in cursors:
                return
            cursors.add(cursor)
            wanted["cursor"] = cursor

    def _ask(self, method: str, path: str, **wanted: Any) -> Answer:
        return read_answer(self._reply(method, path, **wanted), self.url, signed=bool(self.token))

    def _reply(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool,
    ) -> Reply:
        import httpx

        given = {name: value for name, value in (query or {}).items() if value is not None}
        for delay in (*DELAYS, None):
            try:
                reply = self._exchange(method, path, given, data, headers or {})
                again = reply.status == 429 or (repeatable and reply.status in _BUSY)
                if not again or delay is None:
                    return reply
                pause = _pause(delay, reply.headers.get("retry-after", ""))
            except httpx.InvalidURL as error:
                message = f"--url {self.url} is no address: {one_line(error)}"
                raise Failure(message, ExitCode.USAGE, remedy=NO_PORTAL) from error
            except httpx.HTTPError as error:
                unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                if delay is None or not (unsent or repeatable):
                    raise self._unreachable(error, doubtful=method != "GET" and not unsent) from error
                pause = _pause(delay)
            time.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def _exchange(
        self, method: str, path: str, query: Mapping[str, Any], data: bytes | None, headers: Mapping[str, str]
    ) -> Reply:
        """One request and its whole answer, within limits of time and size."""
        import httpx

        client = self._connected()
        deadline = time.monotonic() + EXCHANGE
        body = bytearray()
        url = f"{self.url}/api/v1{path}"
        with client.stream(method, url, params=dict(query), content=data, headers=dict(headers)) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER or time.monotonic() > deadline:
                    raise httpx.ReadTimeout(f"the answer did not end within {EXCHANGE:.0f} s and {MAX_ANSWER:,} bytes")
        return Reply(response.status_code, response.headers, bytes(body))

    def _connected(self) -> httpx.Client:
        if self._client is None:
            import httpx

            headers = {"accept": "application/json, application/problem+json", "user-agent": "plumbline-cli"}
            if self.token:
                headers["authorization"] = f"Bearer {self.token}"
            try:
                self._client = httpx.Client(headers=headers, timeout=httpx.Timeout(60.0, connect=5.0))
            except (OSError, ValueError, ImportError) as error:
                # Certificates and proxies come from the environment, and may be named wrongly there.
                message = f"the connection can't be set up: {one_line(error)}"
                remedy = "check SSL_CERT_FILE, HTTPS_PROXY and ALL_PROXY in your environment"
                raise Failure(message, ExitCode.USAGE, remedy=remedy) from error
        return self._client

    def _unreachable(self, error: Exception, *, doubtful: bool) -> Failure:
        cause = one_line(error) or type(error).__name__
        if doubtful:
            message = f"{self.url} gave no answer ({cause}); whether it did what was asked is not known"
            remedy = "look before you repeat it: `plumbline plan` or `plumbline show` says how things stand"
        else:
            message = f"{self.url} can't be reached: {cause}"
            remedy = f"is the portal running? {NO_PORTAL}"
        return Failure(message, ExitCode.UNREACHABLE, remedy=remedy)


def _pause(delay: float, retry_after: str = "") -> float:
    """How long to wait: what the portal asks for, within reason; else the delay, spread for many clients."""
    if retry_after.isdigit():
        return min(float(retry_after), LONGEST_DELAY)
    return delay * random.uniform(0.75, 1.25)  # noqa: S311 - spreads repeats, protects nothing
