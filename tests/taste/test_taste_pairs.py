"""Counts of what followed what: by hand, by a double loop, event by event."""

from collections import defaultdict
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.errors import InputError
from bowerbird.market.event import EventType
from bowerbird.market.interactions import EVENT_TYPES, Interactions
from bowerbird.taste import trail_pairs
from bowerbird.taste.pair_counts import PairCounts
from bowerbird.taste.trail import STRENGTHS, Trail, Trails
from bowerbird.taste.trail_pairs import PairWeighing

SIZE = 7
KINDS = (EventType.VIEW, EventType.SAVE, EventType.PURCHASE)
logs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, SIZE - 1), st.sampled_from(KINDS)), max_size=40)
weighings = st.builds(
    PairWeighing,
    decay=st.sampled_from([0.5, 1.0]),
    backward=st.sampled_from([0.0, 0.3, 1.0]),
    window=st.integers(1, 8),
)


def trails_of(log) -> Trails:
    return Trails.of(
        Interactions(
            np.array([shopper for shopper, _, _ in log], np.int64),
            np.array([listing for _, listing, _ in log], np.int64),
            np.array([EVENT_TYPES.index(kind) for _, _, kind in log], np.int8),
            np.arange(len(log), dtype=np.float64),
        )
    )


def table(counts: PairCounts) -> np.ndarray:
    """(n, n) what followed what."""
    found = np.zeros((len(counts), len(counts)))
    for listing in range(len(counts)):
        neighbours, numbers = counts.neighbours(listing)
        found[listing, neighbours] = numbers
    return found


def double_loop(trails: Trails, weighing: PairWeighing) -> np.ndarray:
    by_shopper = defaultdict(list)
    for shopper, listing, strength in zip(trails.shoppers, trails.listings, trails.strengths, strict=True):
        by_shopper[shopper].append((listing, strength))
    found = np.zeros((SIZE, SIZE))
    for visits in by_shopper.values():
        for later, (b, strong_b) in enumerate(visits):
            for earlier, (a, strong_a) in enumerate(visits[:later]):
                if later - earlier <= weighing.window:
                    amount = sqrt(strong_a * strong_b) * weighing.decay ** (later - earlier - 1)
                    found[a, b] += amount
                    found[b, a] += weighing.backward * amount
    return found


def test_counts_by_hand():
    log = [(0, 2, EventType.PURCHASE), (0, 4, EventType.VIEW), (0, 5, EventType.PURCHASE)]
    counts = PairCounts.fit(trails_of(log), SIZE, PairWeighing(decay=0.8, backward=0.3))
    found = table(counts)
    assert found[2, 4] == pytest.approx(sqrt(1 * 0.25))
    assert found[2, 5] == pytest.approx(1 * 0.8)
    assert found[4, 2] == pytest.approx(0.3 * sqrt(0.25))
    assert found[5, 2] == pytest.approx(0.3 * 0.8)
    assert counts.visits.tolist() == [0, 0, 1, 0, 0.25, 1, 0]


@given(logs, weighings)
def test_counts_are_those_of_the_double_loop(log, weighing):
    trails = trails_of(log)
    counts = PairCounts.fit(trails, SIZE, weighing)
    np.testing.assert_allclose(table(counts), double_loop(trails, weighing), rtol=1e-6)


@given(logs, weighings, st.integers(0, 40))
def test_counting_on_event_by_event_is_counting_all_at_once(log, weighing, known):
    counts = PairCounts.fit(trails_of(log[:known]), SIZE, weighing)
    trails: defaultdict[int, Trail] = defaultdict(Trail)
    for place, (shopper, listing, kind) in enumerate(log):
        if place >= known:
            counts.count(trails[shopper], listing, STRENGTHS[kind])
        trails[shopper] = trails[shopper].after(listing, STRENGTHS[kind])
    whole = PairCounts.fit(trails_of(log), SIZE, weighing)
    np.testing.assert_allclose(table(counts), table(whole), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(counts.visits, whole.visits, rtol=1e-9)
    again = PairCounts.of_arrays(counts.arrays(), weighing)
    np.testing.assert_allclose(table(again), table(counts), rtol=1e-6)


@given(logs, weighings)
def test_blocks_do_not_change_the_counts(log, weighing):
    trails = trails_of(log)
    whole = trail_pairs.following_counts(trails, SIZE, weighing)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trail_pairs, "_BLOCK_VISITS", 3)
        blocks = trail_pairs.following_counts(trails, SIZE, weighing)
    assert blocks[0].tolist() == whole[0].tolist()
    np.testing.assert_allclose(blocks[1], whole[1])


def test_each_listing_keeps_its_strongest_neighbours_only():
    log = [
        (s, listing, EventType.PURCHASE) for s, last in enumerate((1, 2, 2, 3, 3)) for listing in (0, last)
    ]
    weighing = PairWeighing(neighbours=2, backward=0)
    neighbours, counts = PairCounts.fit(trails_of(log), SIZE, weighing).neighbours(0)
    assert (neighbours.tolist(), counts.tolist()) == ([2, 3], [2, 2])


def test_counting_on_forgets_the_weakest_when_there_are_twice_too_many():
    counts = PairCounts.fit(trails_of([]), SIZE, PairWeighing(neighbours=2, backward=0))
    for follower, times in ((1, 1), (2, 4), (3, 3), (4, 2), (5, 1)):
        for _ in range(times):
            counts.count(Trail((0,), (1.0,)), follower, 1.0)
    neighbours, _ = counts.neighbours(0)
    assert sorted(neighbours.tolist()) == [2, 3]


def test_an_unknown_listing_is_refused():
    with pytest.raises(InputError, match="listing 6 of a market of 6"):
        PairCounts.fit(trails_of([(0, 6, EventType.VIEW)]), 6)
    counts = PairCounts.fit(trails_of([]), 2)
    with pytest.raises(InputError, match="listing 2 of a market of 2"):
        counts.count(Trail(), 2, 1.0)
    counts.append()
    counts.count(Trail(), 2, 1.0)
    assert counts.visits.tolist() == [0, 0, 1]


@pytest.mark.parametrize("wrong", [{"decay": 0.0}, {"backward": 2.0}, {"window": 0}, {"neighbours": 0}])
def test_weighings_out_of_range_are_refused(wrong):
    with pytest.raises(InputError, match="must lie in"):
        PairWeighing(**wrong)
