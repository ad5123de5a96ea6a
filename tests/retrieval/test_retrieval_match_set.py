"""Sorting and counting a match set equal the slow, obvious ways."""

from collections import Counter
from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.market.listing import Listing, Price, Status
from bowerbird.market.listing_columns import ListingColumns
from bowerbird.market.query import FACETS, Near, Sort
from bowerbird.market.ranked_list import RankedList
from bowerbird.retrieval.match_set import FACET_SIZE, PRICE_EDGES, facet_counts, sorted_matches

LISTINGS = st.lists(
    st.builds(
        Listing,
        listing_id=st.just("x"),
        title=st.just("x"),
        category=st.sampled_from(
            [(), ("Home",), ("Home", "Kitchen"), ("Home", "Kitchen", "Pans"), ("Sport",)]
        ),
        price=st.none()
        | st.builds(Price, st.integers(0, 6_000_000) | st.sampled_from([500, 499, 1000]), st.just("GBP")),
        place=st.sampled_from([None, "Leeds", "Truro"]),
        status=st.none() | st.sampled_from(Status),
        seller_id=st.none() | st.sampled_from("abc"),
        created_at=st.none() | st.integers(0, 3).map(lambda day: datetime(2026, 1, 1 + day, tzinfo=UTC)),
        latitude=st.none() | st.integers(-2, 2).map(float),
        longitude=st.just(0.0),
    ),
    min_size=1,
    max_size=25,
)
HERE = Near(0.3, 0.0, 10_000)  # no two latitudes of the market are equally far


def market(listings: list[Listing], seed: int) -> tuple[ListingColumns, RankedList]:
    """Columns of `listings`, and a ranking of some of them with ties."""
    columns = ListingColumns()
    columns.extend(listings)
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(listings))[: max(1, 2 * len(listings) // 3)]
    return columns, RankedList.of(rows, rng.integers(0, 4, len(rows)).astype(np.float32))


def slow_key(listing: Listing, sort: Sort) -> float:
    """What a listing is sorted by, the unknown last."""
    unknown = float("inf")
    if sort is Sort.PRICE_ASC:
        return unknown if listing.price is None else listing.price.minor
    if sort is Sort.PRICE_DESC:
        return unknown if listing.price is None else -listing.price.minor
    if sort is Sort.NEWEST:
        return unknown if listing.created_at is None else -listing.created_at.timestamp()
    if sort is Sort.DISTANCE:
        return unknown if listing.latitude is None else abs(listing.latitude - HERE.lat)
    return 0


@given(LISTINGS, st.integers(0, 99), st.sampled_from(Sort))
def test_each_order_is_stable_with_the_unknown_last(listings: list[Listing], seed: int, sort: Sort):
    columns, ranked = market(listings, seed)
    near = HERE if sort is Sort.DISTANCE else None
    matches = sorted_matches(ranked, columns, sort, near)
    expected = sorted(ranked.rows.tolist(), key=lambda row: slow_key(listings[row], sort))
    assert matches.rows.tolist() == expected
    assert (np.diff(matches.keys[np.isfinite(matches.keys)]) >= 0).all()
    of_row = dict(zip(ranked.rows.tolist(), ranked.scores.tolist(), strict=True))
    assert matches.scores.tolist() == [of_row[row] for row in expected]


@given(LISTINGS, st.integers(0, 99))
def test_facets_equal_a_double_loop(listings: list[Listing], seed: int):
    columns, ranked = market(listings, seed)
    facets = facet_counts(ranked.rows, columns, FACETS)
    matched = [listings[row] for row in ranked.rows]
    for name, value_of in (
        ("place", lambda listing: listing.place),
        ("seller", lambda listing: listing.seller_id),
        ("status", lambda listing: listing.status),
    ):
        counted = Counter(value_of(listing) for listing in matched if value_of(listing) is not None)
        assert {facet["value"]: facet["count"] for facet in facets[name]} == dict(counted)
    paths = Counter(
        listing.category[:depth] for listing in matched for depth in range(1, len(listing.category) + 1)
    )
    assert {tuple(facet["path"]): facet["count"] for facet in facets["category"]} == dict(paths)
    assert all(facet["value"] == facet["path"][-1] for facet in facets["category"])
    bins = Counter(
        max(edge for edge in PRICE_EDGES if edge <= listing.price.major)
        for listing in matched
        if listing.price is not None
    )
    assert {facet["from"]: facet["count"] for facet in facets["price"]} == dict(bins)


def test_facets_come_in_the_order_in_which_they_are_read():
    listings = [Listing(str(n), "x", place=f"Town {n % 30}", category=("A", "B")) for n in range(90)]
    listings += [Listing("more", "x", place="Town 7", category=("C",))]
    columns = ListingColumns()
    columns.extend(listings)
    facets = facet_counts(np.arange(len(listings)), columns, ("place", "category"))
    assert len(facets["place"]) == FACET_SIZE
    assert facets["place"][0] == {"value": "Town 7", "count": 4}
    assert [facet["path"] for facet in facets["category"]] == [["A"], ["C"], ["A", "B"]]


def test_a_price_range_ends_where_the_next_begins_and_the_last_is_open():
    columns = ListingColumns()
    columns.extend(Listing(str(p), "x", price=Price(p * 100, "GBP")) for p in (0, 4, 5, 50_000, 9_999_999))
    prices = facet_counts(np.arange(5), columns, ("price",))["price"]
    assert prices == [
        {"from": 0, "to": 5, "count": 2},
        {"from": 5, "to": 10, "count": 1},
        {"from": 50_000, "to": None, "count": 2},
    ]


def test_nothing_matched_counts_nothing():
    columns = ListingColumns()
    columns.append(Listing("a", "x", price=Price(1, "GBP"), place="Leeds"))
    assert facet_counts(np.empty(0, np.int64), columns, FACETS) == {facet: [] for facet in FACETS}
    assert len(sorted_matches(RankedList.empty(), columns, Sort.PRICE_ASC).rows) == 0
