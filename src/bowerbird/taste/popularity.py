"""How often listings are shown, clicked, looked at and saved, and how often they are clicked for their place.

A row at the top of a page is clicked more whatever it is. So clicks are held against those that the places
where a listing stood would have brought any listing (clicks over expected clicks: Zhang and Jones, 'Comparing
click logs and editorial labels for training query rewriting', WWW 2007): places are pooled by doubling
ranges, and until many clicks have named their places, all places are taken for equal.

What happened a half-life before the latest that is known counts half. Counts are kept as they will have to be
divided (forward decay: Cormode, Shkapenyuk, Srivastava and Xu, ICDE 2009), so that adding is O(1) and its
order makes no difference.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bowerbird.errors import InputError
from bowerbird.taste.growing_array import GrowingArray

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]
BANDS = 8  # of places: 1, 2 to 3, 4 to 7, ..., 128 and beyond
UNKNOWN_PLACE = 10  # what an impression that names no place is taken for
_USUAL_SHOWN = 500.0  # impressions that a band of places is taken to have had, clicked as all are
_FEWEST_LOOKS, _MOST_LOOKS = 20.0, 1e6  # that a listing may be taken to have had, clicked as all are
_GROWTH = 1.05  # of all counts, after which what sets listings apart is estimated anew
_STEP = 0.25  # of the logarithm of a rate: what lies closer together than this is taken for equal
_CLICKS, _VIEWS, _SAVES = range(BANDS, BANDS + 3)
_MOST_HALVINGS = 20.0  # that counts are kept ahead by, so that singles hold them


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """What is known of all listings together."""

    now: float  # what kept counts are multiplied by
    attraction: Floats
    usual: float  # clicks for each time that something would have been looked at; NaN without any
    leaning: float


class Popularity:
    """The fading counts of a market of `size` listings, told as of the last time that they were settled.

    One thread at a time adds and settles; others read meanwhile.

    Raises:
        InputError: `half_life_seconds` is not above 0.
    """

    def __init__(self, size: int, half_life_seconds: float) -> None:
        if not half_life_seconds > 0:
            raise InputError(f"a half-life must be above 0 seconds, but {half_life_seconds} was given")
        self.half_life_seconds = half_life_seconds
        self._counts = GrowingArray(np.zeros((size, BANDS + 3), np.float32))
        self._bands = np.zeros((2, BANDS))  # shown, clicked: of all listings
        self._zero = self._latest = -np.inf  # seconds since 1970: when a count weighs 1; of the latest count
        self._estimated_at, self._leaning = 0.0, _MOST_LOOKS  # impressions; looks
        self._known = _Known(1.0, np.ones(BANDS), np.nan, _MOST_LOOKS)

    def __len__(self) -> int:
        return len(self._counts)

    def append(self, count: int = 1) -> None:
        """Take `count` listings more, which nobody was shown."""
        self._counts.append(np.zeros((count, BANDS + 3), np.float32))

    def show(self, listings: ArrayLike, places: ArrayLike, times: ArrayLike) -> None:
        """Count (m,) listings that stood at `places`, from 1, at `times`, in seconds since 1970."""
        numbers, bands = np.asarray(listings, np.int64), _bands(np.asarray(places, np.int64))
        weights = self._weights(np.asarray(times, np.float64))
        np.add.at(self._counts.view, (numbers, bands), weights)
        np.add.at(self._bands[0], bands, weights)

    def look(self, listings: ArrayLike, places: ArrayLike, times: ArrayLike) -> None:
        """Count (m,) views; a place of 0 says that the view was of no page: it is no click."""
        numbers, stood = np.asarray(listings, np.int64), np.asarray(places, np.int64)
        weights = self._weights(np.asarray(times, np.float64))
        np.add.at(self._counts.view[:, _VIEWS], numbers, weights)
        clicked = stood > 0
        np.add.at(self._counts.view[:, _CLICKS], numbers[clicked], weights[clicked])
        np.add.at(self._bands[1], _bands(stood[clicked]), weights[clicked])

    def save(self, listings: ArrayLike, times: ArrayLike) -> None:
        """Count (m,) listings that were saved, asked for or bought."""
        weights = self._weights(np.asarray(times, np.float64))
        np.add.at(self._counts.view[:, _SAVES], np.asarray(listings, np.int64), weights)

    def attraction(self) -> Floats:
        """(BANDS,) how much a place of each band is clicked, relative to the first; it never rises."""
        shown, clicked = self._bands * self._now()
        usual = clicked.sum() / max(shown.sum(), 1e-9)
        rates: Floats = np.minimum.accumulate((clicked + _USUAL_SHOWN * usual) / (shown + _USUAL_SHOWN))
        return np.asarray(rates / rates[0] if rates[0] > 0 else np.ones(BANDS), np.float64)

    def settle(self) -> None:
        """Let `counts` tell of all that was counted up to now."""
        attraction, now = self.attraction(), self._now()
        shown, clicked = self._bands
        looks = float(shown @ attraction)
        usual = float(clicked.sum()) / looks if looks and clicked.any() else np.nan
        impressions = float(shown.sum()) * now
        if impressions > _GROWTH * self._estimated_at:
            self._estimated_at = impressions
            self._leaning = self._alike(attraction, usual, now)
        self._known = _Known(now, attraction, usual, self._leaning)

    def counts(self, listings: Numbers) -> NDArray[np.float32]:
        """(n, 4) impressions, views, saves, and clicks over those that any listing would have had there.

        The last leans towards 1, by as much as listings have been seen to be alike, in steps; it is NaN where
        nothing was ever clicked. A number that is not known, or negative, was never shown.
        """
        held, all_of_them = self._counts.view, self._known
        known = (listings >= 0) & (listings < len(held))
        counts = np.zeros((len(listings), BANDS + 3), np.float32)
        counts[known] = held[listings[known]]
        counts *= np.float32(all_of_them.now)
        columns = np.empty((len(listings), 4), np.float32)
        columns[:, 0] = counts[:, :BANDS].sum(axis=1)
        columns[:, 1:3] = counts[:, _VIEWS:]
        looks, leaning = counts[:, :BANDS] @ all_of_them.attraction, all_of_them.leaning
        rates = (counts[:, _CLICKS] / all_of_them.usual + leaning) / (looks + leaning)
        columns[:, 3] = np.exp(np.round(np.log(np.maximum(rates, 1e-9)) / _STEP) * _STEP)
        return columns

    def _alike(self, attraction: Floats, usual: float, now: float) -> float:
        """How many looks at the usual rate a listing is taken to have had, beside its own.

        Clicks are taken for Poisson, of rates that vary between listings as a gamma distribution does, whose
        variance is what clicks vary by beyond chance (the method of moments).
        """
        if not usual > 0:
            return _MOST_LOOKS
        counts = self._counts.view
        expected = usual * now * (counts[:, :BANDS] @ attraction)
        beyond = float(((now * counts[:, _CLICKS] - expected) ** 2 - expected).sum())
        looks = float((expected**2).sum()) / beyond / usual if beyond > 0 else _MOST_LOOKS
        return float(np.clip(looks, _FEWEST_LOOKS, _MOST_LOOKS))

    def _now(self) -> float:
        """What kept counts are multiplied by."""
        return float(np.exp2((self._zero - self._latest) / self.half_life_seconds)) if self._any else 1.0

    @property
    def _any(self) -> bool:
        return bool(np.isfinite(self._latest))

    def _weights(self, times: Floats) -> Floats:
        """(m,) what counts of `times` weigh; moves on what all counts are kept relative to, where need be."""
        if not len(times):
            return times
        latest = max(self._latest, float(times.max()))
        if not self._any:
            self._zero = latest
        elif (latest - self._zero) / self.half_life_seconds > _MOST_HALVINGS:
            fading = np.exp2((self._zero - latest) / self.half_life_seconds)
            self._counts.view[:] *= np.float32(fading)
            self._bands *= fading
            self._zero = latest
        self._latest = latest
        return np.asarray(np.exp2((times - self._zero) / self.half_life_seconds), np.float64)


def _bands(places: Numbers) -> Numbers:
    """The band of each place: the number of times that it can be halved."""
    return np.asarray(np.minimum(np.frexp(np.maximum(places, 1))[1] - 1, BANDS - 1), np.int64)
