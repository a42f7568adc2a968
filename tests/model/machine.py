"""What may happen to runs: the rules that hypothesis combines, and how every example is played to its end.

Messages are delivered in any order, twice, early, late or never. A worker is a claim in `held`: it may report now, much
later, twice or never. Time is a number that only `pass_time` moves. Owns what is done to the engine; driver.py does it and
compares.
"""

from __future__ import annotations

from functools import partial
from itertools import repeat
from uuid import UUID

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from orchestration.engine.gather import Apart, Item, gather, is_plain
from orchestration.models import Run as EngineRun
from orchestration.services.pauses import pause_run, resume_run
from orchestration.services.runs import cancel_run, retry_run, start_run, terminate_run
from tests.model.driver import Ahead, Held, World, refused, same
from tests.model.model import Run
from tests.model.outside import Outside
from tests.model.rows import SECOND
from tests.model.seen import Difference
from tests.model.workflows import SCRIPTS, Flow, flows, version_of

PICK = st.integers(0, 11)
SCRIPT = st.sampled_from([*SCRIPTS, "low", "high", "high"])
GO = st.sampled_from([True, True, False])
KEY = st.sampled_from([None, None, "k1", "k2"])
PAUSABLE = {"running", "waiting"}


class Machine(Outside):
    """One workflow, up to three runs of it, any number of workers."""

    @initialize(flow=flows(), go=GO, key=KEY)
    def begin(self, flow: Flow, go: bool, key: str | None) -> None:
        self.flow, self.version = flow, version_of(flow)
        self.example = transaction.atomic()  # rolled back at the end: the next example finds nothing but workflows
        self.example.__enter__()
        self.start(go, key)

    # What people do.

    @precondition(lambda self: len(self.models) < 3)
    @rule(go=GO, key=KEY)
    def start(self, go: bool, key: str | None) -> None:
        known = self.keys.get(key) if key else None
        with self.engine():
            if known is not None and known[1] != go:
                with refused():
                    start_run(version=self.version, input={"go": go}, key=key)
                return self.compare({})
            run, created = start_run(version=self.version, input={"go": go}, key=key)
        if known is not None:
            same("the run", (created, str(run.pk)), (False, known[0]))
            return self.compare({})
        return self.begun(run, key, Run(self.flow, str(run.pk), go))

    @precondition(lambda self: len(self.models) < 4 and any(run.result for run in self.models.values()))
    @rule(pick=PICK, key=KEY)
    def retry(self, pick: int, key: str | None) -> None:
        old = self.any_run(pick)
        known = self.keys.get(key) if key else None
        again = known is not None and self.retried.get(old.id) == known[0]
        with self.engine():
            row = EngineRun.objects.get(pk=old.id)
            if not again and (known is not None or old.id in self.retried or not old.retryable()):
                with refused():
                    retry_run(run=row, actor=None, key=key)
                return self.compare({})
            run, created = retry_run(run=row, actor=None, key=key)
        if again:
            same("the retry", (created, str(run.pk)), (False, self.retried[old.id]))
            return self.compare({})
        self.retried[old.id] = str(run.pk)
        return self.begun(run, key, Run(self.flow, str(run.pk), old.go, earlier=old))

    @precondition(lambda self: len(self.held) > 3 and any(not run.result for run in self.models.values()))
    @rule(pick=PICK, at_once=st.booleans())
    def stop(self, pick: int, at_once: bool) -> None:
        """Terminate or cancel."""
        going = [run for run in self.models.values() if not run.ending and not run.result]
        run = [*going * 3, *self.models.values()][pick % (3 * len(going) + len(self.models))]
        order = {"actor": None, "reason": "enough"}
        act, refuses = (terminate_run, False) if at_once else (cancel_run, bool(run.ending))
        with self.engine():
            if refuses or run.status == "finished":
                with refused():
                    act(run_id=UUID(run.id), **order)
                return self.compare({})
            act(run_id=UUID(run.id), **order)
        return self.compare({run.id: lambda run: run.terminate(self.time) if at_once else run.cancel(self.time)})

    @precondition(lambda self: any(run.status in PAUSABLE for run in self.models.values()))
    @rule(pick=PICK)
    def pause(self, pick: int) -> None:
        """Most often of a run that goes on; of any other it is refused."""
        run = self._one_of(pick, [run for run in self.models.values() if run.status in PAUSABLE and not run.ending])
        with self.engine():
            if run.ending or run.status not in PAUSABLE:
                with refused():
                    pause_run(run_id=UUID(run.id), actor=None, reason="wait")
                return self.compare({})
            pause_run(run_id=UUID(run.id), actor=None, reason="wait")
        return self.compare({run.id: Run.pause})

    @precondition(lambda self: any(run.status == "paused" for run in self.models.values()))
    @rule(pick=PICK)
    def resume(self, pick: int) -> None:
        """The same the other way round."""
        run = self._one_of(pick, [run for run in self.models.values() if run.status == "paused" and not run.ending])
        return self._resume(run)

    def _resume(self, run: Run) -> None:
        with self.engine():
            if run.ending or run.status != "paused":
                with refused():
                    resume_run(run_id=UUID(run.id), actor=None, reason="go on")
                return self.compare({})
            resume_run(run_id=UUID(run.id), actor=None, reason="go on")
        return self.compare({run.id: Run.resume})

    def _one_of(self, pick: int, likely: list[Run]) -> Run:
        return [*likely * 3, *self.models.values()][pick % (3 * len(likely) + len(self.models))]

    # What workers do.

    @precondition(lambda self: bool(self.seen.ids))
    @rule(pick=PICK)
    def deliver(self, pick: int) -> None:
        """A wake-up for any step there is, whether it is due or long over. The worker holds it from now on."""
        ids = [*self.due(), *sorted(self.seen.ids)]
        self.take(ids[pick % len(ids)])

    @precondition(lambda self: bool(self.due()))
    @rule(pick=PICK, scripts=st.lists(SCRIPT, min_size=1, max_size=4), inline=st.booleans())
    def work(self, pick: int, scripts: list[str], inline: bool) -> None:
        """Wake-ups for steps that are due; a worker does each at once."""
        for script in scripts:
            due = self.due()
            if due and self.take(due[pick % len(due)]):
                self.perform(self.held[-1], script)
                self.report(self.held[-1], inline)

    @precondition(lambda self: bool(self.live()))
    @rule(pick=PICK, script=SCRIPT)
    def act(self, pick: int, script: str) -> None:
        """A worker calls the function and has not reported yet."""
        live = self.live()
        self.perform(live[pick % len(live)], script)

    @precondition(lambda self: bool(self.live()))
    @rule(pick=PICK, script=SCRIPT, inline=st.booleans())
    def finish(self, pick: int, script: str, inline: bool) -> None:
        """A worker that still holds its step reports."""
        live = self.live()
        held = live[pick % len(live)]
        if held.done is None:
            self.perform(held, script)
        self.report(held, inline)

    @precondition(lambda self: len(self.live()) < len(self.held))
    @rule(pick=PICK, script=SCRIPT, inline=st.booleans())
    def finish_late(self, pick: int, script: str, inline: bool) -> None:
        """A worker reports that lost its step meanwhile, or reported already."""
        live = self.live()
        late = [held for held in self.held if held not in live]
        rivals = [held for held in late if self.models[held.run].rows[held.hold.step].hold is not None]
        held = [*rivals, *late][pick % (len(rivals) + len(late))]
        if held.done is None:
            self.perform(held, script)
        self.report(held, inline)

    @precondition(lambda self: len(self.live()) > 1)
    @rule(count=st.integers(2, 5), stale=st.sampled_from([False, False, True]), inline=st.booleans())
    def finish_together(self, count: int, stale: bool, inline: bool) -> None:
        """What several workers finished is recorded in one transaction; where it may not be, each by itself."""
        batch = [*self.live()[:count], *(self.held[:1] if stale and self.held[0] not in self.live() else [])]
        for held in batch:
            if held.done is None:
                self.perform(held, "high")
        batch = [held for held in batch if held.done and is_plain(held.claim, held.done.executed)]
        if not batch:
            return
        with self.engine():
            try:
                following = gather([Item(held.claim, held.done.executed, inline) for held in batch if held.done])
            except Apart:
                following = None
        if following is None:
            self.compare({})  # nothing was written
            for held in batch:
                self.report(held, inline)
            return
        self.compare({held.run: partial(self._record_all, batch, inline) for held in batch})
        for held, taken in zip(batch, following, strict=True):
            if taken is not None:
                self.hold(held.run, taken.step.name, taken)

    @precondition(lambda self: bool(self.live()))
    @rule(pick=PICK, scripts=st.lists(SCRIPT, min_size=6, max_size=6), kept=st.integers(0, 4))
    def go_ahead(self, pick: int, scripts: list[str], kept: int) -> None:
        """A worker goes on along steps without effects. So much of it is recorded; the rest is not, or later."""
        held = self.live()[pick % len(self.live())]
        if held.done is None:
            self.perform(held, scripts.pop())
        assert held.done is not None
        if not is_plain(held.claim, held.done.executed):
            return self.report(held, inline=True)
        row = self.ahead_of(held, scripts)
        plain = [one for one in row[:kept] if is_plain(one.item.claim, one.item.executed)]
        if not plain:
            return self.compare({})
        with self.engine():
            try:
                following = gather([one.item for one in plain])[-1]
            except Apart:
                plain = []
        if not plain:
            self.compare({})
            return self.report(held, inline=True)
        self.compare({held.run: partial(self._record_row, plain)})
        if following is not None:
            self.hold(held.run, following.step.name, following)
        for at_work in row[len(plain) : len(plain) + 1]:  # its row is there now
            at_work.item.claim.step.pk = at_work.item.claim.row.pk if at_work.item.claim.row else 0
            self.hold(held.run, at_work.item.claim.step.name, at_work.item.claim)
            self.held[-1].done = at_work.done
        return None

    def _record_row(self, row: list[Ahead], run: Run) -> None:
        for one in row:
            hold = run.rows[one.item.claim.step.name].hold
            assert hold is not None
            run.record(hold, one.done.outcome, self.time, inline=True)

    def _record_all(self, batch: list[Held], inline: bool, run: Run) -> None:
        for held in batch:
            if held.run == run.id and held.done is not None:
                run.record(held.hold, held.done.outcome, self.time, inline=inline)

    # What time does.

    @rule(seconds=st.sampled_from([0, 1, 2, 4, 7, 11, 30]), swept=st.sampled_from([True, True, True, False]))
    def pass_time(self, seconds: int, swept: bool) -> None:
        World.milliseconds += seconds * SECOND
        if swept:
            self.sweep()

    def teardown(self) -> None:
        """Every worker dies and every message is lost; then time, the sweeper and what it sends must end every run."""
        if not hasattr(self, "example"):
            return
        try:
            if not self.broken:
                self.play_to_the_end()
        finally:
            transaction.set_rollback(True)
            self.example.__exit__(None, None, None)

    def play_to_the_end(self) -> None:
        World.messages.clear()
        for run in [run for run in self.models.values() if run.status == "paused"]:
            self._resume(run)  # a person must; its messages are lost like all others
        World.messages.clear()
        for seconds in [11, *repeat(30, 40)]:
            if all(run.status == "finished" for run in self.models.values()):
                return
            World.milliseconds += seconds * SECOND
            self.sweep()
            self.answer_all()
            while World.messages:
                step_id = World.messages.pop(0)
                if step_id in self.seen.ids and self.take(step_id):
                    self.perform(self.held[-1], "low")
                    self.report(self.held[-1], inline=False)
        raise Difference(f"runs without an end: {[run for run in self.models.values() if run.status != 'finished']}")
