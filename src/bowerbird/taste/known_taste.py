"""What a shopper did becomes what they may want: interests, category shares, price leaning.

Interests are groups of the listings looked at last, by words and looks together, so that somebody who looks
for a sofa and for a bicycle is not offered what lies between the two (PinnerSage: Pal et al., KDD 2020,
doi:10.1145/3394486.3403280; there the groups are Ward's, here of average linkage, which stops at a
similarity that can be said in words). Each group's face is the real listing nearest its middle.

What is hidden, or wanted less of, weakens the visits of the interest nearest to it, and with them everything
that is drawn from them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.text_encoder import unit_rows
from bowerbird.errors import InputError
from bowerbird.market.listing import CATEGORY_SEPARATOR
from bowerbird.taste.attention import Attention
from bowerbird.taste.linkage import average_linkage
from bowerbird.taste.shopper_taste import Interest, PriceLeaning, ShopperTaste
from bowerbird.taste.visited_listings import VisitedListings

Weights = NDArray[np.float64]
# Of the logarithm of prices: what one listing says of the spread, as if seen once before (a factor of two).
_SPREAD_BEFORE = 0.7


@dataclass(frozen=True, slots=True)
class TasteWeighing:
    """How visits become interests.

    Raises:
        InputError: a value is out of its range.
    """

    recency: float = 0.9  # of each visit further back, in (0, 1]
    longest: int = 50  # visits that are grouped, the latest ones
    similarity: float = 0.25  # least mean similarity of two groups that are one interest
    most: int = 5  # interests
    weakening: float = 0.5  # what a hide leaves of the visits of the interest nearest to it, in (0, 1]

    def __post_init__(self) -> None:
        if not (0 < self.recency <= 1 and 0 < self.weakening <= 1):
            raise InputError(
                f"recency {self.recency} must lie in (0, 1] and weakening {self.weakening} likewise"
            )
        if min(self.longest, self.most) < 1:
            raise InputError(f"longest {self.longest} and most {self.most} must be 1 or more")


def taste_of(
    attention: Attention,
    visited: VisitedListings,
    hidden: VisitedListings,
    weighing: TasteWeighing | None = None,
) -> ShopperTaste:
    """The taste of a shopper.

    Args:
        attention: what they did.
        visited: the listings of their visits that the market has, the latest last; the last
            `weighing.longest` are read.
        hidden: those that they hid, the latest last; the last `weighing.longest` are read.
        weighing: how visits become interests.
    """
    weighing = weighing or TasteWeighing()
    dropped = attention.hidden
    order = [(listing, visit) for listing, visit in attention.in_order if listing not in dropped]
    if not order:
        return ShopperTaste(hidden=frozenset(dropped), version=attention.version)
    strengths = {listing: visit.strength for listing, visit in order}
    ranks = {listing: rank for rank, (listing, _) in enumerate(reversed(order))}
    kept = [place for place, listing in enumerate(visited.ids) if listing in ranks]
    recent = visited.at(kept[-weighing.longest :])
    weights = np.array([strengths[one] * weighing.recency ** ranks[one] for one in recent.ids], np.float64)
    wholes = recent.wholes
    groups = average_linkage(wholes @ wholes.T, weighing.similarity)
    left = _left(wholes, weights, groups, hidden.wholes[-weighing.longest :], weighing)
    for listing, share in zip(recent.ids, left.tolist(), strict=True):
        strengths[listing] *= share
    roots = [None if path is None else path.split(CATEGORY_SEPARATOR)[0] for path in recent.categories]
    prices = _Prices(recent.log_prices, weights * left, np.array([strengths[one] for one in recent.ids]))
    return ShopperTaste(
        visits=tuple(strengths),
        strengths=tuple(strengths.values()),
        interests=_interests(recent, weights * left, float(weights.sum()), groups, weighing.most),
        roots=_shares(roots, weights * left),
        leaves=_shares(recent.categories, weights * left),
        price=prices.leaning,
        price_by_root=_leanings(roots, prices),
        hidden=frozenset(dropped),
        version=attention.version,
    )


def _left(
    wholes: Vectors,
    weights: Weights,
    groups: Sequence[Sequence[int]],
    hidden: Vectors,
    weighing: TasteWeighing,
) -> Weights:
    """(h,) the share that hides leave of each visit: those of the interest nearest to what was hidden."""
    left = np.ones(len(wholes))
    if not groups or not len(hidden):
        return left
    middles = np.stack([weights[group] @ wholes[group] / weights[group].sum() for group in groups])
    likeness = hidden @ middles.T
    for nearest, similarity in zip(likeness.argmax(axis=1), likeness.max(axis=1), strict=True):
        if similarity >= weighing.similarity:
            left[groups[int(nearest)]] *= weighing.weakening
    return left


def _interests(
    listings: VisitedListings, weights: Weights, total: float, groups: Sequence[list[int]], most: int
) -> tuple[Interest, ...]:
    wholes = listings.wholes
    interests = []
    for group in groups:
        share = weights[group]
        if not share.sum() > 0:
            continue
        # The latest of equals: `group` is in the order of the visits.
        nearness = (wholes[group] @ (share @ wholes[group]))[::-1]
        face = group[len(group) - 1 - int(np.argmax(nearness))]
        interests.append(
            Interest(
                weight=float(share.sum() / total),
                face=listings.ids[face],
                listings=tuple(listings.ids[place] for place in group),
                text=_middle(listings.texts[group], share),
                photo=_middle(listings.photos[group], share),
            )
        )
    return tuple(sorted(interests, key=lambda interest: -interest.weight)[:most])


def _middle(vectors: Vectors, weights: Weights) -> Vectors | None:
    """(d,) the unit mean of (h, d) vectors; None where all are zero."""
    mean = unit_rows((weights.astype(np.float32) @ vectors)[None])[0]
    return np.asarray(mean, np.float32) if mean.any() else None


def _shares(names: Sequence[str | None], weights: Weights) -> Mapping[str, float]:
    """The share of each name among those that are known, the greatest first."""
    sums: dict[str, float] = {}
    for name, weight in zip(names, weights.tolist(), strict=True):
        if name is not None:
            sums[name] = sums.get(name, 0.0) + weight
    total = sum(sums.values())
    if not total > 0:
        return {}
    return {
        name: weight / total for name, weight in sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Prices:
    """(h,) logarithms of prices, NaN where unknown, with the weights and the strengths of the visits."""

    logs: NDArray[np.float64]
    weights: Weights
    strengths: Weights

    def where(self, chosen: NDArray[np.bool_]) -> "_Prices":
        return _Prices(self.logs[chosen], self.weights[chosen], self.strengths[chosen])

    @property
    def leaning(self) -> PriceLeaning | None:
        known = self.where(~np.isnan(self.logs) & (self.weights > 0))
        if not len(known.logs):
            return None
        weights = known.weights / known.weights.max()
        middle = float(weights @ known.logs / weights.sum())
        squares = float(weights @ (known.logs - middle) ** 2) + _SPREAD_BEFORE**2
        return PriceLeaning(
            middle, float(np.sqrt(squares / (weights.sum() + 1))), float(known.strengths.sum())
        )


def _leanings(roots: Sequence[str | None], prices: _Prices) -> Mapping[str, PriceLeaning]:
    """That of each root, in the order of their names."""
    leanings = {}
    for root in sorted({root for root in roots if root is not None}):
        leaning = prices.where(np.array([each == root for each in roots])).leaning
        if leaning is not None:
            leanings[root] = leaning
    return leanings
