"""Ranks across groups equal a double loop; thinning follows from names alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.errors import InputError
from bowerbird.evaluation.cross_modal import found_within, group_ranks, thinned_by_group


@given(st.integers(0, 1000))
def test_ranks_are_those_of_a_double_loop(seed):
    rng = np.random.default_rng(seed)
    gallery = rng.integers(-3, 4, (12, 2)).astype(np.float32)
    groups = rng.integers(0, 4, 12)
    query_groups = rng.choice(groups, 6)
    queries = rng.integers(-3, 4, (6, 2)).astype(np.float32)
    expected = []
    for query, own in zip(queries, query_groups, strict=True):
        scores = gallery @ query
        best = max(scores[row] for row in range(12) if groups[row] == own)
        expected.append(1 + sum(scores[row] >= best for row in range(12) if groups[row] != own))
    assert group_ranks(queries, query_groups, gallery, groups).tolist() == expected


def test_equal_vectors_earn_nothing():
    same = np.ones((5, 2), np.float32)
    assert group_ranks(same[:1], np.array([3]), same, np.arange(5)).tolist() == [5]


def test_recall_counts_ranks_up_to_k():
    assert found_within(np.array([1, 3, 10, 11]), 10).tolist() == [1, 1, 1, 0]


def test_a_query_with_nothing_to_find_is_refused():
    vectors = np.ones((2, 2), np.float32)
    with pytest.raises(InputError, match="1 queries, of group 7 first, have nothing to find"):
        group_ranks(vectors, np.array([0, 7]), vectors, np.array([0, 1]))


@given(st.permutations(range(8)), st.integers(0, 30))
def test_thinning_takes_whole_groups_whatever_their_order(order, most):
    names, counts = [f"listing-{row}" for row in order], [1 + row for row in order]
    chosen = thinned_by_group(names, counts, most)
    assert sum(counts[row] for row in chosen) <= most
    reference = thinned_by_group([f"listing-{row}" for row in range(8)], list(range(1, 9)), most)
    assert {names[row] for row in chosen} == {f"listing-{row}" for row in reference}
