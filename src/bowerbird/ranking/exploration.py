"""Now and then neighbours change places, so that the log shows what a place is worth by itself.

FairPairs (Radlinski and Joachims, 'Minimally invasive randomization for collecting unbiased preferences from
clickthrough logs', AAAI 2006): ranks are paired as 1-2, 3-4, ... or 2-3, 4-5, ..., and each pair swaps with a
probability. No listing moves by more than one place.
"""

import numpy as np
from numpy.typing import NDArray


def with_swapped_neighbours(
    order: NDArray[np.int64], probability: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """(n,) `order` with some neighbours swapped, each pair with `probability`."""
    if probability <= 0 or len(order) < 2:
        return order
    start = int(rng.integers(0, 2))
    firsts = np.arange(start, len(order) - 1, 2)
    swapped = firsts[rng.random(len(firsts)) < probability]
    changed = order.copy()
    changed[swapped], changed[swapped + 1] = order[swapped + 1], order[swapped]
    return changed
