"""Scored candidates become a varied list: not ten of one kind, nor of one seller, nor of one advert for all.

Maximal marginal relevance (Carbonell and Goldstein, 1998, doi:10.1145/290941.291025): the next listing is the
best by score less its likeness to what is chosen already. And calibration, in the spirit of Steck (RecSys
2018, doi:10.1145/3240323.3240372): an interest that has more of the list than its share of attention waits.
Of a shopper with one interest nobody knows what else they want, so some of the list is left for other things,
below its first ten: who comes for one thing finds it at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.encoder import Vectors
from bowerbird.errors import InputError


@dataclass(frozen=True, slots=True)
class Variety:
    """How varied a feed is.

    Raises:
        InputError: a value is out of its range.
    """

    likeness: float = 0.4  # what a copy of something chosen loses, where the best candidate scores 1
    per_seller: int = 3  # listings of one seller among each `window` in a row
    one_interest: float = 0.4  # most of the list, after its first `own` places, that serves one interest
    serves: float = 0.25  # likeness to an interest from which a candidate serves it
    calibration: float = 1.0  # what a candidate loses where its interest has all the list and deserves none
    window: int = 24
    head: int = 4  # places at the top that no advert may hold in too many feeds
    diversified: int = 48  # places that are chosen one by one; what follows goes by score
    own: int = 10  # places at the top that one interest may have all of

    def __post_init__(self) -> None:
        if (
            min(self.likeness, self.calibration, self.one_interest, self.own) < 0
            or min(self.per_seller, self.window, self.head, self.diversified) < 1
        ):
            raise InputError(f"variety needs weights of 0 or more and counts of 1 or more, but is {self}")


@dataclass(frozen=True, slots=True, eq=False)
class SharedOut:
    """A list that is shared out among interests."""

    of: NDArray[np.integer]  # (m,) the interest that each candidate serves; below 0 for none
    shares: NDArray[np.float64]  # (i,) of attention, at most 1 together

    def excess(self, chosen: Sequence[int]) -> NDArray[np.float64]:
        """(m,) how far each candidate would take its interest beyond its share of a list that is `chosen`."""
        counts = np.bincount(self.of[list(chosen)] + 1, minlength=len(self.shares) + 1)[1:]
        over = np.maximum((counts + 1) / (len(chosen) + 1) - self.shares, 0)
        return np.asarray(np.append(over, 0.0)[self.of], np.float64)  # -1 is the last: nobody's share

    def full(self, chosen: Sequence[int], variety: Variety) -> NDArray[np.bool_]:
        """(m,) whether each candidate's interest has all that one interest may have of a list one longer."""
        counts = np.bincount(self.of[list(chosen)] + 1, minlength=len(self.shares) + 1)[1:]
        beyond = max(0, len(chosen) + 1 - variety.own)
        return np.asarray(np.append(counts + 1 > variety.own + variety.one_interest * beyond, False)[self.of])


def varied(
    scores: NDArray[np.float64],
    wholes: Vectors,
    sellers: NDArray[np.integer],
    may_head: NDArray[np.bool_],
    variety: Variety,
    interests: "SharedOut | None" = None,
) -> list[int]:
    """The places of all m candidates in the order of the feed.

    Args:
        scores: (m,) higher is better.
        wholes: (m, d) vectors whose products say how alike two candidates are.
        sellers: (m,) codes; below 0 where unknown, and then never the same.
        may_head: (m,) whether a candidate may stand among the first `variety.head`.
        variety: how varied.
        interests: which interest each candidate serves, and what each deserves; None balances none.
    """
    left = np.ones(len(scores), bool)
    scaled = scores / max(float(scores.max(initial=0.0)), 1e-9)
    closest = np.zeros(len(scores))
    chosen: list[int] = []
    interests = interests or SharedOut(np.full(len(scores), -1), np.empty(0))
    while len(chosen) < min(variety.diversified, len(scores)):
        barred = _barred(chosen, sellers, may_head, variety) | interests.full(chosen, variety)
        lost = variety.likeness * closest + variety.calibration * interests.excess(chosen)
        worth = np.where(left & ~barred, scaled - lost, -np.inf)
        best = int(np.argmax(worth))
        if not np.isfinite(worth[best]):  # only what is barred is left: better that than a hole
            worth = np.where(left, scaled - lost, -np.inf)
            best = int(np.argmax(worth))
        chosen.append(best)
        left[best] = False
        closest = np.maximum(closest, wholes @ wholes[best])
    rest = np.flatnonzero(left)
    chosen.extend(rest[np.argsort(-scores[rest], kind="stable")].tolist())
    return chosen


def _barred(
    chosen: Sequence[int], sellers: NDArray[np.integer], may_head: NDArray[np.bool_], variety: Variety
) -> NDArray[np.bool_]:
    barred = np.zeros(len(sellers), bool) if len(chosen) >= variety.head else ~may_head
    lately = [int(sellers[place]) for place in chosen[-(variety.window - 1) :]]
    often = [seller for seller in set(lately) if seller >= 0 and lately.count(seller) >= variety.per_seller]
    return barred | np.isin(sellers, often) if often else barred
