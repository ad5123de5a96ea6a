"""What many shoppers are looking at: visits that fade with time, for whom nothing else is known about.

An event of strength s at time t counts s 2^-((now - t) / half_life). A listing keeps one number and the time
it is of, so an event is added in O(1), whatever the order events come in, and nothing overflows. An infinite
half-life is plain popularity.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError
from bowerbird.market.event import EventType
from bowerbird.market.interactions import EVENT_TYPES, Interactions
from bowerbird.market.ranked_list import RankedList
from bowerbird.taste.growing_array import GrowingArray
from bowerbird.taste.trail import STRENGTHS

Mask = NDArray[np.bool_]


class Trending:
    """The fading visits of a market of `size` listings.

    Raises:
        InputError: `half_life_seconds` is not above 0.
    """

    def __init__(self, size: int, half_life_seconds: float) -> None:
        if not half_life_seconds > 0:
            raise InputError(f"a half-life must be above 0 seconds, but {half_life_seconds} was given")
        self.half_life_seconds = half_life_seconds
        self._visits = GrowingArray(np.zeros(size))
        self._times = GrowingArray(np.full(size, -np.inf))

    def __len__(self) -> int:
        return len(self._visits)

    @classmethod
    def fit(
        cls,
        interactions: Interactions,
        size: int,
        half_life_seconds: float,
        strengths: Mapping[EventType, float] = STRENGTHS,
    ) -> "Trending":
        """What is looked at after all `interactions`.

        Raises:
            InputError: an interaction is with a listing that the market has not.
        """
        trending = cls(size, half_life_seconds)
        strength = np.array([strengths.get(kind, 0.0) for kind in EVENT_TYPES])[interactions.types]
        counted = strength > 0
        listings, times = interactions.listings[counted], interactions.times[counted]
        if len(listings) and listings.max() >= size:
            raise InputError(f"an interaction is with listing {listings.max()} of a market of {size}")
        np.maximum.at(trending._times.view, listings, times)
        faded = strength[counted] * trending._fading(trending._times.view[listings] - times)
        np.add.at(trending._visits.view, listings, faded)
        return trending

    def append(self, count: int = 1) -> None:
        """Take `count` listings more, which nobody has looked at."""
        self._visits.append(np.zeros(count))
        self._times.append(np.full(count, -np.inf))

    def add(self, listing: int, strength: float, time: float) -> None:
        """Count one event at `time`, in seconds since 1970."""
        visits, times = self._visits.view, self._times.view
        latest = max(times[listing], time)
        if visits[listing]:
            visits[listing] *= self._fading(latest - times[listing])
        visits[listing] += strength * self._fading(latest - time)
        times[listing] = latest

    def scores(self, now: float) -> NDArray[np.float64]:
        """(n,) the faded visits to each listing at `now`, in seconds since 1970."""
        visits, times = self._visits.view, self._times.view
        ages = np.where(visits > 0, now - times, 0.0)
        # An event from a clock that runs ahead must not count for more than a fresh one.
        return np.asarray(visits * self._fading(np.maximum(ages, 0.0)), np.float64)

    def top(self, k: int, now: float, allowed: Mask | None = None) -> RankedList:
        """The `k` allowed listings that are looked at most; one that nobody looked at is not among them.

        Raises:
            InputError: `k` is below 1.
        """
        if k < 1:
            raise InputError(f"k must be 1 or more, but {k} was given")
        scores = self.scores(now)
        wanted = scores > 0 if allowed is None else (scores > 0) & allowed
        rows = np.flatnonzero(wanted)
        singles = scores[rows].astype(np.float32)
        if len(rows) > k:
            # To sort a few is faster; all that tie with the last one go on, so that the lower row wins.
            best = singles >= np.partition(singles, -k)[-k]
            rows, singles = rows[best], singles[best]
        return RankedList.of(rows, singles).head(k)

    def _fading(self, seconds: NDArray[np.float64] | float) -> NDArray[np.float64]:
        return np.asarray(np.exp2(-np.asarray(seconds) / self.half_life_seconds), np.float64)
