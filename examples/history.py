"""The example company's past: its workflows run by the engine itself, on a simulated clock, against the sandbox in process.

Owns what happened when: how busy an hour is, when a service was in trouble. Each run is one transaction, finished before
anybody else can see it, so neither workers nor timers meet it. Nothing here sleeps or calls a network.
"""

import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import httpcore
from django.db import transaction

from examples import orders
from examples.sandbox.app import Sandbox
from examples.sandbox.trouble import PAYMENTS_PERIOD, PAYMENTS_SLOW_FROM
from examples.sandbox.wire import Request
from orchestration import clock
from orchestration.engine import admission, publish, transition
from orchestration.engine.approvals import decide
from orchestration.engine.claim import FORWARD, held_by
from orchestration.engine.complete import pass_time
from orchestration.engine.event_store import NewEvent, store
from orchestration.engine.events import route
from orchestration.engine.work import work
from orchestration.models import Approval, Event, Role, Run, StepRun, WorkflowVersion
from orchestration.selectors.workflows import find_version, find_workflow
from orchestration.services.runs import start_run
from orchestration.states import Compensation, StepStatus, WaitingKind
from orchestration.steps import http, python
from orchestration.steps.http import Answer, Headers
from orchestration.steps.kinds import KINDS
from orchestration.steps.outcome import Call, Outcome
from portal.models import User

#: Starts of order-fulfilment in the hours of a weekday, UTC; a weekend has two thirds of it.
ORDERS_BY_HOUR = (2, 1, 1, 0, 0, 1, 3, 6, 10, 13, 15, 16, 15, 13, 13, 14, 15, 17, 19, 20, 18, 13, 8, 4)
WEEKEND = 0.66
#: Of a thousand orders so many go wrong by themselves; a demonstration that always burns shows nothing.
MISHAPS = {None: 990, "declined": 5, "not_served": 3, "sold_out": 2}
#: When payments was slow: days before the end, hour, minutes that it lasted.
SLOW = ((23, 16, 30), (17, 10, 70), (9, 19, 35), (3, 11, 50), (1, 20, 25))


@dataclass(frozen=True, slots=True)
class Start:
    """One run: when, of what, with which input and under which key."""

    at: datetime
    workflow: str
    input: dict[str, Any]
    key: str


def starts_of(day: datetime, until: datetime, seed: int) -> Iterator[Start]:
    """What was started on a day (its midnight, UTC) before `until`. The same for the same seed."""
    rng = random.Random(f"{seed} {day:%Y-%m-%d}")
    numbers = iter(range(1, 100_000))
    found = []
    for hour, usual in enumerate(ORDERS_BY_HOUR):
        busy = usual * (WEEKEND if day.weekday() >= 5 else 1.0)
        for _ in range(_poisson(rng, busy)):
            number = f"{day:%y%m%d}{next(numbers):04d}"
            mishap = rng.choices(list(MISHAPS), list(MISHAPS.values()))[0]
            found.append((hour, "order-fulfilment", orders.order(rng, number, mishap)))
        for _ in range(_poisson(rng, busy / 8)):
            number = f"{day:%y%m%d}{next(numbers):04d}"
            found.append((hour, "customer-onboarding", orders.customer(rng, number)))
    found.append((2, "nightly-settlement", {"date": f"{day - timedelta(days=1):%Y-%m-%d}", "currency": "EUR"}))
    for place, (hour, workflow, given) in enumerate(found):
        at = day + timedelta(hours=hour, seconds=rng.uniform(0, 3600))
        if at < until:
            yield Start(at, workflow, given, f"history-{day:%Y%m%d}-{place}")


class Past:
    """Plays starts, one after the other; each is there as a whole or not at all, and only once."""

    #: Seconds after which what a step waits for comes, about.
    _answers = {WaitingKind.EVENT: 3.0, WaitingKind.APPROVAL: 120.0}

    def __init__(self, until: datetime, seed: int) -> None:
        self._until = until
        self._rng = random.Random(seed)
        self._sandbox = Sandbox(seed, clock=self._sandbox_time)
        self._versions: dict[str, WorkflowVersion] = {}
        #: Steps that compute: they are quick, and played before those that call.
        self._computed: set[str] = set()
        self._latest = until
        self._not_before: datetime | None = None
        publish.silent = admission.bypassed = True
        KINDS["http"] = partial(http.run, exchange=self._exchange)
        KINDS["python"] = self._compute

    def play(self, start: Start) -> bool:
        """Run it from its beginning to its end. False: it was there."""
        version = self._version(start.workflow)
        self._set(start.at)
        self._latest, self._not_before = start.at, None
        with transaction.atomic():
            run, created = start_run(version=version, input=start.input, key=start.key)
            while created and self._go_on(run):
                pass
            # What was emitted long ago wakes nobody now.
            Event.objects.filter(emitted_by__run=run, routed_at=None).update(routed_at=clock.now())
        return created

    def _go_on(self, run: Run) -> bool:
        """The next thing that is due in the run; False when it is over."""
        ready = list(StepRun.objects.filter(run=run, status=StepStatus.READY).order_by("pk"))
        if ready:
            return self._work(min(ready, key=lambda step: step.name not in self._computed), alone=len(ready) == 1)
        waiting = StepRun.objects.filter(run=run, not_before__isnull=False).order_by("not_before").first()
        undoing = StepRun.objects.filter(run=run, compensation=Compensation.RUNNING).first()
        self._latest = max(self._latest, clock.now())
        if waiting is not None and waiting.not_before is not None:
            self._set(max(waiting.not_before, self._latest) + timedelta(milliseconds=self._rng.randint(20, 480)))
            if waiting.status == StepStatus.RETRYING:
                return transition.wake_steps([waiting.pk], StepStatus.RETRYING, clock.now()) > 0
            if waiting.status == StepStatus.WAITING and waiting.waiting_kind in self._answers:
                self._answer(waiting, run)
                return True
            if waiting.status == StepStatus.WAITING:
                pass_time(waiting, held_by(waiting, FORWARD))
                return True
        return undoing is not None and work(undoing.pk) > 0

    def _answer(self, step: StepRun, run: Run) -> None:
        """Somebody decides, or the event comes, well before the time is up."""
        assert step.started_at is not None
        self._set(
            step.started_at
            + timedelta(seconds=self._answers[WaitingKind(step.waiting_kind)] * self._rng.uniform(0.5, 2))
        )
        if step.waiting_kind == WaitingKind.EVENT:
            given = json.loads(run.input)
            told = orders.verified(given)
            event, _ = store(NewEvent(told["source"], told["id"], told["type"], told["data"], correlation=given["id"]))
            route(event.pk)
        else:
            asked = Approval.objects.get(step=step, decision=Approval.Decision.OPEN)
            person = User.objects.filter(memberships__team=asked.team_id, memberships__role=Role.APPROVER).first()
            decide(approval_id=asked.pk, actor=person, approve=True, comment="The register of its country has it.")

    def _work(self, step: StepRun, *, alone: bool) -> bool:
        """One of the steps that are ready. They are played one after the other but were at work side by side: each begins
        at its own time, and the last ends no sooner than the others, so that what joins them comes after all."""
        assert step.ready_at is not None
        self._latest = max(self._latest, clock.now())
        self._not_before = self._latest if alone else None
        self._set(step.ready_at + timedelta(seconds=self._rng.lognormvariate(math.log(0.012), 0.6)))
        done = work(step.pk) > 0
        self._latest = max(self._latest, clock.now())
        return done

    def _version(self, name: str) -> WorkflowVersion:
        if name not in self._versions:
            version = self._versions[name] = find_version(find_workflow(name))
            self._computed |= {step for step, one in version.canonical["spec"]["steps"].items() if "python" in one}
        return self._versions[name]

    def _set(self, moment: datetime) -> None:
        clock.reset()
        clock.advance(moment - clock.now())

    def _pass(self, seconds: float) -> None:
        clock.advance(timedelta(seconds=seconds))
        if self._not_before is not None and clock.now() < self._not_before:
            self._set(self._not_before)
        self._not_before = None

    def _compute(self, call: Call) -> Outcome:
        self._pass(self._rng.lognormvariate(math.log(0.006), 0.5))
        return python.run(call)

    def _exchange(self, method: str, url: str, headers: Headers, content: bytes, limit: float) -> Answer:
        """Ask the sandbox, and let the time pass that its answer takes."""
        path = "/" + url.partition("?")[0].split("/", 3)[3]
        named = {name.decode(): value.decode() for name, value in headers}
        reply, delay = self._sandbox.respond(Request(method, path, named, json.loads(content) if content else None))
        if delay > limit:
            self._pass(limit)
            raise httpcore.ReadTimeout("no answer")
        self._pass(delay)
        answered = {name.lower(): value for name, value in reply.headers.items()} | {"content-type": "application/json"}
        return Answer(reply.status, answered, json.dumps(reply.body).encode())

    def _sandbox_time(self) -> float:
        """The simulated time, moved into or out of the sandbox's scripted trouble, which would fill a fifth of a month."""
        now = clock.now()
        stamp = now.timestamp()
        within = stamp % PAYMENTS_PERIOD
        if any(begin <= now < end for begin, end in self._slow()):
            return stamp - within + PAYMENTS_SLOW_FROM + within / 6
        return stamp - within + within / 2

    def _slow(self) -> Iterator[tuple[datetime, datetime]]:
        midnight = self._until.replace(hour=0, minute=0, second=0, microsecond=0)
        for days, hour, minutes in SLOW:
            begin = midnight - timedelta(days=days) + timedelta(hours=hour, minutes=7)
            yield begin, begin + timedelta(minutes=minutes)


def _poisson(rng: random.Random, mean: float) -> int:
    """How many of something that happens `mean` times on average (Knuth, The Art of Computer Programming, 3.4.1)."""
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count
