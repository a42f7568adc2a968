"""Loops over many items: all of them done, each once, in memory that does not grow with their number."""

from __future__ import annotations

import json

import pytest

from orchestration import clock
from orchestration.models import Loop, StepRun
from orchestration.services.runs import start_run
from tests.processes.children import Processes, memory_of, wait_until
from tests.processes.load import finished, publish, results, sized

pytestmark = pytest.mark.processes

FEW, MANY = sized((20, 200), (1_000, 10_000))
GROWTH = 16 * 1024 * 1024
EACH = {"value": {"n": "${{ item.n }}", "pad": "${{ item.pad }}"}, "for_each": {"in": "${{ input.items }}", "as": "item", "max_parallel": 20}}  # fmt: skip


def test_many_items_finish_in_flat_memory(processes: Processes):
    workers = processes.crew()
    version = publish({"each": EACH, "after": {"value": "${{ steps.each.output | length }}"}}, name="many")

    def loop(count: int) -> int:
        """The most memory that a worker had while it was done."""
        items = [{"n": number, "pad": "x" * 100} for number in range(count)]
        run, _ = start_run(version=version, input={"items": items})
        StepRun.objects.filter(run=run, status="ready").update(wake_due_at=clock.now())
        most = 0

        def over() -> bool:
            nonlocal most
            most = max(most, *(memory_of(worker) for worker in workers))
            return finished([run.pk]) == 1

        wait_until(over, 60 + count / 10, f"{count} items")
        assert results([run.pk]) == {"succeeded": 1}
        assert StepRun.objects.get(run=run, name="after").output == str(count)
        kept = Loop.objects.get(step__run=run)
        assert (kept.total, kept.begun, kept.open, kept.failed) == (count, count, 0, 0)
        rows = StepRun.objects.filter(run=run, name="each", item__gt=0)
        assert [json.loads(text)["n"] for text in rows.order_by("item").values_list("output", flat=True)] == list(
            range(count)
        )
        return most

    few, many = loop(FEW), loop(MANY)
    print(f"peak of a worker: {few / 2**20:.0f} MB with {FEW} items, {many / 2**20:.0f} MB with {MANY}")
    assert many - few < GROWTH
