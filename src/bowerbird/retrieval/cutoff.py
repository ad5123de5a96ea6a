"""Where a dense branch stops: how far above the market's background a score must stand to count as a match.

A nearest neighbour always exists, so a cut-off decides whether it is a match. A flat one fails, since some
queries lie close to everything. Each query is therefore held against a fixed sample of the market: its scores
there give a mean and a deviation, and a hit must stand `z` deviations above that mean. `z` is calibrated on
the market itself, so that nonsense finds nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.encoder import Vectors
from bowerbird.market.ranked_list import RankedList

VectorsOf = Callable[[NDArray[np.int64]], Vectors]
SAMPLE_SIZE = 2000
# Fewer listings than this give no usable deviation: the cut-off keeps the floor alone.
SMALLEST_SAMPLE = 30


@dataclass(frozen=True, slots=True)
class Cutoff:
    """A hit is kept if it stands `z` deviations above the query's background and scores `floor` or more."""

    z: float
    floor: float


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """A fixed sample of the market's vectors: (m, d)."""

    sample: Vectors

    @classmethod
    def of(cls, n_rows: int, vectors_of: VectorsOf, seed: int = 0) -> "Background":
        """A sample without repeats of at most `SAMPLE_SIZE` of `n_rows` rows."""
        rows = np.random.default_rng(seed).permutation(n_rows)[:SAMPLE_SIZE]
        return cls(vectors_of(np.sort(rows).astype(np.int64)))

    def z_scores(self, query: Vectors, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """How many deviations each of the (n,) `scores` of the (d,) `query` stands above its background."""
        if len(self.sample) < SMALLEST_SAMPLE:
            return np.full(len(scores), np.inf, np.float32)
        background = self.sample @ query
        z = (scores - background.mean()) / max(float(background.std()), 1e-6)
        return np.asarray(z, np.float32)

    def keep(self, query: Vectors, ranked: RankedList, cutoff: Cutoff) -> RankedList:
        """The head of `ranked` that is above the cut-off."""
        above = (self.z_scores(query, ranked.scores) >= cutoff.z) & (ranked.scores >= cutoff.floor)
        return ranked.head(int(above.sum()))  # z rises with the score, so what is above comes first


def calibrated_cutoff(top_z_of_nonsense: NDArray[np.float32], found_nothing: float, floor: float) -> Cutoff:
    """The cut-off that leaves a share `found_nothing` of nonsense queries without a dense hit.

    Args:
        top_z_of_nonsense: (n,) z-score of each nonsense query's best hit.
        found_nothing: between 0 and 1.
        floor: the least score, whatever the background.
    """
    return Cutoff(z=float(np.quantile(top_z_of_nonsense, found_nothing)), floor=floor)
