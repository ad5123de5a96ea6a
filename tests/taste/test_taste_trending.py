"""Fading visits: by formula, in any order, event by event."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.errors import InputError
from bowerbird.market.event import EventType
from bowerbird.market.interactions import EVENT_TYPES, Interactions
from bowerbird.taste.trail import STRENGTHS
from bowerbird.taste.trending import Trending

SIZE, DAY = 4, 86_400.0
logs = st.lists(
    st.tuples(st.integers(0, SIZE - 1), st.sampled_from(EVENT_TYPES), st.integers(0, 10 * int(DAY))),
    max_size=20,
)


def interactions(log) -> Interactions:
    return Interactions(
        np.zeros(len(log), np.int64),
        np.array([listing for listing, _, _ in log], np.int64),
        np.array([EVENT_TYPES.index(kind) for _, kind, _ in log], np.int8),
        np.array([time for _, _, time in log], np.float64),
    )


@given(logs, st.integers(0, 20))
def test_scores_are_those_of_the_formula_at_once_and_event_by_event(log, known):
    now = 11 * DAY
    slow = np.zeros(SIZE)
    for listing, kind, time in log:
        slow[listing] += STRENGTHS.get(kind, 0) * 2 ** -((now - time) / DAY)
    trending = Trending.fit(interactions(log[:known]), SIZE, DAY)
    for listing, kind, time in log[known:]:
        if kind in STRENGTHS:
            trending.add(listing, STRENGTHS[kind], time)
    np.testing.assert_allclose(trending.scores(now), slow, rtol=1e-9)


def test_what_is_looked_at_today_passes_what_was_bought_last_week():
    log = [(1, EventType.PURCHASE, 0), (2, EventType.VIEW, 7 * DAY)]
    trending = Trending.fit(interactions(log), SIZE, DAY)
    assert trending.top(3, now=7 * DAY).rows.tolist() == [2, 1]
    assert trending.top(3, now=7 * DAY, allowed=np.arange(SIZE) != 2).rows.tolist() == [1]
    forever = Trending.fit(interactions(log), SIZE, float("inf"))
    assert forever.top(3, now=7 * DAY).rows.tolist() == [1, 2]


def test_a_new_listing_can_trend():
    trending = Trending(SIZE, DAY)
    trending.append()
    trending.add(SIZE, 1.0, 5.0)
    assert trending.top(3, now=5.0).rows.tolist() == [SIZE]


def test_an_event_from_a_clock_that_runs_ahead_counts_as_a_fresh_one():
    trending = Trending(SIZE, DAY)
    trending.add(0, 1.0, 9 * DAY)
    assert trending.scores(now=0.0)[0] == 1.0


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError, match="half-life"):
        Trending(SIZE, 0.0)
    with pytest.raises(InputError, match="k must be"):
        Trending(SIZE, DAY).top(0, now=0.0)
    with pytest.raises(InputError, match="listing 9"):
        Trending.fit(interactions([(9, EventType.VIEW, 0)]), SIZE, DAY)
