"""The Start form: made of the contract's schema, read back into the same JSON, every fault at its field."""

from __future__ import annotations

import json
import re

import pytest

from orchestration.models import Run
from tests.engine.harness import echo, publish

URL = "/workflows/order-form/start/"
GOOD = {"key": "k1", "/id": "ord_9", "/lines/0/sku": "TEA", "/lines/0/quantity": "2"}


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def test_labels_hints_and_defaults_come_from_the_schema(operator, contracted):
    said = text(operator.get(URL))
    assert '<label for="f-id">Order number</label>' in said
    assert 'name="/id" value="ord_1"' in said
    assert 'name="/lines/0/sku" value="TEA"' in said
    assert "order.placed@1.0.0" in said


def test_a_submitted_form_starts_a_run_with_the_json_that_it_means(operator, contracted):
    answer = operator.post(URL, GOOD | {"/gift": "true"})
    run = Run.objects.get()
    assert answer.url == f"/runs/{run.pk}/"
    assert json.loads(run.input) == {"id": "ord_9", "gift": True, "lines": [{"sku": "TEA", "quantity": 2}]}


def test_a_double_click_starts_once(operator, contracted):
    first, second = operator.post(URL, GOOD), operator.post(URL, GOOD)
    assert first.url == second.url
    assert Run.objects.count() == 1


def test_the_same_form_sent_again_with_other_values_asks_before_it_starts_another(operator, contracted):
    operator.post(URL, GOOD)
    answer = operator.post(URL, GOOD | {"/id": "ord_10"})
    assert answer.status_code == 422
    assert "It has a new key now" in text(answer)
    key = re.search(r'name="key" value="([^"]+)"', text(answer))[1]
    assert operator.post(URL, GOOD | {"/id": "ord_10", "key": key}).status_code == 302
    assert Run.objects.count() == 2


def test_every_fault_is_told_at_its_field_and_in_the_summary_and_nothing_typed_is_lost(operator, contracted):
    answer = operator.post(URL, GOOD | {"/id": "wrong", "/lines/0/quantity": "two", "/lines/0/sku": "MUG"})
    said = text(answer)
    assert answer.status_code == 422
    assert "2 things need correcting" in said
    assert 'href="#f-id"' in said
    assert 'href="#f-lines-0-quantity"' in said
    assert "&#x27;two&#x27; is not a whole number" in said
    assert 'value="wrong"' in said
    assert 'value="MUG"' in said
    assert Run.objects.count() == 0


def test_what_is_missing_is_told_at_the_empty_field(operator, contracted):
    said = text(operator.post(URL, {key: value for key, value in GOOD.items() if key != "/id"}))
    assert '<a href="#f-id">Order number: This is required</a>' in said


def test_rows_are_added_and_removed_without_script_and_without_starting(operator, contracted):
    more = text(operator.post(URL, GOOD | {"add-row": "/lines"}))
    assert 'name="/lines/1/sku" value=""' in more
    two = GOOD | {"/lines/1/sku": "MUG", "/lines/1/quantity": "5"}
    fewer = text(operator.post(URL, two | {"drop-row": "/lines/0"}))
    assert 'name="/lines/0/sku" value="MUG"' in fewer
    assert 'name="/lines/1/sku"' not in fewer
    assert Run.objects.count() == 0


def test_an_empty_row_is_no_row(operator, contracted):
    operator.post(URL, GOOD | {"/lines/1/sku": "", "/lines/1/quantity": ""})
    assert json.loads(Run.objects.get().input)["lines"] == [{"sku": "TEA", "quantity": 2}]


def test_json_is_the_other_way_in_with_the_same_checks(operator, contracted):
    assert "&quot;ord_1&quot;" in text(operator.get(f"{URL}?as=json"))
    wrong = operator.post(f"{URL}?as=json", {"key": "k", "input": '{"id": "x"}'})
    assert wrong.status_code == 422
    assert "/id" in text(wrong)
    broken = operator.post(f"{URL}?as=json", {"key": "k", "input": '{"id": '})
    assert "This is not JSON" in text(broken)
    assert "{&quot;id&quot;: </textarea>" in text(broken)
    fine = operator.post(
        f"{URL}?as=json", {"key": "k", "input": json.dumps({"id": "ord_1", "lines": [{"sku": "A", "quantity": 1}]})}
    )
    assert fine.status_code == 302


@pytest.mark.parametrize("hostile", ["NaN", '{"id": "\\u0000"}', "[" * 3000, '{"id": ' + "9" * 5000 + "}"])
def test_hostile_json_is_refused_with_a_sentence(operator, team, hostile):
    publish({"one": echo(1)}, name="free")
    answer = operator.post("/workflows/free/start/", {"key": "k", "input": hostile})
    assert answer.status_code == 422
    assert "error-summary" in text(answer)
    assert Run.objects.count() == 0


def test_a_workflow_without_a_contract_takes_json(operator, team):
    publish({"one": echo(1)}, name="free")
    said = text(operator.get("/workflows/free/start/"))
    assert "It declares no input contract" in said
    assert '<textarea class="input mono" id="input"' in said


@pytest.mark.parametrize("role", ["viewer", "approver", "stranger"])
def test_starting_needs_the_role(sign_in, contracted, role):
    client = sign_in(role)
    assert client.get(URL).status_code == 403
    assert client.post(URL, GOOD).status_code == 403
    assert Run.objects.count() == 0
