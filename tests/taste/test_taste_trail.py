"""Events become trails, at once and one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.errors import InputError
from bowerbird.market.event import EventType
from bowerbird.market.interactions import EVENT_TYPES, Interactions
from bowerbird.taste.trail import STRENGTHS, Trail, Trails

# (shopper, listing, type), in order of time.
logs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6), st.sampled_from(EVENT_TYPES)), max_size=40)


def interactions(log) -> Interactions:
    return Interactions(
        np.array([shopper for shopper, _, _ in log], np.int64),
        np.array([listing for _, listing, _ in log], np.int64),
        np.array([EVENT_TYPES.index(kind) for _, _, kind in log], np.int8),
        np.arange(len(log), dtype=np.float64),
    )


def test_a_second_look_adds_nothing_and_a_purchase_strengthens_the_visit_in_its_place():
    log = [(0, 5, EventType.VIEW), (0, 3, EventType.SAVE), (0, 5, EventType.VIEW), (0, 5, EventType.PURCHASE)]
    trails = Trails.of(interactions(log))
    assert trails.listings.tolist() == [5, 3]
    assert trails.strengths.tolist() == [1.0, 0.5]


def test_what_was_only_shown_or_hidden_is_no_visit():
    log = [(0, 5, EventType.IMPRESSION), (0, 3, EventType.HIDE)]
    assert len(Trails.of(interactions(log))) == 0


@given(logs)
def test_trails_at_once_are_trails_event_by_event(log):
    trails = Trails.of(interactions(log))
    for shopper in range(4):
        trail = Trail()
        for who, listing, kind in log:
            if who == shopper:
                trail = trail.after(listing, STRENGTHS.get(kind, 0.0))
        own = trails.shoppers == shopper
        assert trails.listings[own].tolist() == list(trail.listings)
        assert trails.strengths[own].tolist() == list(trail.strengths)


def test_a_trail_forgets_its_oldest_visits():
    trail = Trail()
    for listing in range(5):
        trail = trail.after(listing, 1.0, longest=3)
    assert trail.listings == (2, 3, 4)


def test_a_negative_strength_is_refused():
    with pytest.raises(InputError, match="-1"):
        Trails.of(interactions([]), {EventType.VIEW: -1.0})
