"""A ranked list is refused unless it is one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.errors import InputError
from bowerbird.market.ranked_list import RankedList, among

PAIRS = st.dictionaries(st.integers(0, 99), st.sampled_from([-1.0, 0.0, 0.25, 0.5, 2.0]), max_size=30)


def ranked(pairs: dict[int, float]) -> RankedList:
    return RankedList.of(np.array(list(pairs), np.int64), np.array(list(pairs.values()), np.float32))


@given(PAIRS)
def test_of_sorts_by_falling_score_and_then_by_row(pairs: dict[int, float]):
    made = ranked(pairs)
    assert list(zip(made.rows.tolist(), made.scores.tolist(), strict=True)) == sorted(
        pairs.items(), key=lambda pair: (-pair[1], pair[0])
    )
    assert (made.rows.dtype, made.scores.dtype) == (np.int64, np.float32)


@given(PAIRS, st.integers(0, 40))
def test_a_head_keeps_the_order(pairs: dict[int, float], k: int):
    whole = ranked(pairs)
    assert whole.head(k).rows.tolist() == whole.rows.tolist()[:k]
    kept = whole.scores >= 0.25
    assert whole.where(kept).rows.tolist() == [row for row in whole.rows.tolist() if pairs[row] >= 0.25]
    assert whole.where(kept).scores.tolist() == [score for score in whole.scores.tolist() if score >= 0.25]


@pytest.mark.parametrize(
    ("rows", "scores", "message"),
    [
        ([1, 2], [1.0], "equal 1-d arrays"),
        ([[1]], [[1.0]], "equal 1-d arrays"),
        ([1, 2], [1.0, 2.0], "must not rise"),
        ([3, 1, 3], [2.0, 2.0, 1.0], "each row once"),
    ],
)
def test_what_is_no_ranked_list_is_refused(rows, scores, message):
    with pytest.raises(InputError, match=message):
        RankedList(np.array(rows, np.int64), np.array(scores, np.float32))


def test_an_empty_list_is_one():
    assert len(RankedList.empty()) == 0


@given(st.lists(st.integers(0, 99)), st.lists(st.integers(0, 99)))
def test_among_is_np_isin(rows: list[int], others: list[int]):
    some, more = np.array(rows, np.int64), np.array(others, np.int64)
    assert among(some, more).tolist() == np.isin(some, more).tolist()
