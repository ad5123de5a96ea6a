"""The priced listings that are nearest to what is offered: what its price rests on, and what is shown of it.

`nearest_comparables` picks them from arrays, in training and in serving alike; whoever calls it has looked up
the similarities: of words, the cosine of the text encoder's vectors; of looks, the greatest cosine between a
photo of one and a photo of the other. Prices are learned from the cosines of words, but of looks only from
their order, so that another photo space may take the place of the one that was trained with.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError

Floats = NDArray[np.floating]
DEPTH = 20  # neighbours by words, and as many by looks
SHOWN = 5
# The same advert once more says nothing new, and a thing without likeness nothing at all.
_SAME_WORDS, _SAME_LOOKS = 0.97, 0.97
_LEAST_WORDS, _LEAST_LOOKS = 0.45, 0.45
_PRICE_STEP = 1e-6  # two adverts at one price within this, in logarithms


@dataclass(frozen=True, slots=True, eq=False)
class Comparables:
    """c listings with their prices and their likeness to the draft; NaN where that is not known."""

    listing_ids: tuple[str, ...]
    prices: NDArray[np.float64]  # (c,) major units
    words: NDArray[np.float32]  # (c,) cosine of the text vectors
    looks: NDArray[np.float32]  # (c,) greatest cosine of their photos

    def __len__(self) -> int:
        return len(self.listing_ids)

    def prices_by(self, likeness: Floats, depth: int = DEPTH) -> tuple[NDArray[np.float64], Floats]:
        """Prices and likeness of the `depth` nearest by `words` or `looks`, the nearest first."""
        known = np.flatnonzero(~np.isnan(likeness))
        order = known[np.argsort(-likeness[known], kind="stable")[:depth]]
        return self.prices[order], likeness[order]


@dataclass(frozen=True, slots=True)
class Comparable:
    """One listing that a suggestion rests on."""

    listing_id: str
    price: float  # major units
    similarity: float  # the mean of the likenesses that are known, at most 1


NO_COMPARABLES = Comparables((), np.empty(0), np.empty(0, np.float32), np.empty(0, np.float32))


def nearest_comparables(
    listing_ids: Sequence[str],
    prices: Floats,
    words: Floats,
    looks: Floats,
    *,
    allowed: NDArray[np.bool_] | None = None,
    depth: int = DEPTH,
) -> Comparables:
    """The `depth` nearest by words and the `depth` nearest by looks, each listing once, in order of rows.

    Args:
        listing_ids: of n listings.
        prices: (n,) major units, all in one currency; NaN or 0 where there is none.
        words: (n,) cosines, NaN where either side has no words or it was not looked up.
        looks: (n,) cosines, NaN where either side has no photo or it was not looked up.
        allowed: (n,) those that may be answered: live, and not the draft itself; None allows all.
        depth: how many by each.

    Raises:
        InputError: the arrays differ in length.
    """
    lengths = {len(listing_ids), len(prices), len(words), len(looks)}
    if len(lengths) > 1:
        raise InputError(f"comparables need arrays of one length, but got lengths {sorted(lengths)}")
    with np.errstate(invalid="ignore"):
        usable = prices > 0
    if allowed is not None:
        usable = usable & allowed
    rows = np.union1d(_nearest(words, usable, depth), _nearest(looks, usable, depth))
    return Comparables(
        tuple(listing_ids[row] for row in rows.tolist()),
        np.asarray(prices[rows], np.float64),
        np.asarray(words[rows], np.float32),
        np.asarray(looks[rows], np.float32),
    )


def shown_comparables(comparables: Comparables, count: int = SHOWN) -> tuple[Comparable, ...]:
    """The `count` most alike that are the same kind of thing but not the same advert, the nearest first.

    Listings that are as good as equal to the draft are left out, since they are probably its own earlier
    copies, and so are those with no likeness above 0.45. Two of the same price and the same likeness are one
    advert posted twice.
    """
    words, looks = comparables.words, comparables.looks
    with np.errstate(invalid="ignore"):
        same = (words >= _SAME_WORDS) | (looks >= _SAME_LOOKS)
        alike = (words >= _LEAST_WORDS) | (looks >= _LEAST_LOOKS)
    similarity = _mean_likeness(words, looks)
    rows = np.flatnonzero(alike & ~same)
    shown: list[Comparable] = []
    seen: set[tuple[int, int]] = set()
    for row in rows[np.argsort(-similarity[rows], kind="stable")].tolist():
        price = float(comparables.prices[row])
        twin = (round(float(np.log(price)) / _PRICE_STEP), round(float(similarity[row]) * 100))
        if twin not in seen:
            seen.add(twin)
            shown.append(Comparable(comparables.listing_ids[row], price, float(similarity[row])))
        if len(shown) == count:
            break
    return tuple(shown)


def _nearest(likeness: Floats, usable: NDArray[np.bool_], depth: int) -> NDArray[np.int64]:
    """Rows of the `depth` greatest known values; of equal ones those of the lower row."""
    rows = np.flatnonzero(usable & ~np.isnan(likeness))
    if len(rows) > depth:
        values = likeness[rows]
        least = np.partition(values, -depth)[-depth]
        above, level = rows[values > least], rows[values == least]
        rows = np.concatenate([above, level[: depth - len(above)]])
    return rows


def _mean_likeness(words: Floats, looks: Floats) -> Floats:
    """(c,) the mean of what is known; words tell more of the price and count twice."""
    weights = np.stack([np.where(np.isnan(words), 0, 2.0), np.where(np.isnan(looks), 0, 1.0)])
    values = np.nan_to_num(np.stack([words, looks]))
    total = weights.sum(axis=0)
    mean = np.divide((weights * values).sum(axis=0), total, out=np.zeros(len(words)), where=total > 0)
    return np.asarray(mean, np.float64)
