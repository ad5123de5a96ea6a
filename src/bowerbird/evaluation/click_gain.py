"""How far up an order puts what was clicked on, told from pages that were served in another order.

Each click counts 1 / log2(1 + its rank in the new order of the page), the discount of nDCG (Järvelin and
Kekäläinen, 2002), weighed by its grade and by the inverse of how likely its position was looked at, and
divided by the weights (self-normalised; Swaminathan and Joachims, NeurIPS 2015): 1 where every click stands
first.
"""

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def click_gains(scores: NDArray[np.floating], pages: Codes, weights: Floats) -> Floats:
    """(p,) one figure a page, whose mean is the weighed nDCG of the clicks.

    Args:
        scores: (n,) of the listings of each page, higher is better; of equals the earlier comes first.
        pages: (n,) which page a listing was on, in pages' order.
        weights: (n,) what its click weighs; 0 where there was none.

    Raises:
        InputError: the arrays differ in length, or nothing was clicked on.
    """
    if not (scores.shape == pages.shape == weights.shape):
        raise InputError(
            f"scores {scores.shape}, pages {pages.shape} and weights {weights.shape} must be of one length"
        )
    total = float(weights.sum())
    if not total > 0:
        raise InputError("there is no click to measure an order by; give pages with clicks")
    _, codes = np.unique(pages, return_inverse=True)
    order = np.lexsort((np.arange(len(scores)), -scores, codes))
    starts = np.searchsorted(codes[order], np.arange(codes.max() + 1))
    ranks = np.empty(len(scores), np.int64)
    ranks[order] = np.arange(len(scores)) - starts[codes[order]] + 1
    gains = np.bincount(codes, weights / np.log2(1 + ranks))
    return np.asarray(gains * len(gains) / total)
