"""Where a dense branch stops: how far above the market's background a score must stand to count as a match.

A nearest neighbour always exists, so a cut-off decides whether it is a match. A flat one fails: some queries
lie close to everything. Nor is the distance from the background enough: nonsense has outliers too, at low
scores. So each query is held against a fixed sample of the market, which gives a mean and a deviation. A
hit's strength is its cosine times the deviations it stands above that mean, and the least strength is
calibrated on the market itself, so that nonsense finds nothing. (docs/experiments.md has the figures.)
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
    """A hit is kept if its strength and its cosine are at least these."""

    strength: float
    floor: float


class Background:
    """What a query's cosines with the market are like: known from the mean and covariance of a fixed sample.

    Args:
        sample: (m, d) vectors of the market.
    """

    def __init__(self, sample: Vectors) -> None:
        self.sample = sample
        self._mean = sample.mean(axis=0) if len(sample) else np.zeros(sample.shape[1], np.float32)
        centred = sample - self._mean
        self._covariance = np.asarray(centred.T @ centred / max(len(sample), 1), np.float32)

    @classmethod
    def of(cls, n_rows: int, vectors_of: VectorsOf, seed: int = 0) -> "Background":
        """A sample without repeats of at most `SAMPLE_SIZE` of `n_rows` rows."""
        rows = np.random.default_rng(seed).permutation(n_rows)[:SAMPLE_SIZE]
        return cls(vectors_of(np.sort(rows).astype(np.int64)))

    def strengths(self, query: Vectors, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) strengths of hits of the (d,) `query` with the cosines `scores`."""
        if len(self.sample) < SMALLEST_SAMPLE:
            return np.full(len(scores), np.inf, np.float32)
        # No matrix product, which BLAS splits over threads: on a busy machine 100 times as slow. The sample's
        # own cosines would say the same, in four times the time.
        variance = np.vecdot(np.vecdot(self._covariance, query), query)
        deviation = max(float(variance), 0.0) ** 0.5
        deviations = (scores - np.vecdot(self._mean, query)) / max(deviation, 1e-6)
        return np.asarray(scores * deviations, np.float32)

    def keep(self, query: Vectors, ranked: RankedList, cutoff: Cutoff) -> RankedList:
        """The head of `ranked` that is above the cut-off."""
        strong = (self.strengths(query, ranked.scores) >= cutoff.strength) & (ranked.scores >= cutoff.floor)
        return ranked.where(strong)


def calibrated_cutoff(
    strengths_of_nonsense: NDArray[np.float32], found_nothing: float, floor: float
) -> Cutoff:
    """The cut-off that leaves a share `found_nothing` of nonsense queries without a dense hit.

    Args:
        strengths_of_nonsense: (n,) the strength of each nonsense query's best hit.
        found_nothing: between 0 and 1.
        floor: the least score, whatever the background.
    """
    return Cutoff(strength=float(np.quantile(strengths_of_nonsense, found_nothing)), floor=floor)
