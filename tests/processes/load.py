"""The work that is disturbed, and what must hold of it afterwards: nothing lost, nothing doubled, all of it explained.

Owns the workflows of the failure tests and the check of their effects. Never disturbs anything.
"""

from __future__ import annotations

import json
import os
import secrets
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import yaml
from django.db import InterfaceError, OperationalError, connection
from django.db.models import Count, Q

from orchestration import clock
from orchestration.models import Attempt, Run, StepRun, Team, WorkflowVersion
from orchestration.services.manifests import Document, Signature, apply
from orchestration.services.runs import start_run
from tests.processes.children import wait_until
from tests.processes.recorder import Recorded, Recorder
from tests.undoing import said

#: `make chaos` is the long form.
LONG = os.environ.get("CHAOS") == "long"
#: A fault that is over is forgotten within so many seconds.
RESUMED = 15
#: A request is logged a little after it was sent when the machine is busy.
SLACK = timedelta(seconds=1)
#: Tried again soon after a fault is over; at most ten times as long when it opens again and again.
BREAKER = {"open_for": "1s"}
DEPENDENCIES = {"recorder": "RECORDER_URL", "troubled": "SANDBOX_URL"}

Value = TypeVar("Value")


def sized(short: Value, long: Value) -> Value:
    """What the short form and the long form of a test have."""
    return long if LONG else short


def post(path: str, **more: Any) -> dict[str, Any]:
    """A write at the recorder that takes a moment."""
    return {
        "http": {"method": "POST", "path": path, "query": {"seconds": "0.03"}, "json": {"run": "${{ run.id }}"}},
        "dependency": "recorder", "effect": "write", "timeout": {"start_to_close": "20s"}, **more,
    }  # fmt: skip


CHAIN = {"one": post("/one"), "two": post("/two", needs=["one"]), "three": post("/three", needs=["two"])}
DIAMOND = {
    "one": post("/one"),
    "two": post("/two", needs=["one"]),
    "side": post("/side", needs=["one"]),
    "three": post("/three", needs=["two", "side"]),
}


def bulky(step: dict[str, Any]) -> dict[str, Any]:
    """The same step with an input that takes room, which no compression gives back."""
    text = secrets.token_hex(20_000)
    return {**step, "http": {**step["http"], "json": {**step["http"]["json"], "text": text}}}


def publish(steps: dict[str, Any], name: str = "recorded") -> WorkflowVersion:
    """A workflow of these steps, with the dependencies that they may call."""
    resources = [dependency(each, variable, BREAKER) for each, variable in DEPENDENCIES.items()]
    metadata = {"name": name, "version": "1.0.0", "owner": "checkout"}
    resources.append({"kind": "Workflow", "metadata": metadata, "spec": {"steps": said(steps)}})
    declare(resources)
    return WorkflowVersion.objects.select_related("workflow").get(workflow__name=name)


def dependency(name: str, variable: str, breaker: dict[str, Any]) -> dict[str, Any]:
    """A dependency at the address that this variable of the workers has."""
    spec = {"base_url": f"${{{{ env.{variable} }}}}", "breaker": breaker}
    return {"kind": "Dependency", "metadata": {"name": name, "owner": "checkout"}, "spec": spec}


def declare(resources: Sequence[dict[str, Any]]) -> None:
    """Apply these manifests of team checkout's."""
    Team.objects.get_or_create(name="checkout")
    text = "\n---\n".join(yaml.safe_dump({"apiVersion": "plumbline/v1", **item}, sort_keys=False) for item in resources)
    apply([Document(text, "recorded.yaml")], Signature(None, "a test"))


def begin(version: WorkflowVersion, count: int) -> list[uuid.UUID]:
    """Start so many runs. No message goes out from here, so the sweeper finds them at its next look."""
    runs = [start_run(version=version, input={"n": number})[0].pk for number in range(count)]
    StepRun.objects.filter(run__in=runs, status="ready").update(wake_due_at=clock.now())
    return runs


def finished(runs: Collection[uuid.UUID]) -> int:
    """How many of them are over; none while the database is away."""
    try:
        return Run.objects.filter(pk__in=runs, status="finished").count()
    except (OperationalError, InterfaceError):
        connection.close()
        return 0


def failures(runs: Sequence[uuid.UUID]) -> list[tuple[str, str, str]]:
    """Of those that did not succeed: where, and why."""
    found = Run.objects.filter(pk__in=runs).exclude(result="succeeded")
    return list(found.values_list("failed_step", "error_type", "error_message"))


def nothing_lost_or_doubled(
    runs: Sequence[uuid.UUID], recorder: Recorder, *, thawed: int = 0, redelivered: int = 0
) -> None:
    """All runs succeeded; each effect has one key, was repeated only for an attempt that tells why and never after its
    outcome was recorded; each recorded outcome is one that the server gave. `thawed`: a worker that was frozen between
    its claim and its call makes that call when it thaws, under the same key; so many calls may be late for that reason.
    `redelivered`: so many tasks of somebody else's app may be done once more than we sent them, by the broker's own rules.
    """
    assert results(runs) == {"succeeded": len(runs)}, failures(runs)
    known = {str(run) for run in runs}
    requests: dict[str, list[Recorded]] = defaultdict(list)
    keys: dict[tuple[str, str], set[str]] = defaultdict(set)
    for request in recorder.all():
        if request.body["run"] in known:
            requests[request.key].append(request)
            keys[request.body["run"], request.path].add(request.key)
    assert [step for step, found in keys.items() if len(found) > 1] == [], "an effect under two keys"
    failed = Count("attempts", filter=~Q(attempts__outcome="succeeded"))
    steps = StepRun.objects.filter(run__in=runs).annotate(tries=failed + 1)
    late = doubled = 0
    effects = [step for step in steps if step.output != "null"]  # a wait has none
    assert {step.idempotency_key for step in effects} == set(requests)
    for step in effects:
        asked = requests[step.idempotency_key]
        assert json.loads(step.output)["id"] in {request.given for request in asked}, "an outcome that nobody gave"
        doubled += max(len(asked) - step.tries, 0)
        assert step.finished_at is not None
        late += sum(request.at > step.finished_at + SLACK for request in asked)
    assert doubled <= redelivered, "an effect repeated without a reason"
    assert late <= thawed + redelivered, "an effect repeated after its outcome was recorded"
    assert {step.status for step in effects} == {"succeeded"}, "an outcome that was not recorded"
    outcomes = Attempt.objects.filter(step__run__in=runs, outcome="succeeded").values_list("step_id", flat=True)
    assert len(outcomes) == len(set(outcomes)), "an outcome recorded twice"


def results(runs: Collection[uuid.UUID]) -> dict[str, int]:
    """How many of the runs ended in which way."""
    return dict(Counter(Run.objects.filter(pk__in=runs).values_list("result", flat=True)))


def slowest_rescue(runs: Collection[uuid.UUID]) -> float:
    """Seconds from the claim of an attempt whose worker was lost to its being free again, the longest; 0 without any."""
    lost = Attempt.objects.filter(step__run__in=runs, outcome="lost").values_list("started_at", "finished_at")
    return max(((freed - taken).total_seconds() for taken, freed in lost), default=0.0)


def resumes(runs: Sequence[uuid.UUID], recorder: Recorder) -> None:
    """Wait for work that goes on now that the fault is over; fails when that takes too long."""
    before = len(recorder.all())
    wait_until(
        lambda: len(recorder.all()) > before or finished(runs) == len(runs),
        RESUMED,
        "the work to go on after the fault",
    )
