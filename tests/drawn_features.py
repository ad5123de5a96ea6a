"""Features of candidates without a market: what rankers and training are tried on."""

import numpy as np
from numpy.typing import NDArray

from bowerbird.ranking.features import FEATURES


def table(count: int, **columns) -> NDArray[np.float32]:
    """(count, f) with the named columns; the fused order is that of the rows, and the rest is unknown."""
    features = np.full((count, len(FEATURES)), np.nan, np.float32)
    ranks = np.arange(1, count + 1)
    given = {"fusion_score": 1 / (60 + ranks), "fusion_rank": ranks, "visits": np.zeros(count), **columns}
    for name, values in given.items():
        features[:, FEATURES.index(name)] = values
    return features
