"""The tables of states, their one writer, and the page that is drawn from them."""

from __future__ import annotations

import ast
import itertools
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from orchestration import states
from orchestration.engine import transition
from orchestration.models import Run, StepRun
from orchestration.services.runs import cancel_run, retry_run, terminate_run
from orchestration.states import Compensation, IllegalTransition, RunResult, RunStatus, StepStatus
from portal.config import ROOT
from portal.management.commands import draw_states
from tests.engine import tasks
from tests.engine.harness import begin, echo, publish, pump, settle_down, write

COLUMNS = {"status", "result", "compensation", "ending"}
WRITERS = {"update", "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "save", "save_base"}
BY_HAND = re.compile(r'(?i)\b(update|insert\s+into)\s+"?orchestration_(run|steprun)\b')
#: The writer, and its arm for the hot path.
WRITERS_OF_STATES = [
    ROOT / "orchestration" / "engine" / name for name in ("transition.py", "hot_sql.py", "statements.py")
]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (states.RUN_TRANSITIONS, RunStatus),
        (states.STEP_TRANSITIONS, StepStatus),
        (states.COMPENSATION_TRANSITIONS, Compensation),
    ],
)
def test_every_state_has_its_row_and_is_reached(table: Any, words: Any):
    assert set(table) == set(words)
    initial = {RunStatus: states.RUN_INITIAL, StepStatus: states.STEP_INITIAL, Compensation: {Compensation.NONE}}[words]
    reached = set(initial)
    while more := {target for source in reached for target in table[source]} - reached:
        reached |= more
    assert reached == set(words)
    itself = {source for source, targets in table.items() if source in targets}
    assert itself <= {StepStatus.WAITING}, "no state may become itself, but a step may wait for something else"


def test_what_is_over_stays_over():
    for status in set(StepStatus) - states.STEP_OPEN:
        assert states.STEP_TRANSITIONS[status] == frozenset()
    assert states.RUN_TRANSITIONS[RunStatus.FINISHED] == {RunStatus.COMPENSATING}  # reopen_compensation alone
    assert set(StepStatus) == states.STEP_OPEN | states.STEP_GOOD | states.STEP_BAD | {
        StepStatus.SKIPPED,
        StepStatus.CANCELLED,
    }


def test_every_open_run_can_be_cancelled_unless_it_ends_already_and_finished_at_once():
    for status in states.RUN_OPEN - {RunStatus.CANCELLING, RunStatus.COMPENSATING}:
        assert RunStatus.CANCELLING in states.RUN_TRANSITIONS[status]
    assert all(RunStatus.FINISHED in states.RUN_TRANSITIONS[status] for status in states.RUN_OPEN)
    # A step can fail for good whatever its run is doing; what happened must then be undone.
    for status in {RunStatus.RUNNING, RunStatus.WAITING, RunStatus.PAUSED, RunStatus.CANCELLING}:
        assert RunStatus.COMPENSATING in states.RUN_TRANSITIONS[status]


@pytest.mark.django_db
@pytest.mark.parametrize(("source", "target"), list(itertools.product(StepStatus, StepStatus)))
def test_a_step_moves_along_the_table_only(source: StepStatus, target: StepStatus):
    run = begin(publish({"a": echo(1)}))
    step = run.steps.get()
    StepRun.objects.filter(pk=step.pk).update(status=source, fence=3)
    if target in states.STEP_TRANSITIONS[source]:
        assert not transition.move_step(step.pk, source, 2, target), "an older fence"
        assert transition.move_step(step.pk, source, 3, target)
        assert not transition.move_step(step.pk, source, 3, target), "a second time"
        assert StepRun.objects.get(pk=step.pk).status == target
    else:
        with pytest.raises(IllegalTransition):
            transition.move_step(step.pk, source, 3, target)
        assert StepRun.objects.get(pk=step.pk).status == source


@pytest.mark.django_db
@pytest.mark.parametrize(("source", "target"), list(itertools.product(RunStatus, RunStatus)))
def test_a_run_moves_along_the_table_only(source: RunStatus, target: RunStatus):
    run = begin(publish({"a": echo(1)}))
    Run.objects.filter(pk=run.pk).update(status=source)
    moves: dict[RunStatus, Any] = {
        RunStatus.FINISHED: lambda: transition.finish_run(run.pk, source, RunResult.FAILED),
        RunStatus.COMPENSATING: lambda: transition.begin_compensation(run.pk, source),
    }
    move = moves.get(target, lambda: transition.move_run(run.pk, source, target))
    if target in states.RUN_TRANSITIONS[source]:
        assert move()
        assert not move(), "a second time"
        assert Run.objects.get(pk=run.pk).status == target
    else:
        with pytest.raises(IllegalTransition):
            move()
        assert Run.objects.get(pk=run.pk).status == source


@pytest.mark.django_db
@pytest.mark.parametrize(("source", "target"), list(itertools.product(Compensation, Compensation)))
def test_a_compensation_moves_along_the_table_only(source: Compensation, target: Compensation):
    run = begin(publish({"a": echo(1)}))
    step = run.steps.get()
    StepRun.objects.filter(pk=step.pk).update(compensation=source)
    if target in states.COMPENSATION_TRANSITIONS[source]:
        assert transition.move_compensation(step.pk, source, 0, target)
        assert not transition.move_compensation(step.pk, source, 0, target)
    else:
        with pytest.raises(IllegalTransition):
            transition.move_compensation(step.pk, source, 0, target)


@pytest.mark.django_db
def test_a_result_is_set_once_and_goes_with_the_finish():
    run = begin(publish({"a": echo(1)}))
    with pytest.raises(IllegalTransition, match="finish_run"):
        transition.move_run(run.pk, RunStatus.RUNNING, RunStatus.FINISHED)
    with pytest.raises(IllegalTransition, match="has a result"):
        transition.finish_run(run.pk, RunStatus.RUNNING, RunResult.NONE)
    with pytest.raises(IllegalTransition, match="compensation"):
        transition.finish_run(run.pk, RunStatus.RUNNING, RunResult.FAILED, compensation=Compensation.NONE)
    assert not transition.finish_run(run.pk, RunStatus.RUNNING, RunResult.FAILED, compensation=Compensation.DONE)
    assert transition.finish_run(run.pk, RunStatus.RUNNING, RunResult.FAILED)
    assert not transition.finish_run(run.pk, RunStatus.RUNNING, RunResult.SUCCEEDED)
    assert not transition.end_run(run.pk, RunResult.CANCELLED)
    assert Run.objects.get(pk=run.pk).result == RunResult.FAILED


@pytest.mark.django_db
def test_nothing_is_born_in_a_state_that_is_not_initial():
    run = begin(publish({"a": echo(1)}))
    for status in set(StepStatus) - states.STEP_INITIAL:
        with pytest.raises(IllegalTransition):
            transition.create_steps([StepRun(run=run, name="b", status=status)])
    assert RunStatus(run.status) in states.RUN_INITIAL, "a run is born by one statement, which names its state"


# One writer. The rule, for every module but engine/transition.py and hot_sql.py:
# 1. no call of a writing method names one of the columns, or passes what it can't be seen to leave out (`**`);
# 2. an assignment `row.status = …` is memory only, since of a run or a step nobody calls save() but for other columns;
# 3. no SQL by hand writes the two tables.
# The rule is for orchestration/ as a whole; elsewhere for the modules that can get hold of a run or a step.


def test_nothing_but_the_transition_writer_writes_a_state():
    faults = [fault for path in _modules() for fault in _faults(path)]
    assert faults == []


@pytest.mark.parametrize(
    "line",
    [
        'StepRun.objects.filter(pk=1).update(status="failed")',
        'run.steps.update(compensation="done", finished_at=None)',
        'Run.objects.create(result="failed")',
        'Run.objects.update_or_create(id=1, defaults={"status": "failed"})',
        "StepRun.objects.bulk_create(rows)",
        'Run.objects.bulk_update(rows, ["status"])',
        "StepRun.objects.filter(pk=1).update(**columns)",
        "run.save()",
        'run.save(update_fields=["output", "status"])',
        'cursor.execute("UPDATE orchestration_run SET status = 1")',
        'cursor.execute("insert into orchestration_steprun (status) values (1)")',
    ],
)
def test_the_rule_sees(line: str, tmp_path: Path):
    path = tmp_path / "sample.py"
    path.write_text(f"from orchestration.models import Run, StepRun\n{line}\n")
    assert len(list(_faults(path))) == 1


@pytest.mark.parametrize(
    "line",
    [
        'StepRun.objects.filter(status="ready").update(wake_due_at=None)',
        'transition.finish_run(run.pk, status, result, compensation="done")',
        'run.save(update_fields=["input"])',
        'Attempt.objects.create(outcome="failed")',
        "run.status = wanted",
        "columns.update(other)",
    ],
)
def test_the_rule_lets_pass(line: str, tmp_path: Path):
    path = tmp_path / "sample.py"
    path.write_text(f"from orchestration.models import Run, StepRun\n{line}\n")
    assert list(_faults(path)) == []


def _modules() -> Iterator[Path]:
    for package in ("orchestration", "governance", "portal"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if (
                path not in WRITERS_OF_STATES
                and "migrations" not in path.parts
                and (package == "orchestration" or _reaches_runs(path))
            ):
                yield path


def _reaches_runs(path: Path) -> bool:
    """Whether a module can get hold of a run or a step: it imports the models, or what hands them out."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = {alias.name for alias in node.names}
            if node.module.startswith("orchestration.models") and names & {"Run", "StepRun"}:
                return True
            if node.module.startswith(("orchestration.services", "orchestration.selectors")) and "runs" in {
                *names,
                node.module.split(".")[-1],
            }:
                return True
    return False


def _faults(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        where = f"{path.name}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and BY_HAND.search(node.value):
            yield f"{where}: SQL by hand"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _writes_a_state(node, node.func):
            yield f"{where}: {ast.unparse(node)[:80]}"


def _writes_a_state(call: ast.Call, method: ast.Attribute) -> bool:
    if method.attr not in WRITERS:
        return False
    on_rows = _root(method) in {"Run", "StepRun"} or any(
        isinstance(part, ast.Attribute) and part.attr in {"objects", "steps", "runs", "filter", "exclude"}
        for part in ast.walk(method.value)
    )
    given = {keyword.arg for keyword in call.keywords}
    if method.attr in {"save", "save_base"}:
        name = method.value.id if isinstance(method.value, ast.Name) else ""
        if name in {"resource", "team", "policy", "dependency", "workflow", "version", "instance"}:
            return False  # governed objects, which have no such column
        literal = next((ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg == "update_fields"), "")
        return not literal or any(f"'{column}'" in literal for column in COLUMNS)
    if method.attr in {"bulk_create", "bulk_update"}:
        return on_rows and _root(method) in {"Run", "StepRun"}
    keys = {
        key.value for keyword in call.keywords if isinstance(keyword.value, ast.Dict)
        for key in keyword.value.keys if isinstance(key, ast.Constant)
    }  # fmt: skip
    return on_rows and bool((given | keys) & COLUMNS or None in given)


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return node.id if isinstance(node, ast.Name) else ""


@pytest.mark.django_db
def test_in_real_runs_every_statement_that_writes_a_state_comes_from_the_writer():
    writes = 0
    pattern = re.compile(
        r'(?s)^UPDATE "orchestration_(run|steprun)" SET .*"(status|result|compensation|ending)" =.* WHERE'
        r'|^INSERT INTO "orchestration_(run|steprun)"'
    )

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal writes
        if pattern.match(sql):
            writes += 1
            frame, found = sys._getframe(), False
            while frame is not None and not found:
                found, frame = frame.f_code.co_filename == str(WRITERS_OF_STATES[0]), frame.f_back
            assert found, sql
        return execute(sql, params, many, context)

    saga = publish(
        {"a": write("undo a"), "b": echo(1, needs=["a"], retry={"maximum_attempts": 2}), "w": {"wait": {"for": "1h"}}}
    )
    with connection.execute_wrapper(watch):
        settle_down(begin(saga))
        tasks.failing["b"] = 2
        failed = settle_down(begin(saga))
        settle_down(retry_run(run=failed, actor=None)[0])
        stopped = begin(saga)
        pump()
        cancel_run(run_id=stopped.pk, actor=None, reason="enough")
        settle_down(stopped)
        terminate_run(run_id=begin(saga).pk, actor=None, reason="at once")
    assert writes > 20


def test_the_page_of_states_is_up_to_date():
    assert (ROOT / "docs" / "states.md").read_text() == draw_states.page(), "run: python manage.py draw_states"
    call_command("draw_states", check=True)


def test_an_outdated_page_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(draw_states, "PAGE", tmp_path / "states.md")
    with pytest.raises(CommandError, match="run: python manage"):
        call_command("draw_states", check=True)
    call_command("draw_states")
    call_command("draw_states", check=True)
