"""Taste, read from visits whose interests are known."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from bowerbird.errors import InputError
from bowerbird.market.event import Event, EventType
from bowerbird.taste.attention import Attention
from bowerbird.taste.known_taste import TasteWeighing, taste_of
from bowerbird.taste.visited_listings import VisitedListings

START = datetime(2026, 5, 1, tzinfo=UTC)
PRICES = {"sofa": 200.0, "bicycle": 50.0}
PATHS = {"sofa": "Home / Sofas", "bicycle": "Sports / Bicycles"}
AXES = {"sofa": 0, "bicycle": 1}
SHARP = TasteWeighing(recency=1.0, weakening=0.5)


def vector(listing: str, of: str) -> np.ndarray:
    """Near the axis of the kind that the name begins with, a little off it by the name's number."""
    kind, number = listing.split("-")
    values = np.zeros(4, np.float32)
    values[AXES[kind]] = 1
    values[2 if of == "text" else 3] = 0.02 * int(number)
    return values / np.linalg.norm(values)


def listings(*ids: str, photos: bool = True) -> VisitedListings:
    kinds = [one.split("-")[0] for one in ids]
    looks = [vector(one, "photo") if photos else np.zeros(4, np.float32) for one in ids]
    return VisitedListings(
        ids,
        np.array([vector(one, "text") for one in ids], np.float32).reshape(-1, 4),
        np.array(looks, np.float32).reshape(-1, 4),
        tuple(PATHS[kind] for kind in kinds),
        np.log([PRICES[kind] for kind in kinds]) if kinds else np.empty(0),
    )


def attention(*doings: tuple[EventType, str]) -> Attention:
    return Attention.of(
        (number, Event(str(number), kind, listing, START + timedelta(minutes=number), shopper="ann"))
        for number, (kind, listing) in enumerate(doings, 1)
    )


def views(*ids: str) -> Attention:
    return attention(*((EventType.VIEW, one) for one in ids))


def test_each_kind_of_thing_is_an_interest_with_a_real_face():
    ids = ("sofa-1", "bicycle-1", "sofa-2", "sofa-3")
    taste = taste_of(views(*ids), listings(*ids), listings(), SHARP)
    assert [(one.face, one.listings) for one in taste.interests] == [
        ("sofa-2", ("sofa-1", "sofa-2", "sofa-3")),
        ("bicycle-1", ("bicycle-1",)),
    ]
    assert [one.weight for one in taste.interests] == pytest.approx([0.75, 0.25])
    assert taste.roots == pytest.approx({"Home": 0.75, "Sports": 0.25})
    assert taste.leaves == pytest.approx({"Home / Sofas": 0.75, "Sports / Bicycles": 0.25})
    assert taste.visits == ids
    assert taste.strengths == (0.25,) * 4
    assert taste.version == 4
    assert np.linalg.norm(taste.interests[0].text) == pytest.approx(1)
    assert taste.interests[0].photo @ vector("sofa-2", "photo") > 0.99


def test_later_and_stronger_visits_count_for_more():
    ids = ("sofa-1", "bicycle-1")
    halving = TasteWeighing(recency=0.5)
    latest = taste_of(views(*ids), listings(*ids), listings(), halving)
    assert latest.roots == pytest.approx({"Sports": 2 / 3, "Home": 1 / 3})
    bought = attention((EventType.PURCHASE, "sofa-1"), (EventType.VIEW, "bicycle-1"))
    assert taste_of(bought, listings(*ids), listings(), halving).roots["Home"] == pytest.approx(0.5 / 0.75)


def test_prices_lean_where_the_visits_do():
    ids = ("sofa-1", "bicycle-1")
    taste = taste_of(views(*ids), listings(*ids), listings(), SHARP)
    middle = (math.log(200) + math.log(50)) / 2
    assert taste.price.log_price == pytest.approx(middle)
    assert taste.price.listings == 0.5
    # two visits a factor of two from the middle, and one seen before
    assert taste.price.spread == pytest.approx(math.sqrt((2 * math.log(2) ** 2 + 0.7**2) / 3))
    assert taste.price_by_root["Home"].log_price == pytest.approx(math.log(200))
    assert taste.price_by_root["Home"].spread == pytest.approx(0.7 / math.sqrt(2))


def test_what_is_hidden_is_no_visit_and_weakens_the_nearest_interest():
    ids = ("sofa-1", "bicycle-1")
    did = attention((EventType.VIEW, "sofa-1"), (EventType.VIEW, "bicycle-1"), (EventType.HIDE, "sofa-9"))
    taste = taste_of(did, listings(*ids), listings("sofa-9"), SHARP)
    assert taste.hidden == {"sofa-9"}
    assert {one.face: one.weight for one in taste.interests} == pytest.approx(
        {"bicycle-1": 0.5, "sofa-1": 0.25}
    )
    assert taste.strengths == (0.125, 0.25)
    assert taste.roots == pytest.approx({"Sports": 2 / 3, "Home": 1 / 3})
    alone = attention((EventType.VIEW, "sofa-1"), (EventType.HIDE, "sofa-1"))
    nothing = taste_of(alone, listings("sofa-1"), listings("sofa-1"), SHARP)
    assert not nothing.is_known
    assert nothing.hidden == {"sofa-1"}


def test_listings_that_the_market_lost_are_visits_without_an_interest():
    taste = taste_of(views("sofa-1", "gone"), listings("sofa-1"), listings(), SHARP)
    assert taste.visits == ("sofa-1", "gone")
    assert [one.listings for one in taste.interests] == [("sofa-1",)]
    lost = taste_of(views("gone"), listings(), listings(), SHARP)
    assert lost.is_known
    assert lost.interests == ()
    assert lost.price is None
    assert lost.roots == {}


def test_no_more_interests_than_asked_and_none_without_photos_has_looks():
    ids = ("sofa-1", "bicycle-1")
    one = taste_of(views(*ids), listings(*ids, photos=False), listings(), TasteWeighing(most=1))
    assert [interest.face for interest in one.interests] == ["bicycle-1"]
    assert one.interests[0].photo is None


def test_weighings_out_of_range_are_refused():
    with pytest.raises(InputError, match="recency 0"):
        TasteWeighing(recency=0)
    with pytest.raises(InputError, match="longest 0"):
        TasteWeighing(longest=0)
