"""Candidates become the order of a whole feed, of which pages are cut."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.indexing.market_index import MarketIndex
from bowerbird.market.ranked_list import RankedList, Rows
from bowerbird.recommending.blending import INTERESTS, NEW, NEXT, TRENDING, Blend, BlendWeights, blended
from bowerbird.recommending.candidates import Candidates, pooled
from bowerbird.recommending.diversity import SharedOut, Variety, varied
from bowerbird.taste.shopper_taste import ShopperTaste

_REASONS = (INTERESTS, NEXT, TRENDING, NEW)  # in the order in which equals give the reason


@dataclass(frozen=True, slots=True)
class Entry:
    """One listing of a feed: its score, what each source added, and the source that speaks most for it."""

    listing_id: str
    score: float
    source: str
    parts: Mapping[str, float]
    interest: int  # which of the taste's it is nearest to; -1 without any


def composed(
    taste: ShopperTaste,
    near: Rows,
    sources: Mapping[str, RankedList],
    index: MarketIndex,
    spent: Collection[str],
    weights: BlendWeights,
    variety: Variety,
    longest: int,
) -> tuple[Entry, ...]:
    """The feed, at most `longest` entries.

    Args:
        taste: of whoever asks.
        near: rows near the taste's interests.
        sources: the other ranked lists, by source.
        index: the market whose rows these are.
        spent: listings that may not stand at the head.
        weights: what the sources weigh.
        variety: how varied the feed is.
        longest: entries.
    """
    candidates = pooled(near, taste.interests, sources, index)
    if not len(candidates.rows):
        return ()
    blend = blended(candidates, taste, index, weights)
    serves = _served(candidates, blend, variety.serves)
    order = np.argsort(-blend.scores, kind="stable")
    others = order[2 * longest :][serves[order[2 * longest :]] < 0]
    best = np.append(order[: 2 * longest], others[: variety.diversified])  # there is always something else
    rows = candidates.rows[best]
    ids = [index.columns.listing_ids[row] for row in rows.tolist()]
    chosen = varied(
        blend.scores[best],
        candidates.wholes[best],
        index.columns.seller[rows],
        np.array([listing_id not in spent for listing_id in ids], bool),
        variety,
        SharedOut(serves[best], np.array([one.weight for one in taste.interests])),
    )[:longest]
    places = best[chosen]
    parts = {source: part[places].tolist() for source, part in blend.parts.items()}
    scores, interests = blend.scores[places].tolist(), blend.interest[places].tolist()
    entries = []
    for number, place in enumerate(chosen):
        of_entry = {source: part[number] for source, part in parts.items()}
        source = max(_REASONS, key=of_entry.__getitem__)
        entries.append(Entry(ids[place], scores[number], source, of_entry, interests[number]))
    return tuple(entries)


def _served(candidates: Candidates, blend: Blend, least: float) -> NDArray[np.int64]:
    """(m,) the interest that each candidate is nearest to, where it is like it; else -1."""
    if not len(candidates.likeness):
        return blend.interest
    likeness = candidates.likeness[blend.interest, np.arange(len(candidates.rows))]
    return np.where(likeness >= least, blend.interest, -1)
