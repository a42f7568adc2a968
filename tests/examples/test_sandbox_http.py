"""The sandbox over real HTTP: what it answers and what it remembers."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES = [{"sku": "MUG-STONE", "quantity": 2, "unit_price": 1450}]
ORDER = {"order": "ord_1", "lines": LINES}
CHARGE = {"order": "ord_1", "amount": 2900, "currency": "EUR", "payment_method": "pm_card_visa"}
PARCEL = {"order": "ord_1", "lines": LINES, "country": "ES", "postal_code": "28013"}
ENTRY = {
    "date": "2026-10-31",
    "lines": [{"account": "bank", "debit": 5, "credit": 0}, {"account": "sales", "debit": 0, "credit": 5}],
}
CREATES = [
    ("/inventory/reservations", ORDER),
    ("/payments/charges", CHARGE),
    ("/shipping/parcels", PARCEL),
    ("/mail/messages", {"to": "customer-1@example.com", "template": "welcome"}),
    ("/mail/subscriptions", {"to": "customer-1@example.com", "list": "news"}),
    ("/crm/accounts", {"customer": "cus_1", "email": "customer-1@example.com"}),
    ("/ledger/entries", ENTRY),
]
UNDO = {
    "/inventory/reservations": ("DELETE", "/inventory/reservations/by-key/{}", "released"),
    "/payments/charges": ("POST", "/payments/charges/by-key/{}/refund", "refunded"),
    "/shipping/parcels": ("DELETE", "/shipping/parcels/by-key/{}", "cancelled"),
    "/mail/messages": ("DELETE", "/mail/messages/by-key/{}", "withdrawn"),
    "/mail/subscriptions": ("DELETE", "/mail/subscriptions/by-key/{}", "withdrawn"),
    "/crm/accounts": ("DELETE", "/crm/accounts/by-key/{}", "removed"),
    "/ledger/entries": ("POST", "/ledger/entries/by-key/{}/reverse", "reversed"),
}


def test_the_sandbox_and_each_service_say_that_they_are_well(sandbox):
    everything = sandbox.call("GET", "/healthz")
    assert everything.status == 200
    for name in everything.body["services"]:
        assert sandbox.call("GET", f"/{name}/healthz").body == {"status": "ok", "service": name}


def test_health_tells_of_scripted_trouble(sandbox):
    sandbox.clock.slow()
    assert sandbox.call("GET", "/payments/healthz").body["status"] == "degraded"
    sandbox.clock.burst()
    assert sandbox.call("GET", "/inventory/healthz").body["status"] == "degraded"


@pytest.mark.parametrize(("path", "body"), CREATES)
def test_the_same_key_gets_the_same_answer_and_makes_nothing_twice(sandbox, path, body):
    first = sandbox.call("POST", path, body, key="run-1/step")
    again = sandbox.call("POST", path, body, key="run-1/step")
    other = sandbox.call("POST", path, body, key="run-2/step")
    assert first.status in {201, 202}
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert other.body["id"] != first.body["id"]


@pytest.mark.parametrize(("path", "body"), CREATES)
def test_a_key_with_another_body_is_refused(sandbox, path, body):
    sandbox.call("POST", path, body, key="k")
    reused = sandbox.call("POST", path, {**body, "note": "different"}, key="k")
    assert (reused.status, reused.body["error"]["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(("path", "body"), CREATES)
@pytest.mark.parametrize("quoted", ["run-1/step", "run-1%2Fstep"])
def test_undoing_by_key_undoes_once_and_agrees_ever_after(sandbox, path, body, quoted):
    method, undo, status = UNDO[path]
    made = sandbox.call("POST", path, body, key="run-1/step")
    for _ in range(2):
        undone = sandbox.call(method, undo.format(quoted), key="run-1/step")
        assert (undone.status, undone.body["id"], undone.body["status"]) == (200, made.body["id"], status)


@pytest.mark.parametrize("path", UNDO)
def test_undoing_a_key_that_never_arrived_succeeds(sandbox, path):
    method, undo, _ = UNDO[path]
    answer = sandbox.call(method, undo.format("never-arrived"))
    assert (answer.status, answer.body["status"]) == (200, "nothing_to_undo")


@pytest.mark.parametrize(("path", "body"), CREATES)
def test_after_an_undo_the_old_key_makes_the_effect_anew(sandbox, path, body):
    method, undo, _ = UNDO[path]
    first = sandbox.call("POST", path, body, key="k")
    sandbox.call(method, undo.format("k"))
    second = sandbox.call("POST", path, body, key="k")
    assert second.status == first.status
    assert second.body["id"] != first.body["id"]


@pytest.mark.parametrize(
    ("create", "body", "method", "undo", "status"),
    [
        ("/inventory/reservations", ORDER, "DELETE", "/inventory/reservations/{}", "released"),
        ("/payments/charges", CHARGE, "POST", "/payments/charges/{}/refund", "refunded"),
        ("/shipping/parcels", PARCEL, "DELETE", "/shipping/parcels/{}", "cancelled"),
    ],
)
def test_undoing_by_id_frees_the_key_too(sandbox, create, body, method, undo, status):
    made = sandbox.call("POST", create, body, key="k").body["id"]
    assert sandbox.call(method, undo.format(made)).body["status"] == status
    assert sandbox.call("POST", create, body, key="k").body["id"] != made
    assert sandbox.call(method, undo.format("unknown")).status == 404


@pytest.mark.parametrize("token", [None, "wrong", "sandbox-tokén"])
def test_payments_wants_its_token(sandbox, token):
    refused = sandbox.call("POST", "/payments/charges", CHARGE, token=token, key="k")
    assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert sandbox.call("POST", "/payments/charges/by-key/k/refund").body["status"] == "nothing_to_undo"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (
            "/inventory/reservations",
            {"order": "o", "lines": [{"sku": "GRINDER-BRASS", "quantity": 1}]},
            409,
            "out_of_stock",
        ),
        (
            "/inventory/reservations",
            {"order": "o", "lines": [{"sku": "MUG-STONE", "quantity": 51}]},
            409,
            "out_of_stock",
        ),
        ("/inventory/reservations", {"order": "o", "lines": [{"sku": "NO-SUCH", "quantity": 1}]}, 404, "unknown_sku"),
        ("/payments/charges", {**CHARGE, "payment_method": "pm_card_declined"}, 402, "card_declined"),
        ("/payments/charges", {**CHARGE, "payment_method": "pm_card_expired"}, 402, "expired_card"),
        ("/payments/charges", {**CHARGE, "amount": "2900"}, 422, "invalid_field"),
        ("/payments/charges", {**CHARGE, "amount": True}, 422, "invalid_field"),
        ("/shipping/parcels", {**PARCEL, "postal_code": "35001"}, 422, "address_not_served"),
        ("/shipping/parcels", {**PARCEL, "country": "IS"}, 422, "address_not_served"),
        ("/mail/messages", {"to": "customer-1@example.com", "template": "nope"}, 422, "unknown_template"),
        ("/mail/messages", {"to": "nobody", "template": "welcome"}, 422, "invalid_address"),
        (
            "/ledger/entries",
            {"date": "2026-10-31", "lines": [{"account": "bank", "debit": 5, "credit": 4}]},
            422,
            "unbalanced",
        ),
        ("/ledger/entries", {**ENTRY, "date": "2026-02-30"}, 422, "invalid_date"),
        ("/crm/accounts", {}, 422, "invalid_field"),
    ],
)
def test_a_refusal_has_a_code_and_is_the_same_every_time(sandbox, path, body, status, code):
    for _ in range(2):
        refused = sandbox.call("POST", path, body, key="k")
        assert (refused.status, refused.body["error"]["code"]) == (status, code)
        assert refused.body["error"]["message"]


def test_inventory_refuses_a_third_of_a_burst_and_nothing_afterwards(sandbox):
    sandbox.clock.burst()
    during = [sandbox.call("POST", "/inventory/reservations", ORDER, key=f"k{number}") for number in range(9)]
    assert [answer.status for answer in during].count(503) == 3
    assert {answer.headers.get("Retry-After") for answer in during if answer.status == 503} == {"1"}
    refused = next(number for number, answer in enumerate(during) if answer.status == 503)
    sandbox.clock.quiet()
    assert sandbox.call("POST", "/inventory/reservations", ORDER, key=f"k{refused}").status == 201


def test_a_slow_charge_happens_at_once_and_its_repetition_is_answered_fast_for_five_keys_in_six(sandbox):
    sandbox.clock.slow()
    for number in range(60):
        sandbox.call("POST", "/payments/charges", CHARGE, key=f"k{number}")
    assert all(3 <= seconds <= 6 for seconds in sandbox.slept)
    sandbox.slept.clear()
    for number in range(60):
        assert sandbox.call("POST", "/payments/charges", CHARGE, key=f"k{number}").headers["Idempotency-Replayed"]
    fast = [seconds for seconds in sandbox.slept if seconds < 0.5]
    assert 40 <= len(fast) < 60


def test_refunds_are_fast_while_charges_are_slow(sandbox):
    sandbox.clock.slow()
    sandbox.call("POST", "/payments/charges", CHARGE, key="k")
    sandbox.slept.clear()
    assert sandbox.call("POST", "/payments/charges/by-key/k/refund").body["status"] == "refunded"
    assert sandbox.slept[0] < 0.5


@pytest.mark.parametrize(
    ("path", "low", "high"),
    [("/inventory/items/MUG-STONE", 0.02, 0.08), ("/payments/days/2026-10-31/charges", 0.08, 0.3)],
)
def test_latency_stays_within_what_the_service_promises(sandbox, path, low, high):
    for _ in range(40):
        assert sandbox.call("GET", path).status == 200
    assert all(low <= seconds <= high for seconds in sandbox.slept)
    assert len(set(sandbox.slept)) > 20


def test_a_settled_day_always_has_the_same_figures_and_some_days_are_short(sandbox):
    days = [f"2026-10-{number:02d}" for number in range(1, 32)]
    charges = [sandbox.call("GET", f"/payments/days/{day}/charges").body for day in days]
    payouts = [sandbox.call("GET", f"/payments/days/{day}/payout").body for day in days]
    assert charges[0] == sandbox.call("GET", f"/payments/days/{days[0]}/charges").body
    short = [
        day for day, charge, payout in zip(days, charges, payouts, strict=True) if payout["amount"] < charge["net"]
    ]
    assert 0 < len(short) < 12


def test_an_account_goes_from_pending_to_active_and_back(sandbox):
    account = sandbox.call("POST", "/crm/accounts", {"customer": "cus_1", "email": "a@example.com"}, key="k").body
    assert account["status"] == "pending"
    assert sandbox.call("POST", f"/crm/accounts/{account['id']}/activate").body["status"] == "active"
    assert sandbox.call("POST", f"/crm/accounts/{account['id']}/suspend").body["status"] == "suspended"
    assert sandbox.call("POST", "/crm/accounts/acc_gone/suspend").status == 200
    assert sandbox.call("POST", "/crm/accounts/acc_gone/activate").status == 404


def test_the_customer_that_the_form_calls_risky_is_risky(sandbox):
    assert sandbox.call("POST", "/screening/checks", {"customer": "cus_46"}).body["decision"] == "refer"
    assert sandbox.call("POST", "/screening/checks", {"customer": "cus_4711"}).body["decision"] == "clear"


def test_one_connection_carries_many_calls(sandbox):
    sandbox.call("GET", "/healthz")
    kept = sandbox.connection.sock
    sandbox.call("POST", "/inventory/reservations", ORDER, key="k")
    sandbox.call("GET", "/nowhere")
    assert sandbox.connection.sock is kept


def test_the_command_serves_on_this_machine_and_stops_when_told():
    command = [sys.executable, "-m", "examples.sandbox", "--port", "0", "--seed", "1", "--clock-offset", "60"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as response:
            assert json.load(response)["status"] == "ok"
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_port_that_is_taken_is_named(sandbox):
    port = str(sandbox.server.server_port)
    command = [sys.executable, "-m", "examples.sandbox", "--port", port]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 1
    assert port in ended.stderr
    assert "--port" in ended.stderr
