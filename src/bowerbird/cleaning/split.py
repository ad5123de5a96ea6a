"""Which listings are for testing: whole groups of duplicates, so that nothing tested was seen in training."""

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError


def held_out_listings(groups: NDArray[np.int64], *, fraction: float, seed: int) -> NDArray[np.bool_]:
    """(n,) True where a listing is for testing.

    Groups are drawn in random order and taken while they fit, so that at most `fraction` of the listings are
    for testing, and no group lies on both sides.

    Args:
        groups: (n,) the duplicate group of each listing, from `duplicate_listing_groups`.
        fraction: of the listings, strictly between 0 and 1.
        seed: the same seed draws the same groups.

    Raises:
        InputError: `fraction` is out of range.
    """
    if not 0 < fraction < 1:
        raise InputError(f"the test fraction must lie between 0 and 1, but {fraction} was given")
    _, which, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    room = round(fraction * len(groups))
    taken = np.zeros(len(sizes), np.bool_)
    for group in np.random.default_rng(seed).permutation(len(sizes)):
        if sizes[group] <= room:
            taken[group] = True
            room -= int(sizes[group])
    return np.asarray(taken[which])
