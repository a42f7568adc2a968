"""Traffic against a real HTTP server that stands in for the public API."""

import itertools
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from examples import orders
from examples.sandbox.app import Sandbox
from examples.sandbox.wire import Request
from examples.traffic import plan

ROOT = Path(__file__).parents[2]
WORKFLOWS = {"order-fulfilment", "customer-onboarding", "nightly-settlement", "goods-return"}


class Api(ThreadingHTTPServer):
    """Records each call and answers with what `answers` says, then with 201."""

    daemon_threads = True

    def __init__(self) -> None:
        self.calls = []
        self.answers = iter(())
        super().__init__(("127.0.0.1", 0), Recorder)

    def wait_for(self, count, seconds=15):
        ends = time.monotonic() + seconds
        while len(self.calls) < count:
            assert time.monotonic() < ends, f"{len(self.calls)} of {count} calls came"
            time.sleep(0.01)
        return self.calls


class Recorder(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, extra = next(self.server.answers, (201, {}))
        self.server.calls.append((self.path, dict(self.headers), body, status))
        self.send_response(status)
        for name, value in extra.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_args):
        pass


@pytest.fixture
def api():
    server = Api()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def traffic(api, tmp_path):
    """Starts the command; the token file is there unless a test removes it."""
    token = tmp_path / "token"
    token.write_text("secret-token\n")
    started = []

    def start(url=None):
        url = url or f"http://127.0.0.1:{api.server_port}"
        command = [sys.executable, "-m", "examples.traffic", "--url", url, "--token-file", str(token), "--seed", "3"]
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    start.token = token
    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stderr.close()


def test_runs_are_started_through_the_public_api(api, traffic):
    process = traffic()
    calls = api.wait_for(10)
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0
    told = [call for call in calls if call[0] == "/api/v1/events"]
    assert {headers["Content-Type"] for _, headers, *_ in told} == {"application/cloudevents+json"}
    calls = [call for call in calls if call not in told]
    assert {path for path, *_ in calls} == {"/api/v1/runs"}
    assert {headers["Authorization"] for _, headers, *_ in calls} == {"Bearer secret-token"}
    assert {body["workflow"] for _, _, body, _ in calls} == WORKFLOWS
    keys = [headers["Idempotency-Key"] for _, headers, *_ in calls]
    assert len(set(keys)) == len(keys)
    assert "secret-token" not in process.stderr.read()


def test_a_start_that_failed_is_sent_again_under_the_same_key(api, traffic):
    api.answers = iter([(500, {}), (429, {"Retry-After": "1"}), (503, {})])
    traffic()
    calls = api.wait_for(4)
    assert [status for *_, status in calls[:4]] == [500, 429, 503, 201]
    assert len({(headers["Idempotency-Key"], json.dumps(body)) for _, headers, body, _ in calls[:4]}) == 1


def test_an_input_that_is_refused_is_given_up_and_the_next_is_tried(api, traffic):
    api.answers = iter([(422, {})])
    traffic()
    first, second = api.wait_for(2)[:2]
    assert first[1]["Idempotency-Key"] != second[1]["Idempotency-Key"]


def test_traffic_waits_for_its_token_file(api, traffic):
    token = traffic.token.read_text()
    traffic.token.unlink()
    process = traffic()
    assert "FileNotFoundError" in process.stderr.readline()
    assert api.calls == []
    traffic.token.write_text(token)
    assert api.wait_for(1)[0][1]["Authorization"] == "Bearer secret-token"


def test_traffic_outlives_an_api_that_is_not_there_and_stops_when_told(traffic):
    with Api() as closed:
        url = f"http://127.0.0.1:{closed.server_port}"
    process = traffic(url)
    assert "trying again" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0


@pytest.mark.parametrize("seed", range(20))
def test_the_first_forty_seconds_have_every_kind_of_run_and_orders_that_are_compensated(seed):
    elapsed, seen, mishaps = 0.0, Counter(), Counter()
    for start in plan(40, random.Random(seed)):
        elapsed += start.pause
        if elapsed > 40:
            break
        seen[start.workflow] += 1
        if start.workflow == "order-fulfilment":
            mishaps[start.mishap] += 1
    assert seen["order-fulfilment"] >= 30
    assert seen["customer-onboarding"] >= 6
    assert seen["nightly-settlement"] >= 3
    assert seen["goods-return"] >= 4
    assert mishaps["declined"] >= 2
    assert mishaps["not_served"] >= 1


@pytest.mark.parametrize("begins", range(0, 600, 20))
def test_whatever_the_minute_the_first_one_has_retried_steps_and_orders_to_compensate(begins):
    clock = SimpleNamespace(now=0.0)
    sandbox = Sandbox(seed=begins, clock=lambda: clock.now)
    rng, elapsed, retried, refused = random.Random(begins), 10.0, 0, 0  # ten seconds until the portal answers
    for number, start in enumerate(plan(40, rng)):
        elapsed += start.pause
        if elapsed > 50:
            break
        if start.workflow != "order-fulfilment":
            continue
        made, clock.now = orders.order(rng, str(number), start.mishap), begins + elapsed
        body = {"order": made["id"], "lines": made["lines"]}
        request = Request("POST", "/inventory/reservations", {"idempotency-key": str(number)}, body)
        retried += sandbox.respond(request)[0].status == 503
        refused += start.mishap in {"declined", "not_served"}
    assert retried >= 3
    assert refused >= 2


def test_after_the_busy_minute_the_pace_is_the_one_asked_for():
    steady = itertools.islice(plan(30, random.Random(1)), 100, 180)
    seen = Counter()
    for start in steady:
        assert start.pause == 2.0
        seen[start.workflow] += 1
    assert seen["order-fulfilment"] > 3 * (
        seen["customer-onboarding"] + seen["nightly-settlement"] + seen["goods-return"]
    )
    assert set(seen) == WORKFLOWS


def test_an_order_adds_up_and_the_same_seed_gives_the_same_order():
    for number in range(200):
        made = orders.order(random.Random(number), str(number))
        assert made["total"] == sum(line["quantity"] * line["unit_price"] for line in made["lines"])
        assert made == orders.order(random.Random(number), str(number))


@pytest.mark.parametrize(("mishap", "status"), [("declined", 402), ("not_served", 422), ("sold_out", 409), (None, 201)])
def test_each_mishap_is_refused_by_the_service_it_is_meant_for(sandbox, mishap, status):
    for number in range(20):
        made = orders.order(random.Random(number), str(number), mishap)
        key = str(number)
        reserve = sandbox.call(
            "POST", "/inventory/reservations", {"order": made["id"], "lines": made["lines"]}, key=key
        )
        charge = sandbox.call("POST", "/payments/charges", {
            "order": made["id"], "amount": made["total"], "currency": "EUR", "payment_method": made["payment_method"],
        }, key=key)  # fmt: skip
        parcel = {
            "order": made["id"],
            "lines": made["lines"],
            "country": made["country"],
            "postal_code": made["postal_code"],
        }
        ship = sandbox.call("POST", "/shipping/parcels", parcel, key=key)
        found = next((answer.status for answer in (reserve, charge, ship) if answer.status != 201), 201)
        assert found == status


def test_a_settlement_is_of_a_finished_day():
    today = date(2026, 3, 1)
    for seed in range(50):
        assert date.fromisoformat(orders.settlement(random.Random(seed), today)["date"]) < today
