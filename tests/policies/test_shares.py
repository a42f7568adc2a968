"""Shares: whoever asks for less than its part gets it at once, and what is left is divided by weight."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from orchestration.policies.shares import Standing, grants, may_start

TEAMS = some.integers(1, 6)
STANDINGS = some.builds(
    Standing,
    places=some.integers(1, 60),
    active=some.dictionaries(TEAMS, some.integers(0, 40)),
    queued=some.sets(TEAMS),
    weights=some.dictionaries(TEAMS, some.sampled_from([0.5, 1.0, 2.0, 3.0, 10.0])),
)


def test_a_team_alone_gets_every_place_and_no_more():
    assert grants(Standing(16), {1: 5_000}) == {1: 16}
    assert grants(Standing(16, {1: 10}), {1: 5_000}) == {1: 6}


def test_a_team_without_runs_starts_at_once_however_full_the_house_is():
    full = Standing(16, {1: 16}, {1})
    assert may_start(full, 2)
    assert not may_start(full, 1)


def test_two_busy_teams_come_to_hold_places_by_their_weights():
    standing = Standing(12, {}, {1, 2}, {1: 1.0, 2: 3.0})
    assert grants(standing, {1: 100, 2: 100}) == {1: 3, 2: 9}


def test_what_one_team_leaves_the_others_divide():
    assert grants(Standing(12), {1: 2, 2: 100, 3: 100}) == {1: 2, 2: 5, 3: 5}


def test_a_team_above_its_share_gets_nothing_until_it_is_below_again():
    assert grants(Standing(16, {1: 16}), {1: 100, 2: 100}) == {2: 8}
    assert grants(Standing(16, {1: 12, 2: 8}), {1: 100, 2: 100}) == {}
    assert grants(Standing(16, {1: 7, 2: 8}), {1: 100, 2: 100}) == {1: 1}


def test_a_new_run_does_not_overtake_those_of_its_team_that_wait():
    assert not may_start(Standing(16, {}, {1}), 1)


@given(STANDINGS, some.dictionaries(TEAMS, some.integers(0, 100)))
def test_places_are_given_while_there_are_some_and_beyond_that_to_shares_alone(
    standing: Standing, waiting: dict[int, int]
):
    given_out = grants(standing, waiting)
    assert all(0 < given_out[team] <= waiting[team] for team in given_out)
    standing.queued.update(team for team, runs in waiting.items() if runs)
    beyond = standing.taken + sum(given_out.values()) - max(standing.places, standing.taken)
    assert beyond <= sum(standing.share(team) for team in given_out)


@given(STANDINGS, some.dictionaries(TEAMS, some.integers(1, 100), min_size=1))
def test_nobody_waits_below_its_share(standing: Standing, waiting: dict[int, int]):
    given_out = grants(standing, waiting)
    after = Standing(
        standing.places, dict(standing.active), standing.queued | set(waiting), standing.weights,
    )  # fmt: skip
    for team, runs in given_out.items():
        after.active[team] = after.active.get(team, 0) + runs
    for team, runs in waiting.items():
        assert given_out.get(team, 0) == runs or not after.has_room(team)


@given(STANDINGS, some.dictionaries(TEAMS, some.integers(1, 100), min_size=2))
def test_more_weight_never_gets_less(standing: Standing, waiting: dict[int, int]):
    standing.active.clear()
    given_out = grants(standing, dict.fromkeys(waiting, 1_000))
    for one in given_out:
        for other in given_out:
            if standing.weight(one) >= standing.weight(other):
                assert given_out[one] >= given_out[other] - 1
