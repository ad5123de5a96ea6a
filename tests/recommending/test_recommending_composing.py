"""Candidates, blend and order over a small real index; vectors are drawn from titles and photos."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bowerbird.errors import InputError
from bowerbird.indexing.market_index import MarketIndex
from bowerbird.market.listing import Listing, Price
from bowerbird.market.query import Filters
from bowerbird.market.ranked_list import RankedList
from bowerbird.recommending.blending import NEW, NEXT, PRICE, TRENDING, BlendWeights, blended
from bowerbird.recommending.candidates import near_interests, pooled
from bowerbird.recommending.composing import composed
from bowerbird.recommending.diversity import Variety
from bowerbird.recommending.newcomers import UsualPlace, newcomers, sellers_own, usual_place
from bowerbird.recommending.reasons import Led, reasons_for
from bowerbird.taste.shopper_taste import UNKNOWN_TASTE, Interest, PriceLeaning, ShopperTaste
from bowerbird.taste.visited_listings import VisitedListings, mean_photos
from small_index import PHOTO_DIMENSION, open_index, photos_named, unit_vector

TODAY = datetime(2026, 5, 1, tzinfo=UTC)
LISTINGS = [
    Listing(
        f"l{number}",
        f"thing {number}",
        category=("Home", "Sofas") if number % 2 else ("Sports", "Tents"),
        price=Price(1000 * (number + 1), "GBP"),
        place="Leeds" if number < 6 else "York",
        seller_id=f"seller-{number % 5}",
        created_at=TODAY - timedelta(days=number) if number else None,
        photos=photos_named(*(f"{number}-{photo}" for photo in range(number % 3))),
    )
    for number in range(12)
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MarketIndex]:
    index = open_index(Path(tmp_path_factory.mktemp("recommending")) / "index", LISTINGS)
    yield index
    index.close()


def interest_in(index: MarketIndex, *ids: str) -> Interest:
    seen = VisitedListings.of(index, ids)
    return Interest(1.0, ids[0], ids, seen.texts[0], seen.photos[0] if seen.photos[0].any() else None)


def ranked(**scores: float) -> RankedList:
    rows = np.array([int(name[1:]) for name in scores], np.int64)
    return RankedList.of(rows, np.array(list(scores.values()), np.float32))


def test_mean_photos_equal_the_mean_of_each_listing(index: MarketIndex):
    rows = np.array([5, 0, 2, 2])
    for row, mean in zip(rows, mean_photos(index, rows), strict=True):
        photos = LISTINGS[row].photos
        vectors = [unit_vector(photo.content_hash, PHOTO_DIMENSION) for photo in photos]
        expected = np.sum(vectors, axis=0) if vectors else np.zeros(PHOTO_DIMENSION)
        length = np.linalg.norm(expected)
        assert mean == pytest.approx(expected / length if length else expected, abs=1e-3)


def test_two_searches_find_what_a_search_an_interest_finds(index: MarketIndex):
    allowed = index.allowed(Filters())
    allowed[7] = False
    interests = [interest_in(index, "l5"), interest_in(index, "l8"), interest_in(index, "l0")]
    beside = interest_in(index, "l3").text
    near = near_interests(interests, index, allowed, 4, beside)
    found: set[int] = set()
    for interest in interests:
        found |= set(index.search_texts(interest.text, 4, allowed).rows.tolist())
    assert found <= set(near.rows.tolist())
    assert near.similar.tolist() == index.search_texts(beside, 4, allowed).rows.tolist()
    assert 7 not in near.rows
    by_looks = set(index.search_photos(interests[0].photo, 3, allowed).rows.tolist())
    assert by_looks <= set(near.rows.tolist())
    nothing = near_interests((), index, allowed, 4)
    assert len(nothing.rows) == len(nothing.similar) == 0


def test_candidates_are_pooled_once_each_with_their_scores(index: MarketIndex):
    interest = interest_in(index, "l5")
    pool = pooled(np.array([2, 5]), (interest,), {NEXT: ranked(l5=2.0, l9=1.0), NEW: ranked(l1=0.5)}, index)
    assert pool.rows.tolist() == [1, 2, 5, 9]
    assert pool.sources[NEXT].tolist() == [0, 0, 2, 1]
    assert pool.sources[NEW].tolist() == [0.5, 0, 0, 0]
    assert pool.likeness[0, 2] == pytest.approx(1, abs=2e-3)  # to itself, by words and looks


def test_each_source_is_scaled_to_its_best_and_weighed(index: MarketIndex):
    taste = ShopperTaste(
        visits=("l5",),
        strengths=(1.0,),
        interests=(interest_in(index, "l5"),),
        price=PriceLeaning(np.log(60), 0.5, 1.0),
        price_by_root={"Sports": PriceLeaning(np.log(30), 0.5, 1.0)},
    )
    pool = pooled(np.array([2, 5]), taste.interests, {NEXT: ranked(l5=2.0, l9=1.0)}, index)
    blend = blended(pool, taste, index, BlendWeights(next=0.5, price=0.2))
    assert blend.parts[NEXT].tolist() == [0, 0.5, 0.25]
    assert blend.parts["interests"][1] == pytest.approx(1.0)
    assert blend.parts[TRENDING].tolist() == [0, 0, 0]
    # l2 costs £30 in Sports; l5 costs £60 and l9 £100 in Home, which has the leaning of everything
    far = np.exp(-0.5 * (np.log(100 / 60) / 0.5) ** 2)
    assert blend.parts[PRICE] == pytest.approx([0.2, 0.2, 0.2 * far])
    assert blend.scores == pytest.approx(np.sum(list(blend.parts.values()), axis=0))


def test_a_stranger_gets_the_popular_before_the_new(index: MarketIndex):
    sources = {TRENDING: ranked(l9=1.0, l2=7.0), NEW: ranked(l1=1.0, l3=0.5, l9=0.1)}
    order = composed(
        UNKNOWN_TASTE, np.empty(0, np.int64), sources, index, (), BlendWeights(), Variety(likeness=0.0), 10
    )
    assert [entry.listing_id for entry in order] == ["l2", "l9", "l1", "l3"]
    assert [entry.source for entry in order] == [TRENDING, TRENDING, NEW, NEW]
    nothing = composed(UNKNOWN_TASTE, np.empty(0, np.int64), {}, index, (), BlendWeights(), Variety(), 10)
    assert nothing == ()


def test_reasons_are_true_sentences(index: MarketIndex):
    taste = ShopperTaste(visits=("l5",), strengths=(1.0,), interests=(interest_in(index, "l5"),))
    sources = {NEXT: ranked(l9=9.0, l7=8.9), TRENDING: ranked(l2=1.0), NEW: ranked(l1=1.0)}
    weights = BlendWeights(interests=0.3, next=1.0, trending=1.0, new=1.0, price=0.0)
    entries = composed(taste, np.array([8]), sources, index, (), weights, Variety(likeness=0.0), 10)
    led = {"l9": Led("l5", True), "l7": Led("l5", False)}
    titles = {"l5": "thing 5"}
    said = reasons_for(entries, taste, led, titles, UsualPlace(0, "Leeds"))
    texts = {entry.listing_id: reason.text for entry, reason in zip(entries, said, strict=True)}
    assert texts["l9"] == "people who looked at thing 5 went on to this"
    assert texts["l7"] == "because you looked at thing 5"
    assert texts["l8"] == "because you looked at thing 5"
    assert texts["l2"] == "popular now"
    assert texts["l1"] == "new near Leeds"
    nameless = reasons_for(entries, taste, led, {}, None)
    texts = {entry.listing_id: reason.text for entry, reason in zip(entries, nameless, strict=True)}
    assert texts["l9"] == "others went on to this"
    assert texts["l1"] == "newly listed"


def test_the_usual_place_is_where_most_visits_are(index: MarketIndex):
    taste = ShopperTaste(visits=("l1", "l7", "l8"), strengths=(0.25, 1.0, 0.5))
    assert usual_place(taste, index).name == "York"
    assert usual_place(UNKNOWN_TASTE, index) is None
    assert usual_place(ShopperTaste(visits=("gone",), strengths=(1.0,)), index) is None


def test_newcomers_are_the_latest_of_the_place_those_of_a_known_kind_first(index: MarketIndex):
    allowed, now = index.allowed(Filters()), TODAY.timestamp()
    anywhere = newcomers(UNKNOWN_TASTE, None, index, allowed, now, 3)
    assert anywhere.rows.tolist() == [1, 2, 3]  # l0 has no date
    york = newcomers(UNKNOWN_TASTE, usual_place_of(index, "York"), index, allowed, now, 2)
    assert york.rows.tolist() == [6, 7]
    fond = ShopperTaste(visits=("l5",), strengths=(1.0,), roots={"Home": 1.0}, leaves={"Home / Sofas": 1.0})
    assert newcomers(fond, None, index, allowed, now, 4).rows.tolist() == [1, 3, 2, 4]
    nowhere = newcomers(UNKNOWN_TASTE, None, index, np.zeros_like(allowed), now, 3)
    assert len(nowhere) == 0


def test_without_dates_the_last_to_arrive_are_new(tmp_path: Path):
    index = open_index(tmp_path / "index", [replace(one, created_at=None) for one in LISTINGS])
    try:
        allowed = index.allowed(Filters())
        latest = newcomers(UNKNOWN_TASTE, None, index, allowed, TODAY.timestamp(), 3)
        assert latest.rows.tolist() == [11, 10, 9]
    finally:
        index.close()


def test_nobody_is_recommended_what_they_sell(index: MarketIndex):
    allowed = index.allowed(Filters())
    left = sellers_own(["seller-2"], index, allowed)
    assert np.flatnonzero(allowed & ~left).tolist() == [2, 7]
    assert sellers_own(["ann"], index, allowed) is allowed


def test_negative_weights_are_refused():
    with pytest.raises(InputError, match="0 or more"):
        BlendWeights(new=-1)


def usual_place_of(index: MarketIndex, name: str) -> UsualPlace:
    return UsualPlace(index.columns.vocabularies["place"].index(name), name)
