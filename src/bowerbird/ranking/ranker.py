"""What orders candidates: one protocol, and the two orders that need no clicks.

Before there are clicks, candidates stand as rank fusion left them, and what is known of a shopper's taste is
one more list to fuse (Cormack, Clarke and Buettcher, SIGIR 2009): candidates ranked by how well they suit
it, with a weight that grows with what the taste rests on. Of a shopper who is not known nothing is added, so
their order is that of rank fusion.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bowerbird.ranking.features import FEATURES

Floats = NDArray[np.float32]
Table = NDArray[np.floating]

_COLUMN = {name: place for place, name in enumerate(FEATURES)}
# How much each part of the taste counts; the cosines are in standard deviations over the candidates.
_AFFINITY = {
    "interest_text_relative": 1.0,
    "interest_photo_relative": 0.5,
    "leaf_share": 1.0,
    "place_share": 0.5,
    "price_gap_size": -0.5,
    "price_level_gap_size": -0.5,
}
_LARGEST_GAP = 3.0  # spreads; beyond it a price is simply not theirs


class Ranker(Protocol):
    """Gives each candidate a score."""

    @property
    def name(self) -> str:
        """What it is called in settings, logs and reports."""

    def order(self, features: Table) -> Floats:
        """(n,) scores of the (n, f) `features` of one question's candidates; the highest comes first."""

    def parts(self, features: Table, chosen: NDArray[np.int64]) -> list[Mapping[str, float]]:
        """Of each of the `chosen` candidates what each feature adds to its score, zeros left out."""


@dataclass(frozen=True, slots=True)
class FusionRanker:
    """The order of rank fusion, whoever asks."""

    name: str = "fusion"

    def order(self, features: Table) -> Floats:
        """The fusion scores; where all are equal (nothing was asked) the order that they came in."""
        return _fused(features)

    def parts(self, features: Table, chosen: NDArray[np.int64]) -> list[Mapping[str, float]]:
        """The fusion score alone."""
        return [{"fusion_score": float(score)} for score in _fused(features)[chosen]]


@dataclass(frozen=True, slots=True)
class UntrainedRanker:
    """Rank fusion with the shopper's taste as one more list.

    `taste_weight` is that of the list, for a taste that rests on many visits; after v visits it is
    v / (v + `half_visits`) of it.
    """

    rrf_k: float
    taste_weight: float
    half_visits: float = 3.0
    name: str = "untrained"

    def order(self, features: Table) -> Floats:
        """Fusion score + weight / (k + rank by taste)."""
        return _fused(features) + self._taste(features)

    def parts(self, features: Table, chosen: NDArray[np.int64]) -> list[Mapping[str, float]]:
        """The fusion score and what the taste adds."""
        fused, taste = _fused(features), self._taste(features)
        found = [{"fusion_score": float(fused[place]), "taste": float(taste[place])} for place in chosen]
        return [{name: value for name, value in one.items() if value} for one in found]

    def _taste(self, features: Table) -> Floats:
        visits = float(features[0, _COLUMN["visits"]]) if len(features) else 0.0
        if not visits:
            return np.zeros(len(features), np.float32)
        weight = self.taste_weight * visits / (visits + self.half_visits)
        ranks = np.empty(len(features), np.int64)
        ranks[np.argsort(-affinity(features), kind="stable")] = np.arange(1, len(features) + 1)
        return (weight / (self.rrf_k + ranks)).astype(np.float32)


def affinity(features: Table) -> Floats:
    """(n,) how well candidates suit the shopper, by `_AFFINITY`; what is unknown counts as the mean."""
    total = np.zeros(len(features), np.float64)
    for name, weight in _AFFINITY.items():
        values = np.clip(features[:, _COLUMN[name]].astype(np.float64), -_LARGEST_GAP, _LARGEST_GAP)
        known = ~np.isnan(values)
        if known.any():
            total += weight * np.where(known, values, values[known].mean())
    return total.astype(np.float32)


def _fused(features: Table) -> Floats:
    return np.asarray(features[:, _COLUMN["fusion_score"]], np.float32)
