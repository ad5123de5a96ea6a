"""Priced listings with their vectors: where neighbours are looked up while a model is trained or measured.

It answers as the index of a running server does: words by the cosine of the text encoder, looks by the
greatest cosine between whitened photos.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.whitening import Whitening
from bowerbird.suggesting.comparables import Comparables, nearest_comparables
from bowerbird.training.training_data import TrainingData

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class PricedMarket:
    """Priced listings as an index would hold them, the photos whitened."""

    listing_ids: tuple[str, ...]
    prices: NDArray[np.float64]  # (n,)
    groups: NDArray[np.int64]
    texts: Vectors  # (n, t)
    photos: Vectors  # (p, d), in order of their owners
    owners: Rows  # those that have photos, rising
    starts: Rows  # where the photos of each of them begin
    whitening: Whitening

    @classmethod
    def of(cls, data: TrainingData, rows: Rows, prices: NDArray[np.float64]) -> "PricedMarket":
        """The listings of `rows`, which ask `prices`."""
        photos = [np.flatnonzero(data.photo_owners == row) for row in rows.tolist()]
        features = data.features[np.concatenate(photos)]
        whitening = Whitening.fit(features)
        sizes = np.array([len(owned) for owned in photos])
        before = np.cumsum(sizes) - sizes
        return cls(
            tuple(data.listings[row].listing_id for row in rows.tolist()),
            prices,
            data.groups[rows],
            data.texts[rows],
            whitening.apply(features),
            np.flatnonzero(sizes),
            before[sizes > 0],
            whitening,
        )

    def neighbours(self, data: TrainingData, row: int) -> Comparables:
        """The nearest to a row of `data` that are not of its own group."""
        words = self.texts @ data.texts[row]
        looks = np.full(len(words), np.nan, np.float32)
        mine = data.features[data.photo_owners == row]
        if len(mine) and len(self.starts):
            nearest = (self.whitening.apply(mine) @ self.photos.T).max(axis=0)
            looks[self.owners] = np.maximum.reduceat(nearest, self.starts)
        return nearest_comparables(
            self.listing_ids, self.prices, words, looks, allowed=self.groups != data.groups[row]
        )
