"""Cursors travel, and are refused where they do not belong; kept sets stay in their room; pages join."""

import base64
import dataclasses
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.errors import InputError
from bowerbird.indexing.market_index import MarketIndex
from bowerbird.market.listing import Listing, Status
from bowerbird.market.query import Filters, Query, Sort
from bowerbird.retrieval.match_set import MatchSet
from bowerbird.retrieval.paging import Cursor, KeptMatchSets, Pager, query_digest
from small_index import encoded, open_index

QUERY = Query(words="shelf", limit=3)
COUNT = 20


LISTINGS = [Listing(f"id-{number}", f"Shelf {number}") for number in range(COUNT)]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[MarketIndex]:
    with closing(open_index(tmp_path / "index", LISTINGS)) as index:
        yield index


@pytest.fixture(scope="module")
def still_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MarketIndex]:
    """One that no test changes."""
    with closing(open_index(tmp_path_factory.mktemp("paging") / "index", LISTINGS)) as index:
        yield index


def match_set(rows: list[int] | range, keys: list[float] | None = None) -> MatchSet:
    """`rows` in this order; the keys are their places unless given."""
    places = np.arange(len(rows), dtype=np.float64)
    return MatchSet(
        np.array(rows, np.int64),
        (100 - places).astype(np.float32),
        places if keys is None else np.array(keys),
    )


def everything(index: MarketIndex) -> np.ndarray:
    return index.allowed(Filters())


def ids(index: MarketIndex, rows: list[int]) -> list[str]:
    return [index.columns.listing_ids[row] for row in rows]


@given(
    st.text(max_size=8),
    st.integers(0, 10**9),
    st.floats(allow_nan=False) | st.just(float("inf")),
    st.text(st.characters(codec="utf-8"), max_size=20),
)
def test_a_cursor_comes_back_as_it_went(words: str, offset: int, key: float, listing_id: str):
    query = Query(words=words)
    cursor = Cursor(query_digest(query), "kept", offset, key, listing_id)
    text = str(cursor)
    assert Cursor.parse(text, query) == cursor
    assert text.isascii()
    assert not set(text) & set("+/=&?# ")  # it goes into addresses as it is


def test_the_next_page_may_have_another_length_or_facets():
    query = Query(words="red", limit=5)
    cursor = str(Cursor(query_digest(query), "kept", 5, 0.0, "a"))
    assert Cursor.parse(cursor, dataclasses.replace(query, limit=50, facets=("price",))).offset == 5


@pytest.mark.parametrize(
    "other",
    [
        Query(words="blue"),
        Query(words="red", sort=Sort.NEWEST),
        Query(words="red", filters=Filters(price_max=5)),
        Query(words="red", photo=np.zeros((2, 2, 3), np.uint8)),
    ],
)
def test_a_cursor_of_another_query_is_refused(other: Query):
    cursor = str(Cursor(query_digest(Query(words="red")), "kept", 5, 0.0, "a"))
    with pytest.raises(InputError, match="another query"):
        Cursor.parse(cursor, other)


def packed(value: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).decode()


@pytest.mark.parametrize(
    "text",
    ["", "!", "abc", "é", "%%%", packed([]), packed({"a": 1}), packed(7), packed(["q", "k", "x", "0", "i"]),
     packed(["q", "k", 1, "x", "i"]), packed(["q", "k", None, "0", "i"]), packed("letters"), "A" * 10_000],
)  # fmt: skip
def test_a_tampered_cursor_is_damaged_and_never_an_accident(text: str):
    with pytest.raises(InputError, match=r"damaged|another query"):
        Cursor.parse(text, QUERY)


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode()))
def test_any_bytes_are_refused_as_a_cursor(data: bytes):
    with pytest.raises(InputError):
        Cursor.parse(base64.urlsafe_b64encode(data).decode(), QUERY)


def test_an_offset_below_zero_is_refused():
    cursor = str(Cursor(query_digest(QUERY), "kept", -1, 0.0, "a"))
    with pytest.raises(InputError, match="another query"):
        Cursor.parse(cursor, QUERY)


def test_an_offset_past_the_end_is_an_empty_last_page(index: MarketIndex):
    pager = Pager(1000)
    first = pager.page(QUERY, None, match_set(range(10)), index, everything(index))
    cursor = Cursor.parse(first.next_cursor, QUERY)
    beyond = dataclasses.replace(cursor, offset=10**12)
    page = pager.page(QUERY, beyond, match_set(range(10)), index, everything(index))
    assert (page.rows, page.next_cursor) == ([], None)


def test_old_sets_make_room_and_one_large_set_is_kept_alone(index: MarketIndex):
    kept = KeptMatchSets(capacity=10)
    sets = {name: match_set(range(4)) for name in "abc"}
    for name in "ab":
        kept.keep(name, index, sets[name])
    assert kept.get("a", index) is sets["a"]  # a was asked for, so b is the oldest
    kept.keep("c", index, sets["c"])
    assert kept.get("b", index) is None
    assert kept.get("a", index) is sets["a"]
    assert kept.get("c", index) is sets["c"]
    large = match_set(range(20))
    kept.keep("large", index, large)
    assert [kept.get(name, index) for name in "abc"] == [None, None, None]
    assert kept.get("large", index) is large
    kept.keep("d", index, sets["a"])  # the large one makes room in its turn
    assert kept.get("large", index) is None
    assert kept.get("d", index) is sets["a"]


def test_a_set_that_is_kept_again_counts_once(index: MarketIndex):
    kept = KeptMatchSets(capacity=10)
    other = match_set(range(4))
    kept.keep("other", index, other)
    for _ in range(10):
        kept.keep("same", index, match_set(range(6)))
    assert kept.get("other", index) is other


@given(limit=st.integers(1, 7), count=st.integers(0, COUNT))
def test_pages_join_to_the_whole_set_whatever_is_found_meanwhile(
    still_index: MarketIndex, limit: int, count: int
):
    query, index, pager = dataclasses.replace(QUERY, limit=limit), still_index, Pager(1000)
    order = np.random.default_rng(count).permutation(COUNT)[:count].tolist()
    fresh, cursor, seen = match_set(order), None, []
    while True:
        page = pager.page(query, cursor, fresh, index, everything(index))
        assert len(page.rows) == len(page.scores) <= limit
        seen += page.rows
        if page.next_cursor is None:
            break
        cursor = Cursor.parse(page.next_cursor, query)
        fresh = match_set(order[::-1])  # the market moved: the kept set decides
    assert seen == order


def test_a_page_skips_what_is_gone_and_shows_a_changed_listing_once(index: MarketIndex):
    pager = Pager(1000)
    first = pager.page(QUERY, None, match_set(range(8)), index, everything(index))
    assert first.rows == [0, 1, 2]
    index.remove("id-3")
    changed = index.add(encoded(Listing("id-4", "Shelf with brackets")))
    second = pager.page(
        QUERY, Cursor.parse(first.next_cursor, QUERY), match_set([]), index, everything(index)
    )
    assert second.rows == [changed, 5, 6]
    assert ids(index, second.rows) == ["id-4", "id-5", "id-6"]
    third = pager.page(
        QUERY, Cursor.parse(second.next_cursor, QUERY), match_set([]), index, everything(index)
    )
    assert (third.rows, third.next_cursor) == ([7], None)


def test_a_set_moves_to_a_new_index_by_listing(index: MarketIndex, tmp_path: Path):
    pager = Pager(1000)
    first = pager.page(QUERY, None, match_set(range(9)), index, everything(index))
    left = [Listing(f"id-{number}", f"Shelf {number}") for number in reversed(range(COUNT)) if number != 4]
    with closing(open_index(tmp_path / "new", left)) as new:
        pager.let_go_of(index, new)
        page = pager.page(QUERY, Cursor.parse(first.next_cursor, QUERY), match_set([]), new, everything(new))
        assert ids(new, page.rows) == ["id-3", "id-5", "id-6"]


@pytest.mark.parametrize("gone", [False, True])
def test_a_set_that_is_kept_no_more_goes_on_after_the_last_listing(index: MarketIndex, gone: bool):
    keys = [0.0, 1.0, 1.0, 1.0, 2.0, float("inf"), float("inf")]
    matches = match_set(range(7), keys)
    first = Pager(1000).page(QUERY, None, matches, index, everything(index))
    if gone:
        index.remove("id-2")
        matches = match_set([0, 1, 3, 4, 5, 6], [0.0, 1.0, 1.0, 2.0, float("inf"), float("inf")])
    second = Pager(1000).page(
        QUERY, Cursor.parse(first.next_cursor, QUERY), matches, index, everything(index)
    )
    assert second.rows == [3, 4, 5]


def test_what_is_unknown_is_paged_through_too(index: MarketIndex):
    """Its key is infinity, which JSON does not have."""
    matches = match_set(range(7), [0.0, *[float("inf")] * 6])
    cursor, seen = None, []
    while True:
        # A pager that keeps nothing: each page is found again by the cursor alone.
        page = Pager(1).page(QUERY, cursor, matches, index, everything(index))
        seen += page.rows
        if page.next_cursor is None:
            break
        cursor = Cursor.parse(page.next_cursor, QUERY)
    assert seen == list(range(7))


def test_a_listing_that_no_longer_passes_the_filters_is_left_out_of_later_pages(index: MarketIndex):
    pager, matches = Pager(100), match_set(range(COUNT))
    first = pager.page(QUERY, None, matches, index, everything(index))
    index.add(encoded(dataclasses.replace(LISTINGS[4], status=Status.SOLD)))
    cursor = Cursor.parse(first.next_cursor, QUERY)
    second = pager.page(QUERY, cursor, matches, index, everything(index))
    assert ids(index, second.rows) == ["id-3", "id-5", "id-6"]
