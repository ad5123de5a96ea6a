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
    while len(groups) > 1:
        first, second = sorted(divmod(int(np.argmax(between)), len(between)))
        if not between[first, second] >= least:
            break
        sizes = len(groups[first]), len(groups[second])
        joined = np.average(between[[first, second]], axis=0, weights=sizes)
        between[first], between[:, first] = joined, joined
        between[first, first] = -np.inf
        between = np.delete(np.delete(between, second, 0), second, 1)
        groups[first] = sorted(groups[first] + groups.pop(second))
    return sorted(groups)
