"""Small workflows as hypothesis draws them, as manifests, and the Python functions that their steps call.

A drawn Flow is all that the model ever reads. Owns the strategy, the translation and what a called function does, which
the test says beforehand. Never says what the engine should make of it: model.py does.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count, product, starmap
from typing import Any

from hypothesis import strategies as st

from orchestration.models import EngineMark, Team, Workflow, WorkflowVersion
from orchestration.steps.registry import StepContext, TaskError, task


@dataclass(frozen=True)
class Undo:
    """A compensation. `strict`: it reads a field of what the step gave, so it fails where there is nothing."""

    attempts: int = 2
    start_to_close: int = 60
    strict: bool = False
    on_unknown: bool = True


@dataclass(frozen=True)
class Step:
    """A step as drawn; durations in seconds. `when`: '', 'input', or the name of a step whose `n` must be above 1."""

    name: str
    kind: str = "write"
    needs: tuple[str, ...] = ()
    attempts: int = 2
    interval: int = 1
    join: str = "all"
    when: str = ""
    strict: bool = False
    expect: bool = False
    start_to_close: int = 60
    schedule_to_start: int = 0
    schedule_to_close: int = 0
    heartbeat: int = 0
    #: Of an event or an approval: after so long there will be no answer. `approves`: that is a yes then.
    patience: int = 0
    approves: bool = False
    undo: Undo | None = None

    @property
    def writes(self) -> bool:
        return self.kind in {"write", "transactional", "child"}


@dataclass(frozen=True)
class Flow:
    """`output`: the step whose `n` is the run's output; its steps in an order in which they may run."""

    steps: tuple[Step, ...]
    timeout: int = 0
    output: str = ""
    named: dict[str, Step] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "named", {step.name: step for step in self.steps})


KINDS = ("write", "write", "write", "transactional", "read", "wait", "value", "event", "approval", "child")
#: Kinds whose attempts come to a wait.
WAITS = ("wait", "event", "approval", "child")
#: Seconds after which a parent looks at its child by itself, and an event is routed by the sweeper.
LOOK, ROUTED = 5, 3
CHILD_GIVES = {"n": 2}
#: What a step may have besides; one draw for all, since drawing is what an example spends its time on.
ODDITIES: list[dict[str, Any]] = [
    *[{"expect": expect} for expect in (False, True)] * 4,
    {"strict": True}, {"start_to_close": 4}, {"schedule_to_start": 6}, {"schedule_to_close": 9}, {"heartbeat": 3},
]  # fmt: skip
TRIES = list(product((2, 1, 3), (1, 3)))
UNDOS = [*[None] * 6, *starmap(Undo, product((2, 1, 3), (60, 4), (False, False, True), (True, True, False)))]


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    """Two to six steps, each with some of the earlier ones before it; or one after the other, mostly without effects."""
    names = [f"s{number}" for number in range(draw(st.integers(2, 6)))]
    drawn = _calm_step if draw(st.sampled_from([False, False, False, True])) else _step
    steps: list[Step] = []
    for name in names:
        steps.append(draw(drawn(name, [*steps])))
    output = names[-1] if steps[-1].kind != "approval" else ""
    return Flow(tuple(steps), *draw(st.sampled_from([*[(0, "")] * 4, (0, output), (15, "")])))


@st.composite
def _step(draw: st.DrawFn, name: str, earlier: list[Step]) -> Step:
    chosen = draw(st.integers(0, 2 ** len(earlier) - 1)) if earlier else 0
    before = [other for place, other in enumerate(earlier) if chosen >> place & 1]
    needs = tuple(other.name for other in before)
    kind = draw(st.sampled_from(KINDS))
    step = Step(name, kind, needs, *draw(st.sampled_from(TRIES)), **draw(st.sampled_from(ODDITIES)))
    speaks = [other.name for other in before if other.kind != "approval"]  # that has no `n` to ask for
    return replace(
        step,
        join=draw(st.sampled_from(["all", "any"])) if needs else "all",
        when=draw(st.sampled_from(["", "", "", "", "input", *speaks])),
        strict=step.strict and bool(needs) and needs == tuple(speaks) and kind not in {*WAITS, "value"},
        patience=draw(st.sampled_from([0, 6])) if kind in {"event", "approval"} else 0,
        approves=kind == "approval" and draw(st.booleans()),
        expect=step.expect and step.writes,
        undo=draw(st.sampled_from(UNDOS)) if step.writes else None,
    )


@st.composite
def _calm_step(draw: st.DrawFn, name: str, earlier: list[Step]) -> Step:
    kind = draw(st.sampled_from(("read", "read", "read", "value", "value", "write")))
    return Step(name, kind, tuple(other.name for other in earlier[-1:]), *draw(st.sampled_from(TRIES)))


#: What a wait waits for, and what a value step gives.
WAIT, VALUE = 7, 2


EVENT, CHILD = "model.event", "drawn-child"
#: Ends when it is told to, by an event under its own id; well, if that says so.
_CHILD = {
    "apiVersion": "plumbline/v1", "kind": "Workflow",
    "metadata": {"name": CHILD, "version": "1.0.0", "owner": "checkout"},
    "spec": {
        "output": {"value": "${{ steps.go.output }}"},
        "steps": {"go": {"event": {"type": "model.child"}, "expect": ["output.n == 2"]}},
    },
}  # fmt: skip


def moment(milliseconds: int) -> str:
    """A time of the engine's as a step's output has it."""
    return (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)).isoformat()


def publish_child() -> None:
    """The workflow that every `child` step starts, once for all examples."""
    team = Team.objects.get_or_create(name="checkout")[0]
    workflow, created = Workflow.objects.get_or_create(name=CHILD, defaults={"owner": team})
    if created:
        version = WorkflowVersion(
            workflow=workflow, version="1.0.0", precedence="1", canonical=_CHILD, content_hash="c", reason="a test"
        )
        WorkflowVersion._base_manager.bulk_create([version])


@cache
def version_of(flow: Flow) -> WorkflowVersion:
    """The published workflow, written as a row: applying it for each example would take longer than the example.

    One for all examples that draw the same. That what is written here could be applied has a test of its own.
    """
    publish_child()
    number = next(_numbers)
    team = Team.objects.get_or_create(name="checkout")[0]
    workflow = Workflow.objects.get_or_create(name="drawn", defaults={"owner": team})[0]
    version = WorkflowVersion(
        workflow=workflow, version=f"1.0.{number}", precedence=f"{number:09}", canonical=manifest_of(flow, number),
        content_hash=f"{number}", reason="a test",
    )  # fmt: skip
    return WorkflowVersion._base_manager.bulk_create([version])[0]


_numbers = count(1)


def manifest_of(flow: Flow, number: int) -> dict[str, Any]:
    """The flow as somebody would declare it."""
    spec: dict[str, Any] = {"steps": {step.name: _manifest(step) for step in flow.steps}}
    if flow.timeout:
        spec["timeout"] = f"{flow.timeout}s"
    if flow.output:
        spec["output"] = {"value": _field(flow.output, ".n")}
    metadata = {"name": "drawn", "version": f"1.0.{number}", "owner": "checkout"}
    return {"apiVersion": "plumbline/v1", "kind": "Workflow", "metadata": metadata, "spec": spec}


def forget() -> None:
    """The database is another."""
    version_of.cache_clear()


def _manifest(step: Step) -> dict[str, Any]:
    body: dict[str, Any] = {"needs": list(step.needs), "join": step.join, "timeout": _timeouts(step)}
    body["retry"] = _retry(step.attempts, step.interval)
    if step.when:
        body["when"] = "input.go" if step.when == "input" else f"steps.{step.when}.output.n > 1"
    match step.kind:
        case "wait":
            body["wait"] = {"for": f"{WAIT}s"}
        case "value":
            body["value"] = {"n": VALUE}
        case "event":
            body["event"] = {"type": EVENT, "correlation": "c", **_patience(step)}
        case "approval":
            on_timeout = {"on_timeout": "approve" if step.approves else "reject"} if step.patience else {}
            body["approval"] = {"team": "checkout", **_patience(step), **on_timeout}
        case "child":
            body |= {"workflow": f"{CHILD}@*", "effect": "write"}
        case _:
            reads = ".n" if step.strict else ""
            seen = {name: _field(name, reads) for name in step.needs}
            name = "model.inside" if step.kind == "transactional" else "model.act"
            body |= {"python": name, "with": seen, "effect": "write" if step.writes else "read"}
    if step.expect:
        body["expect"] = ["output.n != 13"]
    if step.writes and step.undo is None:
        body["compensate"] = {"none": "a test"}
    if step.undo is not None:
        given = "${{ step.output.n }}" if step.undo.strict else "${{ step.output }}"
        body["compensate_on_unknown"] = step.undo.on_unknown
        body["compensate"] = {
            "python": "model.act", "with": {"output": given}, "retry": _retry(step.undo.attempts, 2),
            "timeout": {"start_to_close": f"{step.undo.start_to_close}s"},
        }  # fmt: skip
    return body


def _patience(step: Step) -> dict[str, str]:
    return {"timeout": f"{step.patience}s"} if step.patience else {}


def _field(name: str, reads: str) -> str:
    return "${{ steps." + name + ".output" + reads + " }}"


def _timeouts(step: Step) -> dict[str, str]:
    names = ("start_to_close", "schedule_to_start", "schedule_to_close", "heartbeat")
    return {name: f"{getattr(step, name)}s" for name in names if getattr(step, name)}


def _retry(attempts: int, interval: int) -> dict[str, Any]:
    return {
        "maximum_attempts": attempts, "initial_interval": f"{interval}s", "backoff_coefficient": 2,
        "maximum_interval": "5s", "jitter": "none", "non_retryable_errors": ["model.spoiled"],
    }  # fmt: skip


#: (step, attempt, key, input)
Called = tuple[str, int, str, Any]
#: What the next call comes to (one of SCRIPTS), and the calls of late.
script: list[str] = []
calls: list[Called] = []
SCRIPTS = ("low", "high", "flaky", "broken", "spoiled", "crash", "bad")


@task("model.act")
def act(input: Any, context: StepContext) -> Any:
    return _act(input, context)


@task("model.inside", transactional=True)
def inside(input: Any, context: StepContext) -> Any:
    EngineMark.objects.create(name=context.idempotency_key[-32:], at="2026-01-01T00:00:00Z")
    return _act(input, context)


def _act(input: Any, context: StepContext) -> Any:
    calls.append((context.step, context.attempt, context.idempotency_key, input))
    match script[-1]:
        case "flaky":
            raise TaskError("model.flaky", "not now")
        case "broken":
            raise TaskError("model.broken", "never", retryable=False)
        case "spoiled":
            raise TaskError("model.spoiled", "its policy says that this is not tried again")
        case "crash":
            raise ValueError("an exception of the function's own")
    return {"n": {"low": 1, "high": 2, "bad": 13}[script[-1]]}
