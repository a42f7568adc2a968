"""What may begin next: a table of cases, then random graphs played to their end."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.engine.advance import fatal, following, is_over
from orchestration.manifest import Plan, build_plan
from orchestration.states import STEP_BAD, STEP_GOOD, STEP_OPEN, StepStatus

WORDS = {
    "ok": StepStatus.SUCCEEDED, "deg": StepStatus.DEGRADED, "bad": StepStatus.FAILED, "late": StepStatus.TIMED_OUT,
    "skip": StepStatus.SKIPPED, "run": StepStatus.RUNNING, "wait": StepStatus.WAITING, "ready": StepStatus.READY,
    "retry": StepStatus.RETRYING,
}  # fmt: skip


def plan_of(edges: dict[str, list[str]], any_joins: frozenset[str] = frozenset()) -> Plan:
    """A plan of value steps with these predecessors."""
    steps = {
        name: {"value": 1, "needs": before, "join": "any" if name in any_joins else "all"}
        for name, before in edges.items()
    }
    return build_plan({
        "apiVersion": "plumbline/v1", "kind": "Workflow",
        "metadata": {"name": "demo", "version": "1.0.0", "owner": "checkout"}, "spec": {"steps": steps},
    })  # fmt: skip


def read(text: str) -> dict[str, StepStatus]:
    """`a:ok b:run` → states."""
    return {name: WORDS[word] for name, _, word in (pair.partition(":") for pair in text.split())}


CHAIN = {"a": [], "b": ["a"], "c": ["b"]}
DIAMOND = {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}
JOIN = {"a": [], "b": [], "c": ["a", "b"]}


@pytest.mark.parametrize(
    ("edges", "any_joins", "states", "after", "begins", "skips"),
    [
        (CHAIN, "", "", None, "a", ""),
        (CHAIN, "", "a:ok", "a", "b", ""),
        (CHAIN, "", "a:deg", "a", "b", ""),
        (CHAIN, "", "a:run", "a", "", ""),
        (CHAIN, "", "a:retry", "a", "", ""),
        (CHAIN, "", "a:wait", "a", "", ""),
        (CHAIN, "", "a:skip", "a", "", "b"),
        (CHAIN, "", "a:skip b:skip", "b", "", "c"),
        (CHAIN, "", "a:ok b:ready", "a", "", ""),
        (CHAIN, "", "a:ok b:ok", None, "c", ""),
        (DIAMOND, "", "a:ok", "a", "b c", ""),
        (DIAMOND, "", "a:ok b:ok", "b", "", ""),
        (DIAMOND, "", "a:ok b:ok c:run", "b", "", ""),
        (DIAMOND, "", "a:ok b:ok c:ok", "c", "d", ""),
        (DIAMOND, "", "a:ok b:skip c:ok", "c", "d", ""),
        (DIAMOND, "", "a:ok b:skip c:skip", "c", "", "d"),
        (JOIN, "c", "a:ok b:run", "a", "c", ""),
        (JOIN, "c", "a:deg", "a", "c", ""),
        (JOIN, "c", "a:bad b:run", "a", "", ""),
        (JOIN, "c", "a:bad b:ok", "b", "c", ""),
        (JOIN, "c", "a:skip b:run", "a", "", ""),
        (JOIN, "c", "a:skip b:skip", "b", "", "c"),
        (JOIN, "c", "a:skip b:bad", "b", "", ""),
        (JOIN, "c", "a:ok c:run b:ok", "b", "", ""),
    ],
)
def test_what_follows(
    edges: dict[str, list[str]], any_joins: str, states: str, after: str | None, begins: str, skips: str
):
    found = following(plan_of(edges, frozenset(any_joins.split())), read(states), after)
    assert (" ".join(found.begin), " ".join(found.skip)) == (begins, skips)


@pytest.mark.parametrize(
    ("edges", "any_joins", "states", "culprit"),
    [
        (CHAIN, "", "a:ok b:run", None),
        (CHAIN, "", "a:bad", "a"),
        (CHAIN, "", "a:late", "a"),
        (CHAIN, "", "a:ok b:ok c:bad", "c"),  # a last step has nobody who could do without it
        (JOIN, "c", "a:bad", None),
        (JOIN, "c", "a:bad b:run", None),
        (JOIN, "c", "a:bad b:ok c:run", None),
        (JOIN, "c", "a:bad b:skip", "a"),
        (JOIN, "c", "a:bad b:bad", "a"),
        (JOIN, "", "a:bad b:ok", "a"),
        ({**JOIN, "d": ["a"]}, "c", "a:bad b:ok", "a"),  # d needs it, whatever c can do without
    ],
)
def test_a_failure_is_fatal_unless_everybody_can_do_without_it(
    edges: dict[str, list[str]], any_joins: str, states: str, culprit: str | None
):
    assert fatal(plan_of(edges, frozenset(any_joins.split())), read(states)) == culprit


@pytest.mark.parametrize(
    ("states", "over"),
    [
        ("", False),
        ("a:ok b:ok", False),
        ("a:ok b:ok c:run", False),
        ("a:ok b:skip c:skip", True),
        ("a:ok b:deg c:ok", True),
    ],
)
def test_a_run_is_over_when_every_step_has_ended(states: str, over: bool):
    assert is_over(plan_of(CHAIN), read(states)) is over


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[str, list[str]], frozenset[str]]:
    size = draw(st.integers(1, 12))
    names = [f"s{number}" for number in range(size)]
    edges = {
        name: sorted(draw(st.sets(st.sampled_from(names[:position]), max_size=4))) if position else []
        for position, name in enumerate(names)
    }
    return edges, frozenset(name for name in names if edges[name] and draw(st.booleans()))


@settings(max_examples=300, deadline=None)
@given(graphs(), st.integers(0, 2**32), st.booleans())
def test_every_step_of_any_graph_begins_or_is_skipped_and_none_before_its_time(
    graph: tuple[dict[str, list[str]], frozenset[str]], seed: int, failures: bool
):
    """Played as the engine does it: `following` looks only at the successors of the step that just ended."""
    edges, any_joins = graph
    plan, chance = plan_of(edges, any_joins), random.Random(seed)
    states: dict[str, StepStatus] = {}

    def look(after: str | None) -> None:
        found = following(plan, states, after)
        for name in found.skip:
            assert edges[name]
            assert all(states[before] == StepStatus.SKIPPED for before in edges[name])
            states[name] = StepStatus.SKIPPED
        for name in found.begin:
            before = [states.get(other) for other in edges[name]]
            if name in any_joins:
                assert any(state in STEP_GOOD for state in before)
            else:
                assert all(state is not None and state not in STEP_OPEN for state in before)
                assert not any(state in STEP_BAD for state in before), "what needs a failed step never begins"
            states[name] = StepStatus.READY if chance.random() < 0.8 else StepStatus.SKIPPED  # its `when` may be false
        for name in (*found.skip, *found.begin):
            if states[name] == StepStatus.SKIPPED:
                look(name)

    look(None)
    while (culprit := fatal(plan, states)) is None and (
        ready := [name for name, state in states.items() if state in STEP_OPEN]
    ):
        ended = chance.choice(ready)
        states[ended] = StepStatus.FAILED if failures and chance.random() < 0.3 else StepStatus.SUCCEEDED
        if fatal(plan, states) is None:
            look(ended)
    if culprit is None:
        assert is_over(plan, states), "nothing is ready, nothing failed, and yet it is not over: a lost run"
        assert following(plan, states, None).begin == following(plan, states, None).skip == ()
    else:
        assert failures
        assert states[culprit] in STEP_BAD
