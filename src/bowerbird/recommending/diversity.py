"""Scored candidates become a varied list: not ten of one kind, nor of one seller, nor of one advert for all.

Maximal marginal relevance (Carbonell and Goldstein, 1998, doi:10.1145/290941.291025): the next listing is the
best by score less its likeness to what is chosen already. And calibration, in the spirit of Steck (RecSys
2018, doi:10.1145/3240323.3240372): an interest that has more of the list than its share of attention waits.
Of a shopper with one interest nobody knows what else they want, so some of the list is left for other things,
below its first ten: who comes for one thing finds it at once.
"""

from collections import Counter, deque
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

    def excess(self, counts: NDArray[np.integer], length: int) -> NDArray[np.float64]:
        """(m,) how far each candidate would take its interest beyond its share.

        The list has `length` places so far, of which (i,) `counts` serve each interest.
        """
        over = np.zeros(len(self.shares) + 1)  # -1 is the last: nobody's share
        np.maximum((counts + 1) / (length + 1) - self.shares, 0, out=over[:-1])
        return np.take(over, self.of)

    def full(self, counts: NDArray[np.integer], length: int, variety: Variety) -> NDArray[np.bool_]:
        """(m,) whether each candidate's interest has all that one interest may have of a list one longer."""
        most = variety.own + variety.one_interest * max(0, length + 1 - variety.own)
        full = np.zeros(len(self.shares) + 1, bool)
        full[:-1] = counts + 1 > most
        return np.take(full, self.of)


class _Sellers:
    """Who sold too many of the latest places.

    Args:
        sellers: (m,) of the candidates; below 0 where unknown, and then never too many.
        variety: says what is too many.
    """

    def __init__(self, sellers: NDArray[np.integer], variety: Variety) -> None:
        self._sellers = sellers
        self._names: list[int] = sellers.tolist()
        self._variety = variety
        self._lately: deque[int] = deque()
        self._counts: Counter[int] = Counter()
        self.barred = np.zeros(len(sellers), bool)  # (m,) whose seller has all that one may have

    def note(self, place: int) -> None:
        """A candidate was chosen."""
        self._lately.append(self._names[place])
        self._count(self._names[place], 1)
        if len(self._lately) >= self._variety.window:
            self._count(self._lately.popleft(), -1)

    def _count(self, seller: int, more: int) -> None:
        had = self._counts[seller] >= self._variety.per_seller
        self._counts[seller] += more
        has = self._counts[seller] >= self._variety.per_seller
        if seller >= 0 and has != had:
            self.barred[self._sellers == seller] = has


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
    shared = interests or SharedOut(np.full(len(scores), -1), np.empty(0))
    counts = np.zeros(len(shared.shares), np.int64)
    lately = _Sellers(sellers, variety)
    while len(chosen) < min(variety.diversified, len(scores)):
        length = len(chosen)
        barred = lately.barred | shared.full(counts, length, variety)
        if length < variety.head:
            barred |= ~may_head
        worth = scaled - (variety.likeness * closest + variety.calibration * shared.excess(counts, length))
        worth[~left] = -np.inf
        free = np.where(barred, -np.inf, worth)
        best = int(np.argmax(free))
        if not np.isfinite(free[best]):  # only what is barred is left: better that than a hole
            best = int(np.argmax(worth))
        chosen.append(best)
        left[best] = False
        lately.note(best)
        if shared.of[best] >= 0:
            counts[shared.of[best]] += 1
        np.maximum(closest, wholes @ wholes[best], out=closest)
    rest = np.flatnonzero(left)
    chosen.extend(rest[np.argsort(-scores[rest], kind="stable")].tolist())
    return chosen
