"""The breaker against a simple model of its own on random event sequences, and the rules that people rely on."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from orchestration.policies import breaker as rules
from orchestration.policies.admission import RAMP_FIRST, RAMP_MOST, ramp, retries_left
from orchestration.policies.breaker import Book, Counts, Settings, State

SETTINGS = Settings(failure_rate=50, slow_rate=80, slow_after=1.0, minimum_calls=4, open_for=10, half_open_calls=3)


class Model:
    """Lists of events instead of slices, and every rule as the design says it, looked up anew each time."""

    def __init__(self) -> None:
        self.state, self.moves, self.forced_until = "closed", 0, 0.0
        self.calls: list[tuple[float, bool, bool]] = []
        self.openings, self.opened = 0, 0.0
        self.out: dict[int, float] = {}
        self.issued = 0
        self.results: list[tuple[bool, bool]] = []

    def become(self, state: str, now: float) -> None:
        if state == "open":
            self.openings, self.opened = self.openings + 1, now
        elif state != "half_open":
            self.openings = 0
        self.state, self.moves = state, self.moves + 1
        self.calls, self.out, self.results, self.issued = [], {}, [], 0

    def time(self, now: float) -> None:
        if self.state in {"forced_open", "disabled", "metrics_only"} and self.forced_until <= now:
            self.become("closed", now)
        wait = min(10 * 2 ** (self.openings - 1), 100)
        if self.state == "open" and now >= self.opened + wait:
            self.become("half_open", now)

    def call(self, now: float, bad: bool, slow: bool) -> None:
        if self.state not in {"closed", "metrics_only"}:
            return
        self.calls.append((now, bad, slow))
        first = (now // 6 - 9) * 6  # a window of ten slices, the present one among them
        window = [one for one in self.calls if one[0] >= first]
        if self.state == "closed" and self.too_bad([one[1:] for one in window], 4):
            self.become("open", now)

    def too_bad(self, calls: list[tuple[bool, bool]], fewest: int) -> bool:
        if len(calls) < fewest:
            return False
        failed, slow = sum(bad for bad, _ in calls), sum(slow for _, slow in calls)
        return (failed > 0 and failed / len(calls) >= 0.5) or (slow > 0 and slow / len(calls) >= 0.8)

    def ask(self, now: float) -> int | None:
        self.out = {number: ends for number, ends in self.out.items() if ends > now}
        if self.state != "half_open" or len(self.out) + len(self.results) >= 3:
            return None
        self.issued += 1
        self.out[self.issued] = now + 60
        return self.issued

    def report(self, number: int, now: float, bad: bool, slow: bool) -> bool:
        if self.out.pop(number, None) is None:
            return False
        self.results.append((bad, slow))
        if len(self.results) == 3:
            self.become("open" if self.too_bad(self.results, 1) else "closed", now)
        return True


class Machine(RuleBasedStateMachine):
    """Both are told the same."""

    def __init__(self) -> None:
        super().__init__()
        self.book, self.model, self.now = Book(), Model(), 600.0
        #: Permits that were given out: generation and number.
        self.permits: list[tuple[int, int]] = []

    def _time(self) -> None:
        rules.advance(self.book, self.now)
        self.model.time(self.now)

    @rule(seconds=st.sampled_from([0.5, 3, 6, 11, 25, 61, 130]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self._time()

    @rule(bad=st.booleans(), slow=st.booleans(), behind=st.integers(0, 2))
    def call(self, bad: bool, slow: bool, behind: int) -> None:
        self._time()
        generation = self.book.generation - behind
        counts = Counts(1, int(bad), int(slow))
        taken = rules.count(self.book, SETTINGS, self.now, generation=generation, counts=counts, chance=0.5)
        assert taken == (behind == 0), "a report from an earlier generation is refused, and no other"
        if not behind:
            self.model.call(self.now, bad, slow)

    @rule()
    def ask(self) -> None:
        self._time()
        number = rules.permit(self.book, SETTINGS, self.now)
        assert number == self.model.ask(self.now)
        if number is not None:
            self.permits.append((self.book.generation, number))

    @precondition(lambda self: self.permits)
    @rule(pick=st.integers(0, 10), bad=st.booleans(), slow=st.booleans(), again=st.booleans())
    def report(self, pick: int, bad: bool, slow: bool, again: bool) -> None:
        self._time()
        place = pick % len(self.permits)
        generation, number = self.permits[place] if again else self.permits.pop(place)
        current = generation == self.book.generation
        counts = Counts(1, int(bad), int(slow))
        taken = rules.settle(
            self.book, SETTINGS, self.now, generation=generation, number=number, result=counts, chance=0.5
        )
        assert taken == (current and self.model.report(number, self.now, bad, slow))

    @precondition(lambda self: self.permits)
    @rule(pick=st.integers(0, 10))
    def give_back(self, pick: int) -> None:
        generation, number = self.permits.pop(pick % len(self.permits))
        current = generation == self.book.generation
        given = rules.give_back(self.book, generation, number)
        assert given == (current and self.model.out.pop(number, None) is not None)

    @rule(state=st.sampled_from(sorted(rules.FORCED)), seconds=st.sampled_from([5, 50]))
    def force(self, state: State, seconds: float) -> None:
        self._time()
        rules.force(self.book, state, self.now, self.now + seconds)
        self.model.become(str(state), self.now)
        self.model.forced_until = self.now + seconds

    @rule()
    def release(self) -> None:
        self._time()
        if self.book.state in rules.FORCED:
            rules.release(self.book, self.now)
            self.model.become("closed", self.now)

    @invariant()
    def they_agree(self) -> None:
        assert (self.book.state, self.book.generation) == (self.model.state, self.model.moves)
        assert len(self.book.moves) == self.book.generation, "each transition is one generation"
        assert self.book.trial.calls + sum(ends > self.now for ends in self.book.permits.values()) <= 3


Machine.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None, database=None)
TestTheBreakerDoesWhatTheModelSays = Machine.TestCase


def opened(chance: float = 0.5, times: int = 1) -> Book:
    """A breaker that has opened so many times in a row, at second 0 of the last."""
    book, now = Book(), 0.0
    rules.count(book, SETTINGS, now, generation=0, counts=Counts(4, 4), chance=chance)
    for _ in range(times - 1):
        rules.advance(book, book.retry_at)
        for _ in range(3):
            number = rules.permit(book, SETTINGS, now)
            assert number is not None
            generation = book.generation
            rules.settle(book, SETTINGS, 0.0, generation=generation, number=number, result=Counts(1, 1), chance=chance)
    return book


@pytest.mark.parametrize(("times", "seconds"), [(1, 10), (2, 20), (3, 40), (4, 80), (5, 100), (9, 100)])
def test_it_stays_open_twice_as_long_each_time_up_to_ten_times(times: int, seconds: float):
    assert opened(times=times).retry_at == seconds


@settings(deadline=None)
@given(chance=st.floats(0, 1, exclude_max=True))
def test_the_time_open_varies_by_a_fifth(chance: float):
    assert 8 <= opened(chance).retry_at <= 12


def test_a_rate_of_nothing_opens_at_the_first_failure_and_not_before():
    never_fails = Settings(failure_rate=0, minimum_calls=1)
    book = Book()
    rules.count(book, never_fails, 0.0, generation=0, counts=Counts(100, 0), chance=0.5)
    assert book.state == "closed"
    rules.count(book, never_fails, 0.0, generation=0, counts=Counts(1, 1), chance=0.5)
    assert book.state == "open"


def test_a_call_that_may_take_long_keeps_its_permit_for_as_long():
    book = opened()
    rules.advance(book, 10.0)
    for _ in range(3):
        assert rules.permit(book, SETTINGS, 10.0, lasts=300) is not None
    assert rules.permit(book, SETTINGS, 100.0, lasts=300) is None
    assert rules.permit(book, SETTINGS, 311.0, lasts=300) is not None


def test_metrics_only_counts_and_never_opens():
    book = Book()
    rules.force(book, State.METRICS_ONLY, 0.0, 100.0)
    rules.count(book, SETTINGS, 1.0, generation=1, counts=Counts(50, 50), chance=0.5)
    assert (book.state, book.window(1.0).bad) == ("metrics_only", 50)


def test_retries_of_a_failing_dependency_are_a_fifth_of_its_calls_and_three_of_a_slice_at_least():
    assert retries_left(Counts(100, 50, 0, 0), Counts(10, 5, 0, 0)) == 20
    assert retries_left(Counts(100, 50, 0, 20), Counts(10, 5, 0, 0)) == 3
    assert retries_left(Counts(100, 50, 0, 20), Counts(10, 5, 0, 3)) == 0
    assert retries_left(Counts(100, 20, 0, 90), Counts(10, 2, 0, 9)) > 1_000, "it answers: there is nothing to protect"


def test_the_ramp_doubles_from_a_few_and_ends():
    rates, last = [], 0
    for _ in range(9):
        last = ramp(last)
        rates.append(last)
    assert rates[:3] == [RAMP_FIRST, 2 * RAMP_FIRST, 4 * RAMP_FIRST]
    assert rates[-1] == RAMP_MOST
