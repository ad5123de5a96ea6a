"""A market index equals a plain dictionary of listings through any sequence of changes and saves."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bowerbird.errors import InputError
from bowerbird.indexing.exact_index import inner_products
from bowerbird.indexing.market_index import MarketIndex, PhotoOwners
from bowerbird.market.listing import Listing, Photo, Price, Status
from bowerbird.market.query import Filters
from bowerbird.market.ranked_list import RankedList
from small_index import (
    PHOTO_DIMENSION,
    TEXT_DIMENSION,
    encoded,
    open_index,
    photos_named,
    unit_vector,
)

WORDS = ("red sofa", "blue sofa", "red lamp", "old red bicycle", "tent", "two lamps")
LISTINGS = st.builds(
    Listing,
    listing_id=st.sampled_from("abcdefgh"),
    title=st.sampled_from(WORDS),
    price=st.none() | st.builds(Price, st.integers(0, 300), st.just("GBP")),
    status=st.sampled_from([None, Status.ACTIVE, Status.SOLD, Status.HIDDEN]),
    photos=st.lists(st.sampled_from("uvwxyz"), max_size=4).map(lambda names: photos_named(*names)),
)
# A change is a listing to add or the id of one to remove.
CHANGES = st.lists(LISTINGS | st.sampled_from("abcdefgh"), max_size=25)
QUERY_TEXTS = [unit_vector(f"question {n}", TEXT_DIMENSION) for n in range(3)]
QUERY_PHOTOS = [unit_vector(f"question {n}", PHOTO_DIMENSION) for n in range(3)]


class Reference:
    """The specification: live listings by id with the row each was given, and loops over them."""

    def __init__(self) -> None:
        self.live: dict[str, tuple[int, Listing]] = {}
        self.next_row = 0

    def add(self, listing: Listing) -> int:
        self.live[listing.listing_id] = (self.next_row, listing)
        self.next_row += 1
        return self.next_row - 1

    def allowed(self, price_max: float | None) -> list[tuple[int, Listing]]:
        return [
            (row, listing)
            for row, listing in self.live.values()
            if listing.status in (None, Status.ACTIVE, Status.RESERVED)
            and (price_max is None or (listing.price is not None and listing.price.minor <= 100 * price_max))
        ]

    def best(self, scored: list[tuple[float, int]], depth: int) -> list[tuple[float, int]]:
        return sorted(scored, key=lambda pair: (-pair[0], pair[1]))[:depth]

    def texts(self, query: np.ndarray, depth: int, price_max: float | None) -> list[tuple[float, int]]:
        scored = [
            (_score(query, unit_vector(listing.title, TEXT_DIMENSION)), row)
            for row, listing in self.allowed(price_max)
        ]
        return self.best(scored, depth)

    def photos(self, query: np.ndarray, depth: int, price_max: float | None) -> list[tuple[float, int]]:
        scored = [
            (
                max(
                    _score(query, unit_vector(photo.content_hash, PHOTO_DIMENSION))
                    for photo in listing.photos
                ),
                row,
            )
            for row, listing in self.allowed(price_max)
            if listing.photos
        ]
        return self.best(scored, depth)


def _score(query: np.ndarray, vector: np.ndarray) -> float:
    return float(inner_products(query, vector[None])[0])


def pairs(ranked: RankedList) -> list[tuple[float, int]]:
    return list(zip(ranked.scores.tolist(), ranked.rows.tolist(), strict=True))


def apply(change: Listing | str, index: MarketIndex, reference: Reference) -> None:
    if isinstance(change, Listing):
        assert index.add(encoded(change)) == reference.add(change)
    else:
        index.remove(change)
        reference.live.pop(change, None)


def agree(index: MarketIndex, reference: Reference, price_max: float | None) -> None:
    """Every search of the index answers what the loops say, ids and scores."""
    assert len(index) == len(reference.live)
    filters = Filters(price_max=price_max if index.columns.knows("price_minor") else None)
    price_max = filters.price_max
    allowed = index.allowed(filters)
    assert np.flatnonzero(allowed).tolist() == sorted(row for row, _ in reference.allowed(price_max))
    for depth in (1, 3, 50):
        for text, photo in zip(QUERY_TEXTS, QUERY_PHOTOS, strict=True):
            assert pairs(index.search_texts(text, depth, allowed)) == reference.texts(text, depth, price_max)
            # Listings that share their best photo tie; which photo row came first decides, as rows do.
            assert pairs(index.search_photos(photo, depth, allowed)) == reference.photos(
                photo, depth, price_max
            )
    for words in ("sofa", "red", "lamp"):
        found = index.keywords.search(words, limit=50, allowed=allowed).ranked.rows.tolist()
        expected = [row for row, listing in reference.allowed(price_max) if words in listing.title]
        assert sorted(found) == sorted(expected)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(LISTINGS, max_size=8, unique_by=lambda listing: listing.listing_id),
    CHANGES,
    st.none() | st.integers(0, 3),
    st.sampled_from(["flat", "hnsw"]),
)
def test_any_changes_leave_it_equal_to_the_loops(
    tmp_path_factory: pytest.TempPathFactory,
    built: list[Listing],
    changes: list[Listing | str],
    price_max: int | None,
    kind: str,
):
    reference = Reference()
    for listing in built:
        reference.add(listing)
    with closing(open_index(tmp_path_factory.mktemp("index") / "g", built, kind)) as index:
        agree(index, reference, price_max)
        for change in changes:
            apply(change, index, reference)
        index.keywords.commit()
        agree(index, reference, price_max)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[MarketIndex]:
    listings = [
        Listing("many", "many photos", photos=photos_named(*"abcdefghij")),
        Listing("one", "one photo", photos=photos_named("k")),
        Listing("none", "no photo"),
        Listing("two", "two photos", photos=photos_named("l", "m")),
    ]
    with closing(open_index(tmp_path / "index", listings)) as index:
        yield index


def test_k_counts_listings_though_one_owns_the_nearest_photos(index: MarketIndex):
    everything = index.allowed(Filters())
    query = unit_vector(photos_named("c")[0].content_hash, PHOTO_DIMENSION)
    for depth, expected in ((1, 1), (2, 2), (3, 3), (10, 3)):
        found = index.search_photos(query, depth, everything)
        assert len(found) == expected
        assert index.columns.listing_ids[found.rows[0]] == "many"
        assert found.scores[0] == pytest.approx(1.0, abs=1e-3)


def test_the_photo_that_looks_like_the_question_is_named(index: MarketIndex):
    row = index.row("many")
    for name in "abcj":
        photo = photos_named(name)[0]
        found = index.best_photo(unit_vector(photo.content_hash, PHOTO_DIMENSION), row)
        assert found[0] == photo.content_hash
        assert found[1] == pytest.approx(1.0, abs=1e-3)
    assert index.best_photo(QUERY_PHOTOS[0], index.row("none")) is None


def test_a_listing_scores_as_its_best_photo_and_without_one_below_all(index: MarketIndex):
    rows = np.arange(len(index.columns))
    scores = index.photo_scores(QUERY_PHOTOS[0], rows)
    for row, score in zip(rows.tolist(), scores.tolist(), strict=True):
        best = index.best_photo(QUERY_PHOTOS[0], row)
        assert score == (-1 if best is None else pytest.approx(best[1], abs=1e-6))
    assert -1 in scores
    assert (scores > -1).any()


def test_fresh_rows_count_what_was_added_and_not_what_was_removed(index: MarketIndex):
    assert (index.fresh_rows, len(index)) == (0, 4)
    index.add(encoded(Listing("one", "changed")))
    index.add(encoded(Listing("five", "new")))
    index.remove("two")
    index.remove("never there")
    assert (index.fresh_rows, len(index)) == (2, 4)
    assert index.row("two") is None


def test_a_search_sees_the_rows_that_were_there_when_it_began(index: MarketIndex):
    before = index.allowed(Filters())
    index.add(encoded(Listing("new", "new", photos=photos_named("n"))))
    index.keywords.commit()
    query = unit_vector(photos_named("n")[0].content_hash, PHOTO_DIMENSION)
    assert len(before) == 4
    assert 4 not in index.search_photos(query, 10, before).rows
    assert 4 not in index.search_texts(unit_vector("new", TEXT_DIMENSION), 10, before).rows
    assert not len(index.keywords.search("new", limit=10, allowed=before).ranked)
    assert index.search_photos(query, 1, index.allowed(Filters())).rows.tolist() == [4]


def test_what_is_done_to_a_mask_is_not_done_to_the_next(index: MarketIndex):
    allowed = index.allowed(Filters())
    index.allowed(Filters())[:] = False
    assert index.allowed(Filters()).tolist() == allowed.tolist()


def test_an_empty_index_answers_nothing_and_grows(tmp_path: Path):
    with closing(open_index(tmp_path / "index")) as index:
        allowed = index.allowed(Filters(price_max=5, category="any"))
        assert not len(index.search_texts(QUERY_TEXTS[0], 5, allowed))
        assert not len(index.search_photos(QUERY_PHOTOS[0], 5, allowed))
        for number in range(40):
            index.add(encoded(Listing(str(number), "tent", photos=photos_named(str(number)))))
        allowed = index.allowed(Filters())
        assert len(index.search_texts(QUERY_TEXTS[0], 50, allowed)) == 40
        assert len(index.search_photos(QUERY_PHOTOS[0], 50, allowed)) == 40
        with pytest.raises(InputError, match="no category"):
            index.allowed(Filters(category="any"))


def numbered_photo(row: int, n: int) -> Photo:
    return Photo(f"p-{n}", f"{row}-{n}", f"{2**63 + 100 * row + n:016x}", 10, 10)


@given(st.lists(st.integers(0, 5), max_size=12))
def test_photo_owners_come_back_from_disk_and_grow_on(
    tmp_path_factory: pytest.TempPathFactory, photo_counts: list[int]
):
    owners, expected = PhotoOwners(), []
    for row, count in enumerate(photo_counts):
        owners.append(row, [numbered_photo(row, n) for n in range(count)])
        expected += [(row, n) for n in range(count)]
    folder = tmp_path_factory.mktemp("owners")
    owners.save(folder)
    last = len(photo_counts)
    for kept in (owners, PhotoOwners.load(folder)):
        kept.append(last, [numbered_photo(last, 0)])
        assert kept.rows(last + 1).tolist() == [*(row for row, _ in expected), last]
        assert kept.rows(last).tolist() == [row for row, _ in expected]
        hashes = [2**63 + 100 * row + n for row, n in expected]
        assert kept.perceptual_hashes(last).tolist() == hashes
        assert kept.perceptual_hashes(last + 1).tolist() == [*hashes, 2**63 + 100 * last]
        for row, count in enumerate(photo_counts):
            names = [kept.content_hashes[photo] for photo in kept.photos_of(row)]
            assert kept.firsts(np.array([row])).tolist() == kept.photos_of(row)[:1].tolist() or not count
            assert names == [f"{row}-{n}" for n in range(count)]
