"""The conditions of filters and their mask agree, and a circle lies within its box."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.market.conditions import Between, OneOf, all_hold, is_one_of
from bowerbird.market.listing import Listing, Price, Status
from bowerbird.market.listing_columns import ListingColumns
from bowerbird.market.query import Filters, Near

DEGREES = st.floats(-90, 90), st.floats(-180, 180)
LISTINGS = st.builds(
    Listing,
    listing_id=st.just("a"),
    title=st.just("sofa"),
    category=st.sampled_from([(), ("Home",), ("Home", "Chairs"), ("Sports",)]),
    price=st.none() | st.builds(Price, st.integers(0, 300), st.just("GBP")),
    place=st.sampled_from([None, "Leeds", "Leeds, Yorkshire"]),
    seller_id=st.sampled_from([None, "ann", "bob"]),
    status=st.sampled_from([None, *Status]),
)
EVERY_FIELD = Listing("z", "x", category=("Home",), price=Price(1, "GBP"), place="Leeds", seller_id="ann")
FILTERS = st.builds(
    Filters,
    category=st.sampled_from([None, "home", "Chairs", "nothing"]),
    price_min=st.sampled_from([None, 0.5, 1]),
    price_max=st.sampled_from([None, 1.99, 2]),
    place=st.sampled_from([None, "leeds", "York"]),
    seller=st.sampled_from([None, "bob", "eve"]),
    status=st.sampled_from([None, Status.ACTIVE, Status.SOLD]),
)


def columns_of(listings: list[Listing]) -> ListingColumns:
    columns = ListingColumns()
    columns.extend(listings)
    return columns


@given(st.lists(LISTINGS, max_size=20), FILTERS)
def test_without_a_circle_the_conditions_say_all_that_the_mask_does(listings, filters):
    columns = columns_of([*listings, EVERY_FIELD, Listing("y", "x", status=Status.SOLD)])
    mask = filters.mask(columns)
    np.testing.assert_array_equal(mask, all_hold(filters.conditions(columns), columns))
    one_by_one = [
        all(condition.holds(columns)[row] for condition in filters.conditions(columns))
        for row in range(len(columns))
    ]
    assert mask.tolist() == one_by_one


@given(st.tuples(*DEGREES), st.lists(st.tuples(*DEGREES), min_size=1, max_size=20), st.floats(0.001, 25_000))
def test_a_circle_lies_within_its_box(centre, places, km):
    columns = columns_of(
        [Listing(str(n), "x", latitude=lat, longitude=lon) for n, (lat, lon) in enumerate(places)]
    )
    filters = Filters(near=Near(*centre, km))
    inside = filters.mask(columns)
    assert (inside <= all_hold(filters.conditions(columns), columns)).all()


def test_a_small_circle_has_a_small_box():
    latitude, longitude = Near(60, 10, 111.195).box()
    assert (round(latitude.low, 1), round(latitude.high, 1)) == (59, 61)
    assert (round(longitude.low, 1), round(longitude.high, 1)) == (8, 12)  # cos 60 is one half
    assert [bound.column for bound in Near(60, 179.5, 111).box()] == ["latitude"]


def test_unknown_values_meet_only_what_asks_for_them():
    columns = columns_of([Listing("a", "x"), Listing("b", "x", price=Price(100, "GBP"), latitude=1.0)])
    assert Between("latitude", -90, 90).holds(columns).tolist() == [False, True]
    assert OneOf("currency", (-1,)).holds(columns).tolist() == [True, False]
    assert OneOf("currency", ()).holds(columns).tolist() == [False, False]


@given(st.lists(st.integers(-1, 30)), st.sets(st.integers(-1, 40)))
def test_codes_are_found_as_by_a_set(codes, wanted):
    found = is_one_of(np.array(codes, np.int32), np.array(sorted(wanted), np.int64))
    assert found.tolist() == [code in wanted for code in codes]
