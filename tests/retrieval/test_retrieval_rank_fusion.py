"""Reciprocal rank fusion by value, and equal to a double loop whatever the order of the lists."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.market.ranked_list import RankedList
from bowerbird.retrieval.rank_fusion import reciprocal_rank_fusion


def ranked(rows: list[int]) -> RankedList:
    return RankedList(np.array(rows, np.int64), np.linspace(1, 0, len(rows), dtype=np.float32))


LISTS = st.dictionaries(
    st.sampled_from(["keywords", "text", "photo"]),
    st.lists(st.integers(0, 20), unique=True, max_size=12).map(ranked),
)
WEIGHTS = st.dictionaries(st.sampled_from(["keywords", "text"]), st.sampled_from([0.0, 0.5, 1.0, 1.2]))


def test_by_value():
    lists = {"keywords": ranked([7, 3]), "text": ranked([3, 9])}
    fused = reciprocal_rank_fusion(lists, {"text": 1.2}, k=60)
    expected = {3: 1 / 62 + 1.2 / 61, 7: 1 / 61, 9: 1.2 / 62}
    assert fused.rows.tolist() == [3, 9, 7]
    assert fused.scores.tolist() == pytest.approx([expected[3], expected[9], expected[7]])


@given(LISTS, WEIGHTS, st.sampled_from([1.0, 10.0, 60.0]))
def test_it_equals_a_double_loop(lists, weights, k):
    scores: dict[int, float] = {}
    for name, one in lists.items():
        for rank, row in enumerate(one.rows.tolist(), 1):
            scores[row] = scores.get(row, 0.0) + weights.get(name, 1.0) / (k + rank)
    fused = reciprocal_rank_fusion(lists, weights, k)
    assert dict(zip(fused.rows.tolist(), fused.scores.tolist(), strict=True)) == pytest.approx(scores)


@given(LISTS, WEIGHTS, st.randoms())
def test_the_order_of_the_lists_does_not_matter(lists, weights, random):
    names = list(lists)
    random.shuffle(names)
    one = reciprocal_rank_fusion(lists, weights)
    other = reciprocal_rank_fusion({name: lists[name] for name in names}, weights)
    assert one.rows.tolist() == other.rows.tolist()
    assert one.scores.tolist() == other.scores.tolist()


def test_nothing_fuses_to_nothing():
    assert len(reciprocal_rank_fusion({}, {})) == 0
    assert len(reciprocal_rank_fusion({"text": RankedList.empty()}, {})) == 0
