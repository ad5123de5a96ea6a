"""A shopper's taste in the terms of one index: what candidates are compared with, whatever is asked.

It is drawn while the words of a question are being encoded, when there is time.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bowerbird.indexing.market_index import MarketIndex
from bowerbird.market.query import Near
from bowerbird.market.ranked_list import Rows
from bowerbird.ranking.listing_facts import UsualPrices
from bowerbird.taste.shopper_taste import UNKNOWN_TASTE, ShopperTaste

Floats = NDArray[np.floating]
RECENT_VISITS = 3


def _none() -> NDArray[np.float32]:
    return np.empty(0, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class PlacedTaste:
    """A taste, with its interests and visits that the index has."""

    taste: ShopperTaste = UNKNOWN_TASTE
    texts: NDArray[np.float32] = field(default_factory=_none)  # (k, d) of interests
    text_weights: Floats = field(default_factory=_none)  # (k,)
    photos: NDArray[np.float32] = field(default_factory=_none)  # (m, d_photo) of interests
    photo_weights: Floats = field(default_factory=_none)  # (m,)
    recent: NDArray[np.float32] | None = None  # (d,) unit, the middle of the latest visits
    visits: Rows = field(default_factory=lambda: np.empty(0, np.int64))  # (v,)
    strengths: Floats = field(default_factory=_none)  # (v,)
    home: Near | None = None  # the middle of the places of visits
    price_level: float = float("nan")  # spreads above the middles of their categories, a mean by strength

    @classmethod
    def of(cls, taste: ShopperTaste, index: MarketIndex, usual: UsualPrices) -> "PlacedTaste":
        """`taste` in `index`, whose prices are `usual`."""
        if not taste.is_known:
            return cls(taste)
        found = [index.row(listing_id) for listing_id in taste.visits]
        pairs = zip(found, taste.strengths, strict=True)
        kept = [(row, strength) for row, strength in pairs if row is not None and row < len(index.columns)]
        visits = np.array([row for row, _ in kept], np.int64)
        strengths = np.array([strength for _, strength in kept], np.float64)
        latest = np.array([row for row in found[-RECENT_VISITS:] if row is not None], np.int64)
        return cls(
            taste,
            *_vectors_of(taste, "text", index.texts.dimension),
            *_vectors_of(taste, "photo", index.photos.dimension),
            recent=_middle(index, latest) if len(latest) else None,
            visits=visits,
            strengths=strengths,
            home=_home(index, visits),
            price_level=_mean(usual.price_in_category(visits, index), strengths),
        )


def _vectors_of(taste: ShopperTaste, space: str, dimension: int) -> tuple[NDArray[np.float32], Floats]:
    """(k, d) of the interests and (k,) their weights; none of those drawn in another space."""
    pairs = [(getattr(interest, space), interest.weight) for interest in taste.interests]
    pairs = [(vector, weight) for vector, weight in pairs if vector is not None and len(vector) == dimension]
    vectors = np.array([vector for vector, _ in pairs], np.float32).reshape(len(pairs), dimension)
    return vectors, np.array([weight for _, weight in pairs], np.float32)


def _middle(index: MarketIndex, rows: Rows) -> NDArray[np.float32]:
    middle = index.texts.vectors(rows).mean(axis=0)
    return np.asarray(middle / max(float(np.linalg.norm(middle)), 1e-9), np.float32)


def _home(index: MarketIndex, visits: Rows) -> Near | None:
    latitude, longitude = index.columns.latitude[visits], index.columns.longitude[visits]
    known = ~(np.isnan(latitude) | np.isnan(longitude))
    if not known.any():
        return None
    return Near(float(np.median(latitude[known])), float(np.median(longitude[known])), 1.0)


def _mean(values: Floats, strengths: Floats) -> float:
    """The mean of what is known of `values`, by strength."""
    known = ~np.isnan(values)
    return float(np.average(values[known], weights=strengths[known])) if known.any() else float("nan")
