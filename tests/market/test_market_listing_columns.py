"""Columns grow row by row, keep what was appended, and come back from disk as they were."""

import io
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.errors import InputError
from bowerbird.market.listing import Listing, Photo, Price, Status
from bowerbird.market.listing_columns import STATUSES, UNKNOWN, UNKNOWN_TIME, ListingColumns

PHOTO = Photo("a-1", "0" * 64, "0" * 16, 10, 10)
NAMES = st.sampled_from(["Home / Kitchen", "Home", "Sports", "Truro, Cornwall", "Ünï / ☂"])


@st.composite
def listings(draw: st.DrawFn) -> Listing:
    price = draw(st.none() | st.builds(Price, st.integers(0, 10**9), st.sampled_from(["GBP", "EUR"])))
    category = draw(st.none() | NAMES)
    return Listing(
        draw(st.text(min_size=1, max_size=5)),
        "title",
        category=tuple(category.split(" / ")) if category else (),
        price=price,
        place=draw(st.none() | NAMES),
        latitude=draw(st.none() | st.floats(-90, 90)),
        longitude=draw(st.none() | st.floats(-180, 180)),
        status=draw(st.none() | st.sampled_from(Status)),
        seller_id=draw(st.none() | NAMES),
        created_at=draw(st.none() | st.datetimes(datetime(1990, 1, 1), timezones=st.just(UTC))),  # noqa: DTZ001
        photos=(PHOTO,) * draw(st.integers(0, 3)),
    )


def row_as_listed(columns: ListingColumns, row: int) -> dict[str, object]:
    """What the columns say of one row, unknown as None, codes as what they stand for."""

    def coded(name: str) -> str | None:
        code = getattr(columns, name)[row]
        return None if code == UNKNOWN else columns.vocabularies[name][code]

    price, created, status = columns.price_minor[row], columns.created[row], columns.status[row]
    return {
        "id": columns.listing_ids[row],
        "price": None if price == UNKNOWN else (int(price), coded("currency")),
        "category": coded("category"),
        "place": coded("place"),
        "seller": coded("seller"),
        "status": None if status == UNKNOWN else STATUSES[status],
        "created": None if created == UNKNOWN_TIME else int(created),
        "photos": int(columns.photo_count[row]),
    }


def expected(listing: Listing) -> dict[str, object]:
    return {
        "id": listing.listing_id,
        "price": None if listing.price is None else (listing.price.minor, listing.price.currency),
        "category": " / ".join(listing.category) or None,
        "place": listing.place,
        "seller": listing.seller_id,
        "status": listing.status,
        "created": None if listing.created_at is None else int(listing.created_at.timestamp()),
        "photos": len(listing.photos),
    }


@given(st.lists(listings(), max_size=40))
def test_every_row_says_what_its_listing_said(given_listings: list[Listing]):
    columns = ListingColumns()
    columns.extend(given_listings)
    assert len(columns) == len(given_listings)
    for row, listing in enumerate(given_listings):
        assert row_as_listed(columns, row) == expected(listing)
        np.testing.assert_equal(
            columns.latitude[row], np.float32(np.nan if listing.latitude is None else listing.latitude)
        )


@given(st.lists(listings(), max_size=40), st.lists(listings(), max_size=20))
def test_what_was_saved_loads_the_same_and_grows_on(before: list[Listing], after: list[Listing]):
    whole = ListingColumns()
    whole.extend(before)
    arrays, strings = whole.save()
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        loaded = ListingColumns.load(stored, strings)
    for columns in (whole, loaded):
        columns.extend(after)
    first, second = whole.save(), loaded.save()
    assert first[1] == second[1]
    for name, array in first[0].items():
        assert array.dtype == second[0][name].dtype
        np.testing.assert_array_equal(array, second[0][name])


def test_a_saved_copy_does_not_follow_the_columns():
    columns = ListingColumns()
    columns.append(Listing("a", "one", price=Price(5, "GBP")))
    arrays, strings = columns.save()
    columns.append(Listing("b", "two"))
    assert len(arrays["price_minor"]) == 1
    assert strings["listing_ids"] == ["a"]


def test_a_view_read_before_growth_keeps_its_rows():
    columns = ListingColumns()
    columns.append(Listing("a", "one", price=Price(5, "GBP")))
    view = columns.price_minor
    columns.extend(Listing(str(number), "more", price=Price(7, "GBP")) for number in range(100))
    assert view.tolist() == [5]


def test_columns_of_unequal_length_are_damaged():
    columns = ListingColumns()
    columns.append(Listing("a", "one"))
    arrays, strings = columns.save()
    with pytest.raises(InputError, match=r"price_minor has 0 rows for 1 listings.*bowerbird index"):
        ListingColumns.load({**arrays, "price_minor": arrays["price_minor"][:0]}, strings)


def test_a_market_knows_only_the_fields_that_some_listing_has():
    columns = ListingColumns()
    columns.append(Listing("a", "one", price=Price(0, "GBP"), latitude=0.0, longitude=0.0))
    assert columns.knows("price_minor")
    assert columns.knows("latitude")
    assert not any(columns.knows(name) for name in ("category", "place", "seller", "status", "created"))


def test_there_is_no_other_column():
    with pytest.raises(AttributeError, match="colour"):
        ListingColumns().colour  # noqa: B018
