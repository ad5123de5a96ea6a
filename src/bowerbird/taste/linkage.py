"""Which of a few things belong together: average linkage, joined from the bottom up.

Deterministic, and made for the fifty listings that somebody looked at last: it takes O(n^2) numbers and a
pass over them a join (Sokal and Michener, 1958; the update of Lance and Williams, 1967,
doi:10.1093/comjnl/9.4.373).
"""

import numpy as np
from numpy.typing import NDArray


def average_linkage(similarities: NDArray[np.floating], least: float) -> list[list[int]]:
    """The groups of n things, joined while the mean similarity of two groups is at least `least`.

    Args:
        similarities: (n, n), symmetric.
        least: below it two groups stay apart.

    Returns:
        The places of each group in order, the groups by their first place.
    """
    between = np.array(similarities, np.float64)
    np.fill_diagonal(between, -np.inf)
    groups = [[place] for place in range(len(between))]
    for _ in range(len(groups) - 1):
        first, second = sorted(divmod(int(between.argmax()), len(between)))
        if not between[first, second] >= least:
            break
        one, other = len(groups[first]), len(groups[second])
        joined = (one * between[first] + other * between[second]) / (one + other)
        between[first], between[:, first] = joined, joined
        # The one that went into the other stays where it is, like nothing: to take it out copies the matrix.
        between[second], between[:, second] = -np.inf, -np.inf
        between[first, first] = -np.inf
        groups[first] += groups[second]
        groups[second] = []
    return sorted(sorted(group) for group in groups if group)
