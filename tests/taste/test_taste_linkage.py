"""Average linkage equals its definition, and finds the groups that are there."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.taste.linkage import average_linkage


def slow_linkage(similarities: np.ndarray, least: float) -> list[list[int]]:
    """By the definition: every pair of groups, the mean over all pairs of their members."""
    groups = [[place] for place in range(len(similarities))]
    while len(groups) > 1:
        means = {
            (a, b): float(np.mean([similarities[i, j] for i in groups[a] for j in groups[b]]))
            for a in range(len(groups))
            for b in range(a + 1, len(groups))
        }
        a, b = max(means, key=lambda pair: means[pair])
        if means[a, b] < least:
            break
        groups[a] = sorted(groups[a] + groups.pop(b))
    return sorted(groups)


@given(st.integers(0, 12), st.integers(0, 10_000), st.floats(-0.5, 0.9))
def test_it_equals_the_mean_over_all_pairs(size, seed, least):
    drawn = np.random.default_rng(seed).uniform(-1, 1, (size, size))
    similarities = (drawn + drawn.T) / 2
    assert average_linkage(similarities, least) == slow_linkage(similarities, least)


def test_two_kinds_of_things_are_two_groups():
    kinds = np.array([0, 1, 0, 1, 1])
    similarities = np.where(kinds[:, None] == kinds, 0.6, 0.1)
    assert average_linkage(similarities, 0.25) == [[0, 2], [1, 3, 4]]
    assert average_linkage(similarities, 0.05) == [[0, 1, 2, 3, 4]]
    assert average_linkage(similarities, 0.7) == [[0], [1], [2], [3], [4]]
