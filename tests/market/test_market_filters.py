"""Filters over columns equal a predicate asked of each listing."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bowerbird.errors import InputError
from bowerbird.market.listing import Listing, Price, Status
from bowerbird.market.listing_columns import ListingColumns
from bowerbird.market.query import EARTH_RADIUS_KM, Filters, Near, Query, Sort

PATHS = [
    (),
    ("Home",),
    ("Home", "Kitchen"),
    ("Home", "Kitchen", "Pans"),
    ("Sports", "Home"),
    ("home & Garden",),
]
PLACES = [None, "Truro", "Truro, Cornwall", "Leeds, West Yorkshire", "Cornwall Street, Leeds"]
SELLERS = [None, "ann", "Ann", "bob"]
# Every field known at least once, so that no filter is refused as one on a field the market lacks.
KNOWN = Listing(
    "known", "known", category=("Other",), price=Price(1, "GBP"), place="Elsewhere", latitude=-40.0,
    longitude=100.0, status=Status.ACTIVE, seller_id="somebody", created_at=datetime(2020, 1, 1, tzinfo=UTC),
)  # fmt: skip
MARKET = st.lists(
    st.builds(
        Listing,
        listing_id=st.just("x"),
        title=st.just("x"),
        category=st.sampled_from(PATHS),
        price=st.none() | st.builds(Price, st.integers(0, 5000), st.just("GBP")),
        place=st.sampled_from(PLACES),
        status=st.none() | st.sampled_from(Status),
        seller_id=st.sampled_from(SELLERS),
        created_at=st.none()
        | st.datetimes(datetime(2019, 1, 1), datetime(2021, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    ),
    max_size=20,
)
POUNDS = st.none() | st.integers(0, 5000).map(lambda minor: minor / 100)
FILTERS = st.builds(
    dict,
    category=st.none()
    | st.sampled_from(["Home", "home", "Kitchen", "Home / Kitchen", " sports ", "Pans", "Kit", "x / y"]),
    price_min=POUNDS,
    price_max=POUNDS,
    place=st.sampled_from([None, "truro", "Cornwall", "TRURO, Cornwall", "Leeds", "Corn"]),
    status=st.none() | st.sampled_from([status for status in Status if status is not Status.HIDDEN]),
    seller=st.sampled_from([None, "ann", "Ann", "an"]),
    listed_after=st.none() | st.datetimes(datetime(2019, 1, 1), datetime(2021, 1, 1)).map(  # noqa: DTZ001
        lambda moment: float(int(moment.replace(tzinfo=UTC).timestamp()))
    ),
)  # fmt: skip


def columns_of(listings: list[Listing]) -> ListingColumns:
    columns = ListingColumns()
    columns.extend(listings)
    return columns


def satisfies(listing: Listing, filters: Filters) -> bool:
    """The specification of `Filters.mask`, one condition after another."""
    shown = (None, Status.ACTIVE, Status.RESERVED) if filters.status is None else (filters.status,)
    conditions = [listing.status in shown]
    if filters.category is not None:
        wanted = tuple(part.casefold() for part in filters.category.strip().split(" / "))
        path = tuple(name.casefold() for name in listing.category)
        conditions.append(path[: len(wanted)] == wanted or (len(wanted) == 1 and wanted[0] in path))
    if filters.place is not None:
        parts = (
            [] if listing.place is None else [part.strip() for part in listing.place.casefold().split(",")]
        )
        wanted_parts = [part.strip() for part in filters.place.casefold().split(",")]
        conditions.append(parts == wanted_parts or (len(wanted_parts) == 1 and wanted_parts[0] in parts))
    for bound, sign in ((filters.price_min, 1), (filters.price_max, -1)):
        if bound is not None:
            minor = round(bound * 100)
            conditions.append(listing.price is not None and sign * (listing.price.minor - minor) >= 0)
    if filters.seller is not None:
        conditions.append(listing.seller_id == filters.seller)
    if filters.listed_after is not None:
        created = listing.created_at
        conditions.append(created is not None and int(created.timestamp()) >= filters.listed_after)
    return all(conditions)


@given(MARKET, FILTERS)
def test_the_mask_is_what_each_listing_satisfies(listings: list[Listing], conditions: dict[str, object]):
    low, high = conditions["price_min"], conditions["price_max"]
    assume(low is None or high is None or low <= high)
    filters = Filters(**conditions)
    market = [*listings, KNOWN]
    mask = filters.mask(columns_of(market))
    assert mask.tolist() == [satisfies(listing, filters) for listing in market]


@pytest.mark.parametrize(
    ("wanted", "matching"),
    [
        ("home", {"Home", "Home / Kitchen", "Home / Kitchen / Pans", "Sports / Home"}),
        ("Home / Kitchen", {"Home / Kitchen", "Home / Kitchen / Pans"}),
        ("kitchen", {"Home / Kitchen", "Home / Kitchen / Pans"}),
        ("home & garden", {"home & Garden"}),
        ("Kit", set()),
        ("Home / Pans", set()),
    ],
)
def test_a_category_is_a_path_or_one_name_at_any_depth(wanted: str, matching: set[str]):
    columns = columns_of([Listing(" / ".join(path), "x", category=path) for path in PATHS])
    mask = Filters(category=wanted).mask(columns)
    assert {columns.listing_ids[row] for row in np.flatnonzero(mask)} == matching


@pytest.mark.parametrize("minor", [1999, 110, 29, 57, 113, 115, 4035])
def test_a_bound_that_is_the_price_lets_it_through(minor: int):
    columns = columns_of([Listing("a", "a", price=Price(minor, "GBP"))])
    pounds = minor / 100  # times 100 this is not always `minor` again
    assert Filters(price_min=pounds).mask(columns).all()
    assert Filters(price_max=pounds).mask(columns).all()
    assert not Filters(price_max=pounds - 0.01).mask(columns).any()
    assert not Filters(price_min=pounds + 0.01).mask(columns).any()


def test_free_is_a_price_and_unknown_is_none():
    columns = columns_of([Listing("free", "a", price=Price(0, "GBP")), Listing("unknown", "b")])
    assert Filters(price_max=0).mask(columns).tolist() == [True, False]
    assert Filters(price_min=0).mask(columns).tolist() == [True, False]


DEGREES = st.tuples(st.floats(-90, 90, width=32), st.floats(-180, 180, width=32))


@given(st.lists(st.none() | DEGREES, max_size=10), DEGREES, st.floats(0.5, 20_000))
def test_near_is_a_circle_on_the_sphere(points, here, km):
    listings = [
        Listing("x", "x") if point is None else Listing("x", "x", latitude=point[0], longitude=point[1])
        for point in points
    ]
    columns = columns_of([*listings, KNOWN])
    near = Near(here[0], here[1], km)
    distances = near.distances_km(columns)
    mask = Filters(near=near).mask(columns)
    for point, distance, inside in zip(points, distances, mask, strict=False):
        if point is None:
            assert math.isnan(distance)
            assert not inside
            continue
        expected = haversine_km(*here, *point)
        # Coordinates are kept as float32: a few metres, and more near the far side of the sphere.
        assert distance == pytest.approx(expected, abs=0.02 if expected < 19_900 else 8)
        if abs(expected - km) > 10:
            assert inside == (expected <= km)


def haversine_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """The chord between two unit vectors, as an angle: no haversine, so that it can disagree with one."""

    def unit(latitude: float, longitude: float) -> np.ndarray:
        phi, theta = math.radians(latitude), math.radians(longitude)
        return np.array([math.cos(phi) * math.cos(theta), math.cos(phi) * math.sin(theta), math.sin(phi)])

    a, b = unit(lat, lon), unit(other_lat, other_lon)
    return EARTH_RADIUS_KM * math.atan2(float(np.linalg.norm(np.cross(a, b))), float(a @ b))


def test_known_distances():
    leeds = Near(53.8008, -1.5491, 300)
    columns = columns_of([Listing("london", "x", latitude=51.5074, longitude=-0.1278)])
    assert leeds.distances_km(columns)[0] == pytest.approx(272.6, abs=0.5)
    pole = Near(90, 0, 1)
    assert pole.distances_km(columns_of([Listing("pole", "x", latitude=90.0, longitude=77.0)]))[0] < 0.01
    antipode = columns_of([Listing("antipode", "x", latitude=-12.5, longitude=180.0 - 33.0)])
    assert Near(12.5, -33.0, 1).distances_km(antipode)[0] == pytest.approx(math.pi * EARTH_RADIUS_KM, abs=8)


@pytest.mark.parametrize(
    ("filters", "lacking"),
    [
        (Filters(category="Home"), "category"),
        (Filters(place="Leeds"), "place"),
        (Filters(seller="ann"), "seller"),
        (Filters(price_max=3), "price_minor"),
        (Filters(listed_after=0), "created"),
        (Filters(near=Near(0, 0, 1)), "latitude"),
        (Filters(status=Status.SOLD), "status"),
    ],
)
def test_a_condition_on_what_no_listing_has_is_refused_but_an_empty_market_is_not(filters, lacking):
    assert filters.mask(ListingColumns()).tolist() == []
    with pytest.raises(InputError, match=f"no {lacking}"):
        filters.mask(columns_of([Listing("a", "a")]))


def test_hidden_listings_cannot_be_asked_for():
    columns = columns_of([Listing("a", "a", status=Status.HIDDEN)])
    assert not Filters().mask(columns).any()
    with pytest.raises(InputError, match="hidden"):
        Filters(status=Status.HIDDEN).mask(columns)


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"price_min": -1}, "price_min must lie"),
        ({"price_max": math.inf}, "price_max must lie"),
        ({"price_max": math.nan}, "price_max must lie"),
        ({"price_max": 1e307}, "price_max must lie"),
        ({"price_min": 5, "price_max": 4}, "swap them"),
    ],
)
def test_impossible_prices_are_refused(conditions, message):
    with pytest.raises(InputError, match=message):
        Filters(**conditions)


@pytest.mark.parametrize("circle", [(91, 0, 1), (0, 181, 1), (0, 0, 0), (math.nan, 0, 1), (0, 0, math.nan)])
def test_an_impossible_circle_is_refused(circle):
    with pytest.raises(InputError, match="near takes lat"):
        Near(*circle)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"limit": 0}, "between 1 and 200"),
        ({"limit": 201}, "between 1 and 200"),
        ({"facets": ("colour",)}, "unknown facets.*colour"),
        ({"sort": Sort.DISTANCE}, "needs the filter near"),
    ],
)
def test_an_impossible_query_is_refused(fields, message):
    with pytest.raises(InputError, match=message):
        Query(**fields)


def test_words_that_are_no_text_are_refused():
    with pytest.raises(InputError, match="not text in UTF-8"):
        Query(words="sofa \udcff")
    assert Query(words="sofa 🛋").words == "sofa 🛋"
