"""The packed sort of a ranked list equals a sort by two keys, and filters by table equal a loop."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.market.listing import Listing
from bowerbird.market.listing_columns import ListingColumns
from bowerbird.market.query import Filters
from bowerbird.market.ranked_list import RankedList

SCORES = st.one_of(st.sampled_from([0.0, -0.0, 1.0, -1.0]), st.floats(width=32, allow_nan=False))


@given(st.dictionaries(st.integers(0, 2**32 - 1), SCORES, max_size=40))
def test_of_equals_a_sort_by_falling_score_then_row(scores: dict[int, float]):
    finite = {row: score for row, score in scores.items() if np.isfinite(score)}
    rows = np.array([*finite], np.int64)
    ranked = RankedList.of(rows, np.array([*finite.values()], np.float32))
    expected = sorted(finite.items(), key=lambda item: (-item[1], item[0]))
    assert list(zip(ranked.rows.tolist(), ranked.scores.tolist(), strict=True)) == expected


def test_of_keeps_the_lower_row_first_among_equals():
    ranked = RankedList.of(np.array([7, 3, 5]), np.array([1.0, 1.0, 2.0], np.float32))
    assert ranked.rows.tolist() == [5, 3, 7]


@given(st.lists(st.integers(-1, 12), min_size=1, max_size=60))
def test_a_root_of_many_leaves_lets_through_what_a_loop_does(leaves: list[int]):
    """Leaf -1 is no category at all, leaves over 8 are of another root."""
    columns = ListingColumns()
    columns.extend([Listing(f"known{leaf}", "x", category=("A", str(leaf))) for leaf in range(7)])
    categories = [() if leaf < 0 else ("A" if leaf < 9 else "B", str(leaf)) for leaf in leaves]
    columns.extend([Listing(str(i), "x", category=category) for i, category in enumerate(categories)])
    expected = [category[:1] == ("A",) for category in categories]
    assert Filters(category="A").mask(columns)[7:].tolist() == expected
