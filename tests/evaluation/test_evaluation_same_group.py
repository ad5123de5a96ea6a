"""Same-group ranks by hand and against a double loop."""

import numpy as np
import pytest

from bowerbird.errors import InputError
from bowerbird.evaluation.same_group import same_group_ranks


def unit(rng, n, d):
    vectors = rng.normal(size=(n, d)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def slow_ranks(vectors, groups, contents):
    """The same by a double loop and a full sort: {query: rank}."""
    found = {}
    for query in range(len(vectors)):
        gallery = [row for row in range(len(vectors)) if contents[row] != contents[query]]
        scores = vectors @ vectors[query]
        gallery.sort(key=lambda row: (-scores[row], row))
        ranks = [rank for rank, row in enumerate(gallery, start=1) if groups[row] == groups[query]]
        if ranks:
            found[query] = ranks[0]
    return found


def test_ranks_by_hand():
    # Angles in degrees; group 0 = rows 0 and 2, group 1 = rows 1 and 3, row 4 alone.
    angles = np.radians([0, 10, 30, 90, 5])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    found = same_group_ranks(vectors, np.array([0, 1, 0, 1, 2]), np.arange(5))
    assert found.queries.tolist() == [0, 1, 2, 3]
    # From 0 degrees: 5, 10, 30. From 10: 5, 0, 30, 90. From 30: 10, 5, 0. From 90: 30, 10.
    assert found.ranks.tolist() == [3, 4, 3, 2]
    assert found.found(3).mean() == 3 / 4


def test_byte_identical_rows_neither_answer_nor_stand_in_the_way():
    vectors = np.array([[1, 0], [1, 0], [0.6, 0.8], [0.8, 0.6]], np.float32)
    # Row 1 is a copy of row 0 in another group, and its group's only other member is a copy too.
    found = same_group_ranks(vectors, np.array([0, 1, 0, 1]), np.array([7, 7, 8, 7]))
    assert found.queries.tolist() == [0, 2]
    assert found.ranks[0] == 1  # rows 1 and 3 are nearer than row 2, but copies of the query


def test_a_tie_counts_by_row_so_equal_vectors_win_nothing():
    vectors = np.ones((6, 1), np.float32)
    found = same_group_ranks(vectors, np.array([0, 1, 2, 2, 1, 0]), np.arange(6))
    assert found.ranks.tolist() == [5, 4, 3, 3, 2, 1]


@pytest.mark.parametrize("block", [1, 7, 512])
def test_the_blocked_ranks_equal_a_double_loop(block):
    rng = np.random.default_rng(3)
    vectors = unit(rng, 90, 4)
    groups, contents = rng.integers(0, 30, 90), rng.integers(0, 60, 90)
    # Byte-identical photos have identical vectors: with small whole numbers the tied scores are exact.
    vectors = np.round(vectors * 2)[contents % 90]
    found = same_group_ranks(vectors, groups, contents, block)
    assert dict(zip(found.queries.tolist(), found.ranks.tolist(), strict=True)) == slow_ranks(
        vectors, groups, contents
    )


def test_rows_without_a_partner_are_not_asked_and_lengths_must_agree():
    vectors = unit(np.random.default_rng(0), 3, 4)
    assert len(same_group_ranks(vectors, np.arange(3), np.arange(3)).queries) == 0
    with pytest.raises(InputError, match="3 vectors, 2 groups and 3 contents"):
        same_group_ranks(vectors, np.arange(2), np.arange(3))
