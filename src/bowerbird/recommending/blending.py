"""Candidates get one score: interests, what others went on to, popularity, newness, and the price leaning."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError
from bowerbird.indexing.market_index import MarketIndex
from bowerbird.market.listing import CATEGORY_SEPARATOR
from bowerbird.market.listing_columns import UNKNOWN
from bowerbird.market.ranked_list import Rows
from bowerbird.recommending.candidates import Candidates
from bowerbird.taste.shopper_taste import PriceLeaning, ShopperTaste

Scores = NDArray[np.float64]
INTERESTS, NEXT, TRENDING, NEW, PRICE = "interests", "next", "trending", "new", "price"
_UNKNOWN_PRICE = 0.5  # of what a price in the middle of the leaning adds


@dataclass(frozen=True, slots=True)
class BlendWeights:
    """What the best candidate of a source gets from it.

    Raises:
        InputError: a weight is negative.
    """

    interests: float = 1.0
    next: float = 1.0
    trending: float = 0.15
    new: float = 0.15
    price: float = 0.3

    def __post_init__(self) -> None:
        if min(self.interests, self.next, self.trending, self.new, self.price) < 0:
            raise InputError(f"the weights of a feed must be 0 or more, but {self} was given")


@dataclass(frozen=True, slots=True, eq=False)
class Blend:
    """(m,) scores of the candidates, and what each source adds to them."""

    scores: Scores
    parts: Mapping[str, Scores]
    interest: NDArray[np.int64]  # (m,) which interest each is nearest to, by weight; -1 without any


def blended(candidates: Candidates, taste: ShopperTaste, index: MarketIndex, weights: BlendWeights) -> Blend:
    """One score for each candidate; each source is scaled so that its best has 1 before it is weighed.

    Where counts and content know nothing of a shopper only what is popular and what is new is left, the
    popular before the new.
    """
    liking, nearest = _liking(candidates, taste)
    sources = candidates.sources
    nothing = np.zeros(len(candidates.rows))
    parts = {
        INTERESTS: weights.interests * liking,
        NEXT: weights.next * _scaled(sources.get(NEXT, nothing)),
        TRENDING: weights.trending * _scaled(np.log1p(sources.get(TRENDING, nothing))),
        NEW: weights.new * _scaled(sources.get(NEW, nothing)),
        PRICE: weights.price * _price_fit(candidates.rows, taste, index),
    }
    if not taste.is_known:
        # Whatever somebody looked at comes first: what is new has no other witness than its date.
        parts[TRENDING] = parts[TRENDING] + (sources.get(TRENDING, nothing) > 0)
    scores = np.sum(list(parts.values()), axis=0)
    return Blend(np.asarray(scores, np.float64), parts, nearest)


def _liking(candidates: Candidates, taste: ShopperTaste) -> tuple[Scores, NDArray[np.int64]]:
    """(m,) the best of the interests, each scaled by its nearest candidate and by its share of attention."""
    count = len(candidates.rows)
    if not taste.interests or not count:
        return np.zeros(count), np.full(count, -1)
    shares = np.array([interest.weight for interest in taste.interests])
    likeness = np.maximum(candidates.likeness.astype(np.float64), 0)
    best = np.maximum(likeness.max(axis=1, keepdims=True), 1e-9)
    # The square root: half the attention is not half as good a listing.
    weighed = np.sqrt(shares / shares.max())[:, None] * likeness / best
    attention = min(1.0, float(shares.sum()))  # hides took the rest
    return attention * weighed.max(axis=0), weighed.argmax(axis=0)


def _price_fit(rows: Rows, taste: ShopperTaste, index: MarketIndex) -> Scores:
    """(m,) 1 where a price is what the shopper looks at in that root, less the further from it."""
    if taste.price is None:
        return np.zeros(len(rows))
    columns = index.columns
    paths = columns.vocabularies["category"]
    leanings: dict[int, PriceLeaning] = {}
    codes = columns.category[rows].tolist()
    for code in set(codes):
        root = None if code == UNKNOWN else paths[code].split(CATEGORY_SEPARATOR)[0]
        leanings[code] = taste.price_by_root.get(root or "", taste.price)
    middles = np.array([leanings[code].log_price for code in codes])
    spreads = np.array([leanings[code].spread for code in codes])
    minor = columns.price_minor[rows].astype(np.float64)
    logs = np.log(minor / 100, out=middles.copy(), where=minor > 0)
    fit = np.exp(-0.5 * ((logs - middles) / spreads) ** 2)
    return np.where(minor > 0, fit, _UNKNOWN_PRICE)


def _scaled(scores: Scores) -> Scores:
    highest = scores.max(initial=0.0)
    return scores / highest if highest > 0 else np.zeros(len(scores))
