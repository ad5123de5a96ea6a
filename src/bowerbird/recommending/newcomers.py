"""What is new, near where a shopper looks: listings that nobody has met yet get their first looks here."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.indexing.market_index import MarketIndex
from bowerbird.indexing.vector_index import Mask
from bowerbird.market.listing import CATEGORY_SEPARATOR
from bowerbird.market.listing_columns import UNKNOWN, UNKNOWN_TIME
from bowerbird.market.ranked_list import RankedList, Rows
from bowerbird.taste.shopper_taste import ShopperTaste

_USUAL_SHARE = 0.4  # of the visits whose place is known
_OF_ANOTHER_KIND = 0.2  # of what a new listing of a kind never looked at counts
_SAME_ROOT = 0.5
_HALF_LIFE_DAYS = 7.0
_DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class UsualPlace:
    """Where a shopper looks: a code of the market's places, and its name."""

    code: int
    name: str


def usual_place(taste: ShopperTaste, index: MarketIndex) -> UsualPlace | None:
    """The place of most visits; None where they are spread, or their places are unknown."""
    weights: dict[int, float] = {}
    for listing_id, strength in zip(taste.visits, taste.strengths, strict=True):
        row = index.row(listing_id)
        code = UNKNOWN if row is None else int(index.columns.place[row])
        if code != UNKNOWN:
            weights[code] = weights.get(code, 0.0) + strength
    if not weights:
        return None
    code = max(weights, key=lambda each: (weights[each], -each))
    if weights[code] < _USUAL_SHARE * sum(weights.values()):
        return None
    return UsualPlace(code, index.columns.vocabularies["place"][code])


def newcomers(
    taste: ShopperTaste, place: UsualPlace | None, index: MarketIndex, allowed: Mask, now: float, k: int
) -> RankedList:
    """The `k` latest allowed listings at `place` (None: anywhere), those of a kind looked at before others.

    Where no date is known the order of arrival stands for it. `now` is in seconds since 1970.
    """
    created = index.columns.created[: len(allowed)]
    local = allowed if place is None else allowed & (index.columns.place[: len(allowed)] == place.code)
    rows = np.flatnonzero(local)
    if not len(rows):
        return RankedList.empty()
    times = created[rows]
    dated = times != UNKNOWN_TIME
    if dated.any():
        rows, times = rows[dated], times[dated]
    else:
        times = rows
    latest = np.argpartition(times, len(times) - k)[-k:] if len(times) > k else np.arange(len(times))
    rows, times = rows[latest], times[latest]
    if dated.any():
        days = np.maximum(now - times, 0) / _DAY_SECONDS
        freshness = np.exp2(-days / _HALF_LIFE_DAYS)
    else:
        freshness = (1 + np.argsort(np.argsort(times))) / (1 + len(times))
    # Nothing that is old, but the latest of an old market, falls to nothing.
    freshness = np.maximum(freshness, 1e-3 * (1 + np.argsort(np.argsort(times))) / len(times))
    return RankedList.of(rows, (freshness * affinity(taste, index, rows)).astype(np.float32))


def affinity(taste: ShopperTaste, index: MarketIndex, rows: Rows) -> NDArray[np.float64]:
    """(m,) 1 for a category looked at, or where none is known; less for siblings, little for others."""
    if not taste.leaves:
        return np.ones(len(rows))
    paths = index.columns.vocabularies["category"]
    codes = index.columns.category[rows].tolist()
    known = {code: _affinity_of(paths[code], taste) for code in set(codes) if code != UNKNOWN}
    return np.array([known.get(code, _OF_ANOTHER_KIND) for code in codes])


def _affinity_of(path: str, taste: ShopperTaste) -> float:
    if path in taste.leaves:
        return 1.0
    return _SAME_ROOT if path.split(CATEGORY_SEPARATOR)[0] in taste.roots else _OF_ANOTHER_KIND


def sellers_own(shoppers: Sequence[str], index: MarketIndex, allowed: Mask) -> Mask:
    """(n,) `allowed` without what one of `shoppers` sells."""
    names = index.columns.vocabularies["seller"]
    codes = [names.index(shopper) for shopper in shoppers if shopper in names]
    if not codes:
        return allowed
    return np.asarray(allowed & ~np.isin(index.columns.seller[: len(allowed)], codes), bool)
