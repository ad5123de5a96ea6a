"""What the market knows of the listings that a shopper looked at: vectors, categories, prices."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.text_encoder import unit_rows
from bowerbird.indexing.market_index import MarketIndex
from bowerbird.market.listing_columns import UNKNOWN


@dataclass(frozen=True, slots=True, eq=False)
class VisitedListings:
    """(h,) listings that the market has; one that it lost is not among them."""

    ids: tuple[str, ...]
    texts: Vectors  # (h, d) unit
    photos: Vectors  # (h, d_photo) unit, the mean of a listing's photos; zero where it has none
    categories: tuple[str | None, ...]  # whole paths
    log_prices: NDArray[np.float64]  # of major units; NaN where unknown, or given away

    @classmethod
    def of(cls, index: MarketIndex, listing_ids: Sequence[str]) -> "VisitedListings":
        """Those of `listing_ids` that are in `index`, in their order."""
        if not listing_ids:
            return cls.nothing(index.texts.dimension, index.photos.dimension)
        found = [(listing_id, index.row(listing_id)) for listing_id in listing_ids]
        known = [(listing_id, row) for listing_id, row in found if row is not None]
        rows = np.array([row for _, row in known], np.int64)
        columns = index.columns
        paths = columns.vocabularies["category"]
        minor = columns.price_minor[rows].astype(np.float64)
        prices = np.log(minor / 100, out=np.full(len(rows), np.nan), where=minor > 0)
        return cls(
            tuple(listing_id for listing_id, _ in known),
            index.texts.vectors(rows),
            mean_photos(index, rows),
            tuple(None if code == UNKNOWN else paths[code] for code in columns.category[rows].tolist()),
            prices,
        )

    @classmethod
    def nothing(cls, texts: int, photos: int) -> "VisitedListings":
        """No listings, in spaces of so many dimensions."""
        return cls((), np.zeros((0, texts), np.float32), np.zeros((0, photos), np.float32), (), np.zeros(0))

    def at(self, places: Sequence[int]) -> "VisitedListings":
        """Those at `places`."""
        chosen = np.array(places, np.int64)
        return VisitedListings(
            tuple(self.ids[place] for place in places),
            self.texts[chosen],
            self.photos[chosen],
            tuple(self.categories[place] for place in places),
            self.log_prices[chosen],
        )

    @property
    def wholes(self) -> Vectors:
        """(h, d + d_photo) unit vectors of words and looks together; each counts half."""
        return whole_vectors(self.texts, self.photos)


def whole_vectors(texts: Vectors, photos: Vectors) -> Vectors:
    """(n, d + d_photo) of (n, d) and (n, d_photo) unit vectors: their product is the mean of the two parts'.

    A listing without photos is like another by half its words: nothing is known of its looks.
    """
    return np.asarray(np.hstack([texts, photos]) * np.float32(0.5**0.5), np.float32)


def mean_photos(index: MarketIndex, rows: NDArray[np.int64]) -> Vectors:
    """(n, d_photo) the unit mean of the photos of each of `rows`; zero where there are none."""
    means = np.zeros((len(rows), index.photos.dimension), np.float32)
    starts, counts = index.photo_owners.firsts(rows), index.columns.photo_count[rows]
    having = np.flatnonzero(counts)
    # The photos of a listing stand side by side, and are few: to add them up place by place takes a fifth of
    # the time of reduceat.
    for place in range(int(counts.max(initial=0))):
        having = having[counts[having] > place]
        means[having] += index.photos.vectors(starts[having] + place)
    return unit_rows(means)
