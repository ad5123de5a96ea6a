"""Two rankers in one list, neighbours that change places, and who meets which ranker."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.errors import InputError
from bowerbird.ranking.exploration import with_swapped_neighbours
from bowerbird.ranking.interleaving import FIRST, NEITHER, SECOND, team_draft, winner
from bowerbird.ranking.shares import TrafficShares


@given(st.permutations(range(9)), st.integers(0, 1000))
def test_a_draft_holds_every_candidate_once_and_each_team_its_own_best(second, seed):
    first = np.arange(9)
    order, teams = team_draft(first, np.array(second), np.random.default_rng(seed))
    assert sorted(order.tolist()) == list(range(9))
    taken: set[int] = set()
    for place, (candidate, team) in enumerate(zip(order.tolist(), teams.tolist(), strict=True)):
        choices = list(range(9)) if team == FIRST else second
        assert candidate == next(one for one in choices if one not in taken)
        taken.add(candidate)
        if place % 2:
            assert team != teams[place - 1]  # a round has one pick of each


def test_a_draft_of_two_rankers_that_are_equally_good_is_fair():
    # Each finds one of two listings that are clicked on; who has the upper one is the coin's.
    rng = np.random.default_rng(0)
    won = {FIRST: 0, SECOND: 0, NEITHER: 0}
    for _ in range(4000):
        first, second = np.array([0, 2, 3, 1]), np.array([1, 3, 2, 0])
        order, teams = team_draft(first, second, rng)
        examined = rng.random(4) < 1 / np.arange(1, 5)
        won[winner(teams.tolist(), (examined & (order < 2)).tolist())] += 1
    decided = won[FIRST] + won[SECOND]
    assert decided > 1000
    assert abs(won[FIRST] / decided - 0.5) < 3 * np.sqrt(0.25 / decided)


def test_a_draft_credits_the_ranker_that_finds_what_is_clicked():
    rng = np.random.default_rng(0)
    won = []
    for _ in range(400):
        order, teams = team_draft(np.array([3, 0, 1, 2]), np.array([0, 1, 2, 3]), rng)
        examined = rng.random(4) < 1 / np.arange(1, 5)
        won.append(winner(teams.tolist(), (examined & (order == 3)).tolist()))
    assert won.count(FIRST) > 150
    assert won.count(SECOND) < 30


def test_without_clicks_or_with_as_many_nobody_wins():
    assert winner([FIRST, SECOND], [False, False]) == NEITHER
    assert winner([FIRST, SECOND], [True, True]) == NEITHER
    assert winner([FIRST, SECOND, SECOND], [True, True, True]) == SECOND


@given(st.integers(0, 30), st.floats(0, 1), st.integers(0, 100))
def test_no_listing_moves_by_more_than_a_place(count, probability, seed):
    moved = with_swapped_neighbours(np.arange(count), probability, np.random.default_rng(seed))
    assert sorted(moved.tolist()) == list(range(count))
    assert np.all(np.abs(moved - np.arange(count)) <= 1)


def test_neighbours_change_places_as_often_as_told():
    rng = np.random.default_rng(0)
    swaps = [with_swapped_neighbours(np.arange(21), 0.3, rng) for _ in range(400)]
    share = np.mean([np.mean(one != np.arange(21)) for one in swaps])
    assert share == pytest.approx(0.3 * 20 / 21, abs=0.02)  # a pair each, but for one end
    assert np.array_equal(with_swapped_neighbours(np.arange(9), 0.0, rng), np.arange(9))


def test_shares_are_kept_to_and_each_shopper_keeps_to_theirs():
    shares = TrafficShares({"learned": 3, "learned + fusion": 1})
    drawn = [shares.drawn(f"shopper-{number}") for number in range(4000)]
    assert drawn == [shares.drawn(f"shopper-{number}") for number in range(4000)]
    assert drawn.count(("learned", "fusion")) / 4000 == pytest.approx(0.25, abs=0.025)
    assert set(drawn) == {("learned",), ("learned", "fusion")}
    assert shares.drawn(None) == ("learned",)
    assert shares.rankers == ("learned", "fusion")


def test_a_share_that_grows_keeps_those_it_had():
    before, after = TrafficShares({"a": 0.2, "b": 0.8}), TrafficShares({"a": 0.5, "b": 0.5})
    had = [one for one in map(str, range(500)) if before.drawn(one) == ("a",)]
    assert had
    assert all(after.drawn(one) == ("a",) for one in had)


@pytest.mark.parametrize(
    "shares",
    [{}, {"a": 0}, {"a": -1, "b": 2}, {"a": float("nan")}, {"a+b+c": 1}, {"a+a": 1}, {"": 1}, {"a+": 1}],
)
def test_shares_that_cannot_be_used_are_refused(shares):
    with pytest.raises(InputError, match=r"ranking\.shares"):
        TrafficShares(shares)
