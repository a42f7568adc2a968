"""CloudEvents over the API: three bindings, each fault named, each event once; and what one may see of it afterwards."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from orchestration.engine import publish as messages
from orchestration.engine.events import route
from orchestration.models import Event, RunEvent, Team
from portal.api.event_messages import BATCH, MAX_BATCH, MAX_EVENT, STRUCTURED
from portal.presentation.jsonview import MASK
from tests.api.conftest import Caller
from tests.engine.harness import begin, publish, pump, settle_down, step
from tests.people import person, token_for

pytestmark = pytest.mark.django_db
As = Callable[[str], Caller]
WAITS = {"paid": {"event": {"type": "order.paid", "correlation": "${{ input.order }}"}}}
PAID: dict[str, Any] = {
    "specversion": "1.0", "id": "1", "source": "/shop", "type": "order.paid", "subject": "o-1", "data": {"amount": 3},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(messages, "_ask", lambda *_: None)
    return None


class Sender:
    """Posts events with a token."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def __call__(self, body: Any, content_type: str = STRUCTURED, **headers: str) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body)
        all_headers = {**self.caller.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.caller.client.generic("POST", "/api/v1/events", data, content_type, headers=all_headers)


@pytest.fixture
def send(as_role: As) -> Sender:
    return Sender(as_role("operator"))


def kept() -> Event:
    return Event.objects.get()


def test_a_structured_event_ends_the_wait_of_the_run_that_it_correlates_with(send: Sender):
    run = begin(publish(WAITS), {"order": "o-1"})
    pump()
    answer = send(PAID)
    assert answer.status_code == 202
    assert answer.json() == {"items": [{"number": kept().pk, "id": "1", "source": "/shop", "known": False}]}
    route(kept().pk)
    run = settle_down(run)
    assert (run.result, step(run, "paid").output) == ("succeeded", '{"amount":3}')


def test_a_doubled_event_is_said_to_be_known_and_changes_nothing(send: Sender):
    send(PAID)
    again = send({**PAID, "data": {"amount": 4}})
    assert (again.status_code, again.json()["items"][0]["known"]) == (202, True)
    assert kept().data == '{"amount":3}'


def test_the_binary_mode_has_its_attributes_in_headers_with_percent_encoding_and_quotes(send: Sender):
    answer = send(
        b'{"amount": 3}', "application/json; charset=utf-8", ce_specversion="1.0", ce_id="%C3%A9%201", ce_source="/shop",
        ce_type="order.paid", ce_subject='"o \\"1\\""', ce_time="2026-03-02T09:30:00.1234567Z", ce_correlationid="o-9",
        ce_traceparent="00-abc",
    )  # fmt: skip
    assert answer.status_code == 202, answer.json()
    event = kept()
    assert (event.event_id, event.subject, event.correlation, event.data) == ("é 1", 'o "1"', "o-9", '{"amount":3}')
    assert event.time is not None
    assert event.time.isoformat() == "2026-03-02T09:30:00.123456+00:00"
    assert event.extensions == {"correlationid": "o-9", "traceparent": "00-abc"}
    assert event.content_type == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("body", "content_type", "data"),
    [
        (b"gr\xfc\xdfe", "text/plain; charset=latin-1", "grüße"),
        (b"\x00\xff", "application/octet-stream", base64.b64encode(b"\x00\xff").decode()),
        (b"<a/>", "application/xml", "<a/>"), (b"", "application/json", None), (b"[1]", "", [1]),
        (b'{"a": 1}', "application/vnd.shop+json", {"a": 1}),
    ],
)  # fmt: skip
def test_data_is_a_value_text_or_base64_by_its_type(send: Sender, body: bytes, content_type: str, data: Any):
    head = {"ce_specversion": "1.0", "ce_id": "1", "ce_source": "/shop", "ce_type": "t"}
    assert send(body, content_type, **head).status_code == 202
    assert json.loads(kept().data) == data


def test_base64_of_json_and_of_text_is_read_and_other_bytes_stay_as_they_were_sent(send: Sender):
    def encoded(held: bytes) -> str:
        return base64.b64encode(held).decode()

    plain = {name: value for name, value in PAID.items() if name != "data"}
    assert send({**plain, "data_base64": encoded(b'{"a":1}'), "datacontenttype": "application/json"}).status_code == 202
    assert send({**plain, "id": "2", "data_base64": encoded(b"hi"), "datacontenttype": "text/plain"}).status_code == 202
    assert send({**plain, "id": "3", "data_base64": encoded(b"\xff")}).status_code == 202
    assert [json.loads(event.data) for event in Event.objects.order_by("pk")] == [{"a": 1}, "hi", encoded(b"\xff")]


def test_a_batch_is_kept_whole_or_not_at_all(send: Sender):
    batch = [{**PAID, "id": str(number)} for number in range(3)]
    answer = send([*batch, batch[0]], BATCH)
    assert [item["known"] for item in answer.json()["items"]] == [False, False, False, True]
    refused = send([{**PAID, "id": "9"}, {**PAID, "id": ""}, 7], BATCH)
    assert refused.status_code == 422
    assert [one["pointer"] for one in refused.json()["violations"]] == ["/1/id", "/2"]
    assert Event.objects.count() == 3
    assert send([], BATCH).json() == {"items": []}
    assert send([PAID] * (MAX_BATCH + 1), BATCH).status_code == 413
    assert send(PAID, BATCH).status_code == 422


@pytest.mark.parametrize(
    ("wrong", "pointer", "said"),
    [
        ({"specversion": "0.3"}, "/specversion", "wanted '1.0', got '0.3'"),
        ({"specversion": 1.0}, "/specversion", "wanted '1.0'"),
        ({"id": None}, "/id", "is required"), ({"id": ""}, "/id", "is empty"), ({"id": 7}, "/id", "wanted a string, got int"),
        ({"id": "x" * 201}, "/id", "the limit is 200"), ({"id": "a\x00"}, "/id", "U+0000"), ({"id": "a\nb"}, "/id", "U+000A"),
        ({"source": "a b"}, "/source", "URI reference"), ({"source": "/plumbline/local/workflows/x"}, "/source", "own"),
        ({"type": "t\ud800"}, "/type", "U+D800"), ({"subject": ""}, "/subject", "leave out"),
        ({"time": "yesterday"}, "/time", "RFC 3339"), ({"time": "2026-02-30T00:00:00Z"}, "/time", "no moment"),
        ({"time": "2026-03-02T09:30:00"}, "/time", "offset"), ({"time": "0001-01-01T00:00:00+14:00"}, "/time", "no moment"),
        ({"datacontenttype": "json"}, "/datacontenttype", "media type"), ({"dataschema": "/x"}, "/dataschema", "absolute"),
        ({"Order": "x"}, "/Order", "a-z and 0-9"), ({"ext": {"a": 1}}, "/ext", "an extension is"),
        ({"ext": 2**31}, "/ext", "32 bits"), ({"ext": 1.5}, "/ext", "32 bits"), ({"correlationid": ""}, "/correlationid", "empty"),
        ({"data_base64": "YQ=="}, "/data_base64", "beside data"),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_place(send: Sender, wrong: dict[str, Any], pointer: str, said: str):
    answer = send({**PAID, **wrong})
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    (violation,) = answer.json()["violations"]
    assert violation["pointer"] == pointer
    assert said in violation["message"]
    assert not Event.objects.exists()


def test_all_faults_are_found_at_once(send: Sender):
    found = send({"specversion": "2", "source": "", "ext": []}).json()["violations"]
    assert {one["pointer"] for one in found} == {"/id", "/type", "/specversion", "/source", "/ext"}


@pytest.mark.parametrize(
    ("body", "content_type", "headers", "status"),
    [
        (b"{", STRUCTURED, {}, 400), (b'{"id": "\xff"}', STRUCTURED, {}, 400), (b'{"a":1,"a":2}', STRUCTURED, {}, 400),
        (b"NaN", STRUCTURED, {}, 400), (b"[" * 100_000, STRUCTURED, {}, 400), (b"[" * 100_000, BATCH, {}, 400),
        (b" ", STRUCTURED, {}, 400), (b"null", STRUCTURED, {}, 422), (b"{}", "application/json", {}, 415),
        (b"{}", "application/cloudevents+avro", {"ce_id": "1"}, 415), (b"{}", f"{STRUCTURED}; charset=utf-16", {}, 415),
        (b"a=b", "application/x-www-form-urlencoded", {"ce_id": "1"}, 415), (b"x", "text/plain", {"ce_id": "%ff"}, 422),
        (b"\xff", "application/json", {"ce_id": "1", "ce_source": "/s", "ce_type": "t", "ce_specversion": "1.0"}, 422),
        (b"\xff", "text/plain; charset=no-such", {"ce_id": "1", "ce_source": "/s", "ce_type": "t", "ce_specversion": "1.0"}, 422),
        (b"x", "text/plain", {"ce_id": "1", "ce_datacontenttype": "text/plain"}, 422), (b"x", "", {}, 415),
        (b"x" * (MAX_EVENT + 1), "text/plain", {"ce_id": "1"}, 413), (b'"' + b"x" * MAX_EVENT + b'"', STRUCTURED, {}, 413),
        (json.dumps([{**PAID, "data": "x" * MAX_EVENT}]).encode(), BATCH, {}, 413), (b"x" * (6 * 1024 * 1024 + 1), BATCH, {}, 413),
        (json.dumps({**PAID, "data": "\u0000"}).encode(), STRUCTURED, {}, 422),
        (json.dumps({**PAID, "data": "\ud800"}).encode(), STRUCTURED, {}, 422),
        (json.dumps({**PAID, "data": None}).replace("null", "[" * 300 + "]" * 300).encode(), STRUCTURED, {}, 413),
    ],
)  # fmt: skip
def test_what_is_hostile_or_no_event_is_refused_and_nothing_is_kept(
    send: Sender, body: bytes, content_type: str, headers: dict[str, str], status: int
):
    answer = send(body, content_type, **headers)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert not Event.objects.exists()


def test_operators_of_any_team_send_events_and_others_do_not(as_role: As, checkout: Team):
    for role, status in (("viewer", 403), ("approver", 403), ("operator", 202), ("maintainer", 202), ("admin", 202)):
        assert Sender(as_role(role))({**PAID, "id": role}).status_code == status, role
    bound = Sender(Caller(token_for(person("operator", checkout), team=checkout)))
    assert bound({**PAID, "id": "bound"}).status_code == 202
    other = Team.objects.create(name="other")
    stray = Sender(Caller(token_for(person("operator", checkout), team=other)))
    assert stray({**PAID, "id": "stray"}).status_code == 403


def test_events_are_listed_and_filtered_and_one_says_who_had_it(send: Sender, as_role: As):
    run = begin(publish(WAITS), {"order": "o-1"})
    pump()
    send(PAID)
    send({**PAID, "id": "2", "type": "order.lost", "source": "/other", "correlationid": "c"})
    route(Event.objects.get(event_id="1").pk)
    operator, stranger = as_role("operator"), Caller(token_for(person("stranger")))
    for query, ids in (
        ("", ["2", "1"]), ("type=order.paid", ["1"]), ("source=/other", ["2"]), ("correlation=c", ["2"]), ("type=x", []),
        ("limit=1", ["2"]),
    ):  # fmt: skip
        assert [one["id"] for one in operator("GET", f"/events?{query}").json()["items"]] == ids, query
    assert operator("GET", "/events?colour=red").status_code == 422
    number = Event.objects.get(event_id="1").pk
    told = operator("GET", f"/events/{number}").json()
    assert (told["data"], told["masked"], told["was_given"]) == ({"amount": 3}, False, True)
    assert [(one["run"], one["step"]) for one in told["given_to"]] == [(str(run.pk), "paid")]
    assert stranger("GET", f"/events/{number}").json()["data"] == {"amount": MASK}
    assert operator("GET", "/events/999999999999999999999").status_code == 404


def test_a_signal_is_for_one_run_and_a_key_makes_it_one_signal(as_role: As):
    version = publish(WAITS)
    run, other = begin(version, {"order": "o-1"}), begin(version, {"order": "o-1"})
    pump()
    operator = as_role("operator")
    body = {"name": "order.paid", "data": {"amount": 5}}
    first = operator("POST", f"/runs/{run.pk}/signals", body, Idempotency_Key="k")
    again = operator("POST", f"/runs/{run.pk}/signals", body, Idempotency_Key="k")
    assert (first.status_code, first.json()["known"], again.json()["known"]) == (202, False, True)
    assert operator("POST", f"/runs/{run.pk}/signals", {**body, "data": 1}, Idempotency_Key="k").status_code == 409
    assert operator("POST", f"/runs/{other.pk}/signals", {**body, "data": 1}, Idempotency_Key="k").status_code == 202
    for event in Event.objects.all():
        route(event.pk)
    assert [step(one, "paid").output for one in (settle_down(run), settle_down(other))] == ['{"amount":5}', "1"]
    told = RunEvent.objects.get(run=run, kind="signalled")
    assert told.actor is not None
    assert told.detail == "order.paid"
    over = operator("POST", f"/runs/{run.pk}/signals", body)
    assert (over.status_code, "is over" in over.json()["detail"]) == (409, True)
    assert as_role("viewer")("POST", f"/runs/{other.pk}/signals", body).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x" * 128},
        {"name": 7, "data": "\ud800"},
        {"name": "a\u0000"},
        {"name": "a", "other": 1},
    ],
)
def test_a_signal_of_the_wrong_shape_is_refused(as_role: As, body: dict[str, Any]):
    run = begin(publish(WAITS), {"order": "o-1"})
    assert as_role("operator")("POST", f"/runs/{run.pk}/signals", body).status_code in {400, 422}
