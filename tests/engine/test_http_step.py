"""The http step against real servers, well behaved and not."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from orchestration import clock
from orchestration.models import Dependency, Team
from orchestration.selectors import targets
from orchestration.states import Effect
from orchestration.steps import egress, http
from orchestration.steps.outcome import Call, Completed, Failed, Outcome
from tests.engine.services import Answer, closed_port, json_answer, raw, service

pytestmark = pytest.mark.django_db

Hit = Callable[..., Outcome]


@pytest.fixture
def hit() -> Hit:
    """Call a URL as an http step would: `hit(url, method=…, writes=…, limit=…)`."""
    team = Team.objects.create(name="checkout")

    def call(
        url: str, *, writes: bool = False, limit: float = 5, secrets: set[str] | None = None, **body: Any
    ) -> Outcome:
        document = {"spec": {"base_url": url}}
        Dependency._base_manager.update_or_create(name="shop", defaults={"owner": team, "document": document})
        targets.forget()
        now = clock.now()
        made = Call(
            run_id="r", workflow="w", step="s", attempt=1, idempotency_key="r/s", trace_id="0" * 32, span_id="1" * 16,
            body={"method": "GET", "path": "/x", "query": {}, "headers": {}, "json": None, **body}, dependency="shop",
            writes=writes, limit=limit, now=now, deadline=now + timedelta(seconds=limit), heartbeat=lambda: None,
            secrets_used=secrets if secrets is not None else set(),
        )  # fmt: skip
        return http.run(made)

    return call


def failed(outcome: Outcome) -> Failed:
    assert isinstance(outcome, Failed), outcome
    return outcome


def test_a_request_carries_key_trace_deadline_and_json(hit: Hit):
    with service(lambda _: json_answer('{"id": 1}')) as shop:
        outcome = hit(
            shop.url,
            method="POST",
            path="/orders/a%2Fb",
            query={"n": 1, "on": True, "no": None},
            json={"ü": [1]},
            writes=True,
        )
    assert outcome == Completed({"id": 1})
    [(method, path, headers, body)] = shop.requests
    assert (method, path) == ("POST", "/orders/a%2Fb?n=1&on=true")
    assert (headers["idempotency-key"], json.loads(body)) == ("r/s", {"ü": [1]})
    assert headers["traceparent"] == f"00-{'0' * 32}-{'1' * 16}-01"
    assert abs(int(headers["x-deadline"]) / 1000 - time.time() - 5) < 2
    assert headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("answer", "output"),
    [
        (json_answer("[1, 2]"), [1, 2]),
        (json_answer("null"), None),
        (json_answer(""), None),
        ((204, {}, b""), None),
        ((200, {"Content-Type": "application/problem+json; charset=utf-8"}, b'{"a": "\xc3\xbc"}'), {"a": "ü"}),
        ((200, {"Content-Type": "text/plain"}, b"hello \xff"), "hello �"),
    ],
)
def test_an_answer_becomes_the_output(hit: Hit, answer: Answer, output: Any):
    with service(lambda _: answer) as shop:
        assert hit(shop.url) == Completed(output)


def test_head_has_no_output(hit: Hit):
    with service(lambda _: json_answer('{"id": 1}')) as shop:
        assert hit(shop.url, method="HEAD") == Completed(None)


@pytest.mark.parametrize(
    ("status", "retryable", "effect"),
    [
        (400, False, Effect.NONE), (404, False, Effect.NONE), (409, False, Effect.NONE), (422, False, Effect.NONE),
        (408, True, Effect.NONE), (425, True, Effect.NONE), (429, True, Effect.NONE),
        (500, True, Effect.UNKNOWN), (501, True, Effect.NONE), (502, True, Effect.UNKNOWN), (503, True, Effect.NONE),
        (504, True, Effect.UNKNOWN), (303, False, Effect.UNKNOWN), (307, False, Effect.UNKNOWN),
    ],
)  # fmt: skip
def test_a_status_says_whether_to_try_again_and_whether_it_happened(
    hit: Hit, status: int, retryable: bool, effect: Effect
):
    with service(lambda _: (status, {"Location": "/y"}, b'{"why": "because"}')) as shop:
        outcome = failed(hit(shop.url, method="POST", writes=True))
        assert failed(hit(shop.url, method="POST", writes=False)).effect == Effect.NONE
    assert (outcome.error_type, outcome.retryable, outcome.effect) == (f"http.{status}", retryable, effect)
    assert "because" in outcome.message
    assert len(shop.requests) == 2, "a write is never redirected"


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        ("7", 7, 7),
        (" 7 ", 7, 7),
        ("999999999", 86_400, 86_400),
        ("9" * 400, 86_400, 86_400),
        ("-1", None, None),
        ("soon", None, None),
        ("²", None, None),
        ("Mon, 99 Foo 2030 00:00:00 GMT", None, None),
        ("Mon, 01 Jan 2001 00:00:00 +99999999999", None, None),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 0, 0),
    ],
)
def test_retry_after_in_seconds_or_unreadable(hit: Hit, value: str, low: float | None, high: float | None):
    with service(lambda _: (429, {"Retry-After": value}, b"")) as shop:
        given = failed(hit(shop.url)).retry_after
    assert given == low == high


@pytest.mark.parametrize("zone", ["GMT", "-0000"])
def test_retry_after_as_a_date_counts_by_the_databases_clock(hit: Hit, zone: str):
    clock.advance(timedelta(hours=2))
    text = format_datetime(datetime.now(UTC) + timedelta(hours=2, seconds=90), usegmt=True).replace("GMT", zone)
    with service(lambda _: (503, {"Retry-After": text}, b"")) as shop:
        given = failed(hit(shop.url)).retry_after
    assert given is not None
    assert 80 < given < 95


def test_nobody_listening_is_known_to_have_done_nothing(hit: Hit):
    outcome = failed(hit(f"http://127.0.0.1:{closed_port()}", method="POST", writes=True))
    assert (outcome.error_type, outcome.retryable, outcome.effect) == ("connection", True, Effect.NONE)


def test_a_connection_that_breaks_after_the_request_leaves_a_write_unclear(hit: Hit):
    def hang_up(link: socket.socket, over: threading.Event) -> None:
        link.recv(65536)

    with raw(hang_up) as url:
        outcome = failed(hit(url, method="POST", writes=True))
        assert failed(hit(url)).effect == Effect.NONE
    assert (outcome.error_type, outcome.retryable, outcome.effect) == ("connection", True, Effect.UNKNOWN)


def test_no_answer_in_time_is_a_timeout_and_leaves_a_write_unclear(hit: Hit):
    with raw(lambda link, over: over.wait(20) and None) as url:
        began = time.monotonic()
        outcome = failed(hit(url, method="POST", writes=True, limit=0.4))
    assert (outcome.error_type, outcome.timed_out, outcome.effect) == ("timeout", True, Effect.UNKNOWN)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"],
    ids=["header", "body"],
)
def test_a_server_that_drips_is_cut_off_at_start_to_close(hit: Hit, head: bytes):
    def drip(link: socket.socket, over: threading.Event) -> None:
        link.recv(65536)
        link.sendall(head)
        while not over.wait(0.1):
            link.sendall(b"x")

    with raw(drip) as url:
        began = time.monotonic()
        outcome = failed(hit(url, limit=0.8))
        took = time.monotonic() - began
    assert outcome.error_type == "timeout"
    assert took < 8, "every single byte was in time"


def test_a_drip_that_stops_just_before_the_end_gains_no_second_timeout(hit: Hit):
    def drip(link: socket.socket, over: threading.Event) -> None:
        link.recv(65536)
        link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        over.wait(1.8)
        link.sendall(b"x")
        over.wait(20)

    with raw(drip) as url:
        began = time.monotonic()
        assert failed(hit(url, limit=2)).error_type == "timeout"
        assert time.monotonic() - began < 3.5


def test_an_answer_over_the_limit_is_refused_once_and_the_limit_is_named(hit: Hit):
    def flood(link: socket.socket, over: threading.Event) -> None:
        link.recv(65536)
        link.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while not over.is_set():
            link.sendall(b"1" * 65536)

    with raw(flood) as url:
        outcome = failed(hit(url, method="POST", writes=True))
    assert (outcome.error_type, outcome.retryable, outcome.effect) == ("payload.too_large", False, Effect.UNKNOWN)
    assert "4,194,304" in outcome.message


def test_of_an_endless_failure_only_the_beginning_is_read(hit: Hit):
    def flood(link: socket.socket, over: threading.Event) -> None:
        link.recv(65536)
        link.sendall(b"HTTP/1.1 503 Busy\r\n\r\n")
        while not over.is_set():
            link.sendall(b"busy " * 10_000)

    with raw(flood) as url:
        outcome = failed(hit(url))
    assert (outcome.error_type, outcome.retryable) == ("http.503", True)
    assert len(outcome.message) < 600


@pytest.mark.parametrize(
    "body",
    ["{", "[1,]", '{"a": 1}x', "[" * 100_000, "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), '"\\'],
)
def test_invalid_json_fails_a_write_that_happened(hit: Hit, body: str):
    with service(lambda _: (200, {"Content-Type": "application/json"}, body.encode("latin-1"))) as shop:
        outcome = failed(hit(shop.url, method="POST", writes=True))
    assert (outcome.error_type, outcome.retryable, outcome.effect) == ("http.body", False, Effect.HAPPENED)


def test_something_that_is_not_http_is_a_broken_connection(hit: Hit):
    def babble(link: socket.socket, over: threading.Event) -> None:
        link.recv(65536)
        link.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")

    with raw(babble) as url:
        assert failed(hit(url)).error_type == "connection"


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\x00b", "a\x7fb"])
def test_a_line_break_in_a_header_is_refused_before_anything_is_sent(hit: Hit, value: str):
    with service(lambda _: json_answer("1")) as shop:
        outcome = failed(hit(shop.url, method="POST", writes=True, headers={"X-Name": value}))
    assert (outcome.error_type, outcome.retryable, outcome.effect) == ("http.request", False, Effect.NONE)
    assert "x-name" in outcome.message
    assert "Evil" not in outcome.message, "a header's value may be a secret"
    assert shop.requests == []


@pytest.mark.parametrize("name", ["X Name", "X:Name", "Ü", ""])
def test_a_header_that_is_none_is_refused(hit: Hit, name: str):
    outcome = failed(hit("http://127.0.0.1:1", headers={name: "1"}))
    assert (outcome.error_type, outcome.retryable) == ("http.request", False)


@pytest.mark.parametrize("path", ["x", "//evil.example/x", "/a/../b", "/a/./b", "/.."])
def test_a_path_that_leaves_its_place_is_refused(hit: Hit, path: str):
    outcome = failed(hit("http://127.0.0.1:1", path=path))
    assert (outcome.error_type, outcome.retryable) == ("http.request", False)


@pytest.mark.parametrize(
    "url",
    [
        "payments:8080",
        "ftp://payments",
        "http://",
        "http://pay ments",
        "http://h:0",
        "http://h:99999",
        "http://user:hunter2@h",
        "http://h?x=1",
        "http://h#x",
        "file:///etc/passwd",
    ],
)
def test_a_base_url_that_can_not_be_called_is_a_fault_of_the_set_up(hit: Hit, url: str):
    outcome = failed(hit(url, method="POST", writes=True))
    assert (outcome.error_type, outcome.retryable, outcome.effect) == ("http.request", False, Effect.NONE)
    assert "base_url of dependency shop" in outcome.message
    assert "hunter2" not in outcome.message


def test_a_dependency_without_base_url_is_named(hit: Hit):
    hit("http://127.0.0.1:1")
    Dependency._base_manager.update(document={"spec": {"retry": "calm"}})
    targets.forget()
    call = Call("r", "w", "s", 1, "k", "0", "1", {"path": "/"}, "shop", True, 1, clock.now(), clock.now(), lambda: None)
    assert "no base_url" in failed(http.run(call)).message


def test_a_redirect_of_a_safe_method_is_followed_and_keeps_its_headers_at_home(hit: Hit):
    def answer(request: Any) -> Answer:
        return json_answer('{"at": "end"}') if request.path.startswith("/end") else (302, {"Location": "/end?q=1"}, b"")

    with service(answer) as shop:
        assert hit(shop.url, headers={"X-Api-Key": "secret", "Authorization": "Bearer t"}) == Completed({"at": "end"})
    assert shop.requests[1][2]["x-api-key"] == "secret"
    assert shop.requests[1][2]["authorization"] == "Bearer t"


def test_a_redirect_to_another_host_takes_no_header_along_that_could_be_a_secret(hit: Hit):
    with (
        service(lambda _: json_answer("1")) as other,
        service(lambda _: (302, {"Location": f"{other.url}/there"}, b"")) as shop,
    ):
        headers = {"X-Api-Key": "secret", "Authorization": "Bearer t", "Cookie": "c=1"}
        assert hit(shop.url, headers=headers) == Completed(1)
    [(_, path, got, _)] = other.requests
    assert path == "/there"
    assert not {"x-api-key", "authorization", "cookie", "idempotency-key"} & set(got)
    assert {"traceparent", "x-deadline", "accept"} <= set(got)


def test_redirects_that_never_end_are_left(hit: Hit):
    with service(lambda _: (302, {"Location": "/again"}, b"")) as shop:
        outcome = failed(hit(shop.url))
    assert outcome.error_type == "connection"
    assert "5 redirects" in outcome.message
    assert len(shop.requests) == 6


@pytest.mark.parametrize("location", ["http://[bad", "file:///etc/passwd", "http://h:99999/", "gopher://h/"])
def test_a_redirect_to_nowhere_is_a_failure_that_names_it(hit: Hit, location: str):
    with service(lambda _: (302, {"Location": location}, b"")) as shop:
        outcome = failed(hit(shop.url))
    assert outcome.error_type == "connection"
    assert "redirects to" in outcome.message


def test_a_redirect_with_spaces_and_umlauts_is_quoted(hit: Hit):
    def answer(request: Any) -> Answer:
        return json_answer("1") if "there" in request.path else (302, {"Location": "/there/a b/\xfc#part"}, b"")

    with service(answer) as shop:
        assert hit(shop.url) == Completed(1)


def test_half_a_secret_at_the_cut_of_an_error_is_masked_too(hit: Hit):
    secret = "s3cr3t-token-0123456789"
    with service(lambda _: (500, {}, b"x" * 490 + secret.encode())) as shop:
        outcome = failed(hit(shop.url, secrets={secret}))
    assert "s3cr3t" not in outcome.message


def test_every_address_of_a_name_together_gets_the_time_of_one(hit: Hit, monkeypatch: pytest.MonkeyPatch):
    with socket.create_server(("", 0), backlog=0) as full:
        port = full.getsockname()[1]
        taken = [socket.socket() for _ in range(4)]
        for one in taken:  # the queue of a server that accepts nobody fills up: further connects hang
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        resolve = socket.getaddrinfo
        four = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{last}", port)) for last in (1, 2, 3, 4)]
        monkeypatch.setattr(
            egress.socket,
            "getaddrinfo",
            lambda host, *_, **__: four if host == "shop.example" else resolve(host, *_, **__),
        )
        monkeypatch.setattr(egress, "check", lambda *_: None)
        began = time.monotonic()
        outcome = failed(hit(f"http://shop.example:{port}", limit=1))
        took = time.monotonic() - began
        for one in taken:
            one.close()
    assert (outcome.error_type, outcome.effect) == ("connection", Effect.NONE)
    assert took < 3
