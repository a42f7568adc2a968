"""Edit and retry: the failed step gets what a person wrote, checked, with a reason, in the audit log without its values."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import yaml

from governance.models import AuditEntry
from orchestration import clock
from orchestration.engine.payloads import load
from orchestration.errors import Conflict, InvalidInput
from orchestration.models import InputEdit, Run, Team
from orchestration.services.input_edits import editable_input, retry_with_input
from orchestration.services.manifests import Document, Signature, apply
from orchestration.services.retention import prune
from orchestration.services.runs import retry_run
from tests.engine import tasks
from tests.engine.breaking import declare
from tests.engine.harness import begin, echo, publish, settle_down, step, write

pytestmark = pytest.mark.django_db

ONCE = {"retry": {"maximum_attempts": 1}}


def failed(**more: Any) -> Run:
    version = publish({"a": write("a", 1), "b": echo({"amount": "${{ steps.a.output }}"}, needs=["a"], **ONCE, **more)})
    tasks.failing["b"] = 1
    run = settle_down(begin(version))
    assert (run.result, run.failed_step) == ("failed", "b")
    return run


def retried(run: Run, input: Any, **more: Any) -> Run:
    return retry_with_input(run=run, input=input, actor=None, reason="the amount was in cents", **more)[0]


def test_the_failed_step_is_given_what_was_written_and_the_other_steps_what_their_manifest_says():
    run = failed()
    assert editable_input(run) == {"value": {"amount": 1}}
    tasks.calls.clear()

    new = settle_down(retried(run, {"value": {"amount": 2, "note": "${{ secrets.x }}"}}))

    assert (new.result, new.retry_of_id) == ("succeeded", run.pk)
    assert [(name, given) for name, _, given in tasks.calls] == [
        ("a", {"value": 1}), ("b", {"value": {"amount": 2, "note": "${{ secrets.x }}"}}),
    ]  # fmt: skip
    assert load(step(new, "b").input) == {"value": {"amount": 2, "note": "${{ secrets.x }}"}}, (
        "no expression is evaluated"
    )
    edit = InputEdit.objects.get(run=new)
    assert (edit.step, edit.reason, edit.actor) == ("b", "the amount was in cents", None)


def test_the_audit_log_says_what_changed_and_shows_no_value():
    new = retried(failed(), {"value": {"amount": 4711, "note": "hush"}})
    entry = AuditEntry.objects.get(action="input_edited")
    assert (entry.object_kind, entry.object_name) == ("run", f"{new.short_id} of demo")
    assert entry.reason == "the amount was in cents"
    assert set(entry.after) == {"step", "run", "/value/amount", "/value/note"}
    assert set(entry.before) == {"step", "run", "/value/amount"}
    assert b"4711" not in entry.canonical
    assert b"hush" not in entry.canonical


def test_an_input_whose_expression_fails_can_be_edited():
    version = publish({"a": echo(1), "b": echo("${{ steps.a.output.missing }}", **ONCE)})
    run = settle_down(begin(version))
    assert (run.failed_step, run.error_type) == ("b", "expression")
    assert settle_down(retried(run, {"value": 3})).result == "succeeded"


def test_a_retry_of_the_retry_is_given_the_same_and_can_be_edited_again():
    run = failed()
    tasks.failing["b"] = 1
    new = settle_down(retried(run, {"value": 2}))
    assert new.result == "failed"
    assert editable_input(new) == {"value": 2}
    tasks.failing["b"] = 1
    again = settle_down(retry_run(run=new, actor=None)[0])
    assert tasks.calls[-2][2] == {"value": 2} or tasks.calls[-1][2] == {"value": 2}
    last = settle_down(retried(again, {"value": 3}))
    assert (last.result, load(step(last, "b").output)) == ("succeeded", 3)


def test_the_same_request_twice_makes_one_retry_and_one_entry():
    run = failed()
    first = retried(run, {"value": 2}, key="once")
    assert retried(run, {"value": 2}, key="once") == first
    assert AuditEntry.objects.filter(action="input_edited").count() == 1
    with pytest.raises(Conflict, match="retried already"):
        retried(run, {"value": 2}, key="twice")


def test_an_input_that_does_not_fit_is_refused_by_place():
    Team.objects.get_or_create(name="checkout")
    schema = {"type": "object", "properties": {"value": {"type": "integer"}}, "required": ["value"]}
    contract = {
        "apiVersion": "plumbline/v1", "kind": "Contract", "metadata": {"name": "bill", "version": "1.0.0", "owner": "checkout"},
        "spec": {"schema": schema},
    }  # fmt: skip
    apply([Document(yaml.safe_dump(contract), "c.yaml")], Signature(None, "a test"))
    tasks.failing["b"] = 1
    version = publish({"b": echo(1, contract={"input": "bill@^1"}, **ONCE)})
    run = settle_down(begin(version))
    with pytest.raises(InvalidInput, match=r"does not fit contract bill@1.0.0: /value: "):
        retried(run, {"value": "two"})
    with pytest.raises(InvalidInput, match="is an object with its arguments"):
        retried(run, [1])
    with pytest.raises(InvalidInput, match="U\\+0000"):
        retried(run, {"value": 2, "x": "\x00"})
    with pytest.raises(InvalidInput, match="a reason is required"):
        retry_with_input(run=run, input={"value": 2}, actor=None, reason=" ")
    assert not Run.objects.filter(retry_of=run).exists()
    assert settle_down(retried(run, {"value": 2})).result == "succeeded"


def test_what_has_no_input_to_edit_is_refused_by_name(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PLUMBLINE_SECRET_HUSH", "hush-hush")
    run = settle_down(begin(publish({"a": {"value": "${{ input.missing }}"}}, name="values")))
    with pytest.raises(Conflict, match="is a value step"):
        retried(run, {})
    declare("http://127.0.0.1:9")
    request = {"method": "POST", "path": "/", "json": {"token": "${{ secrets.hush }}"}}
    run = settle_down(begin(publish({"a": {"http": request, "dependency": "shop", **ONCE}}, name="secret")))
    with pytest.raises(Conflict, match="holds secrets, which nobody sees"):
        retried(run, {})
    run = settle_down(begin(publish({"a": echo(1)}, name="fine")))
    with pytest.raises(Conflict, match="nothing to retry"):
        retried(run, {})


def test_an_edit_goes_with_its_run():
    new = settle_down(retried(failed(), {"value": json.dumps("x" * 70_000)}))
    assert InputEdit.objects.get(run=new).input.startswith("ref:")
    clock.advance(timedelta(days=31))
    assert prune(days=30).runs == 2
    assert not InputEdit.objects.exists()
