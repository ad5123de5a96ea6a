"""Many events as parallel arrays."""

from datetime import UTC, datetime

import numpy as np
import pytest

from bowerbird.errors import InputError
from bowerbird.market.event import Event, EventType
from bowerbird.market.interactions import EVENT_TYPES, Interactions


def event(listing: str, second: int, **who: str) -> Event:
    time = datetime.fromtimestamp(second, UTC)
    return Event(f"{listing}-{second}", EventType.SAVE, listing, time, **who)


def test_events_become_numbers_and_a_session_stands_for_a_shopper():
    events = [event("lamp", 9, shopper="ann"), event("sofa", 7, session="s1")]
    found = Interactions.of(events, {"ann": 4, "s1": 2}, {"sofa": 0, "lamp": 1})
    assert found.shoppers.tolist() == [4, 2]
    assert found.listings.tolist() == [1, 0]
    assert found.times.tolist() == [9, 7]
    assert [EVENT_TYPES[code] for code in found.types] == [EventType.SAVE, EventType.SAVE]


def test_no_events_are_no_interactions():
    assert len(Interactions.of([], {}, {})) == 0


def test_an_event_without_a_number_is_named():
    with pytest.raises(InputError, match="listing 'lamp'"):
        Interactions.of([event("lamp", 9, shopper="ann")], {"ann": 0}, {})


def test_order_is_by_shopper_and_time_and_leaves_ties_as_they_came():
    given = Interactions(
        np.array([1, 0, 1, 0]), np.array([5, 6, 7, 8]), np.zeros(4, np.int8), np.array([2.0, 3, 1, 3])
    )
    assert given.in_order().listings.tolist() == [6, 8, 7, 5]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shoppers": np.array([0, 1, 2])}, "one length"),
        ({"listings": np.array([0, -1])}, "is -1"),
        ({"types": np.array([0, 99], np.int8)}, "type 99"),
        ({"times": np.array([0.0, np.nan])}, "not finite"),
    ],
)
def test_what_cannot_be_is_refused(change, message):
    good = {
        "shoppers": np.array([0, 1]),
        "listings": np.array([0, 1]),
        "types": np.zeros(2, np.int8),
        "times": np.zeros(2),
    }
    with pytest.raises(InputError, match=message):
        Interactions(**{**good, **change})
