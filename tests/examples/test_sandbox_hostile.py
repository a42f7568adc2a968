"""What the sandbox makes of odd, broken and hostile requests: always JSON, never an end."""

import json
import socket

import pytest


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/nowhere", 404),
        ("GET", "/inventory", 404),
        ("GET", "/inventory/../payments/charges", 404),
        ("PUT", "/inventory/reservations", 405),
        ("PATCH", "/payments/charges/x/refund", 405),
        ("GET", "/payments/days/yesterday/charges", 422),
        ("GET", "/inventory/items/%00", 404),
        ("GET", "/inventory/items/%ff%fe", 404),
    ],
)
def test_an_odd_path_gets_a_json_error(sandbox, method, path, status):
    answer = sandbox.call(method, path)
    assert answer.status == status
    assert answer.body["error"]["code"]


@pytest.mark.parametrize(
    "payload",
    [b"{", b"\xff\xfe", b"NaN", b'{"amount": Infinity}', b"[" * 200_000, b"1" * 10_000],
)
def test_a_body_that_is_not_json_is_refused_and_the_connection_goes_on(sandbox, payload):
    refused = sandbox.call("POST", "/inventory/reservations", payload)
    assert (refused.status, refused.body["error"]["code"]) == (400, "invalid_json")
    assert sandbox.call("GET", "/healthz").status == 200


@pytest.mark.parametrize(
    "body", [None, [], "text", 5, {"order": "o"}, {"order": "o", "lines": {}}, {"order": "o", "lines": [1]}]
)
def test_json_of_the_wrong_shape_is_refused_by_field(sandbox, body):
    refused = sandbox.call("POST", "/inventory/reservations", json.dumps(body).encode())
    assert (refused.status, refused.body["error"]["code"]) == (422, "invalid_field")


def test_text_that_no_encoding_can_hold_is_echoed_without_a_crash(sandbox):
    body = b'{"order": "\\ud800\\u0000", "lines": [{"sku": "MUG-STONE", "quantity": 1}]}'
    assert sandbox.call("POST", "/inventory/reservations", body, key="k").status == 201


def test_deeply_nested_json_in_a_field_that_nobody_reads_is_survived(sandbox):
    deep = b'{"order": "o", "lines": [{"sku": "MUG-STONE", "quantity": 1}], "x": ' + b"[" * 900 + b"]" * 900 + b"}"
    assert sandbox.call("POST", "/inventory/reservations", deep, key="k").status in {201, 400}


def test_a_body_of_more_than_a_megabyte_gets_413(sandbox):
    refused = sandbox.call("POST", "/inventory/reservations", b" " * 5_000_000)
    assert (refused.status, refused.body["error"]["code"]) == (413, "body_too_large")
    assert sandbox.call("GET", "/healthz").status == 200


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /inventory/reservations HTTP/1.1\r\nContent-Length: minus\r\n\r\n", 400),
        (b"POST /inventory/reservations HTTP/1.1\r\nContent-Length: -5\r\n\r\n", 400),
        (b"POST /inventory/reservations HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"NONSENSE\r\n\r\n", 400),
        (b"BREW /coffee HTTP/1.1\r\n\r\n", 501),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * 150 + b"\r\n", 431),
    ],
)
def test_a_request_that_is_not_http_is_refused_in_json_and_the_connection_ends(sandbox, head, status):
    with socket.create_connection(("127.0.0.1", sandbox.server.server_port), timeout=5) as raw:
        raw.sendall(head)
        answer = b"".join(iter(lambda: raw.recv(65_536), b""))
    top, _, body = answer.partition(b"\r\n\r\n")
    assert top.startswith(f"HTTP/1.1 {status} ".encode()), top
    assert json.loads(body)["error"]["message"]
    assert sandbox.call("GET", "/healthz").status == 200


def test_a_caller_that_hangs_up_is_no_matter(sandbox, capfd):
    sandbox.server.sleep = lambda _seconds: None
    with socket.create_connection(("127.0.0.1", sandbox.server.server_port), timeout=5) as raw:
        raw.sendall(b"POST /inventory/reservations HTTP/1.1\r\nContent-Length: 50\r\n\r\n{")
    assert sandbox.call("GET", "/healthz").status == 200
    assert "Traceback" not in capfd.readouterr().err
