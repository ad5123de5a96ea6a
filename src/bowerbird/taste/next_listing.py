"""What a shopper wants next: what followed the listings of their trail, and what is like them.

A candidate j scores, over the listings h_0 (the latest), h_1, ... of the history,

    sum_i  s_i recency^i ( n(h_i, j) / ((v_h + c)^a (v_j + c)^b)  +  content(h_i, j) )

where n counts how often j followed h (pair_counts), v are visits, c smooths what was met seldom, s are the
strengths of the visits, and content is likeness of vectors and of title words (content_likeness). Such
first-order transitions, well weighted, are hard to beat on sparse logs (Ludewig and Jannach, 2018,
doi:10.1007/s11257-018-9209-6); content finds what nobody has met.

An event is counted at once and acts on the next answer. A listing's number never changes: unlike the row of
an index, it stays when the listing is edited. No shopper is kept here: whoever asks brings the trail.
"""

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bowerbird.encoding.encoder import Vectors
from bowerbird.errors import InputError, MismatchError
from bowerbird.market.interactions import Interactions
from bowerbird.market.ranked_list import RankedList
from bowerbird.taste.content_likeness import ContentLikeness
from bowerbird.taste.pair_counts import PairCounts
from bowerbird.taste.trail import Trail, Trails
from bowerbird.taste.trail_pairs import PairWeighing

Listings = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class NextListingWeights:
    """How counts become scores. The values were chosen on the validation purchases of docs/experiments.md.

    Raises:
        InputError: a value is out of its range.
    """

    recency: float = 0.7  # of each listing further back in the history, in (0, 1]
    smoothing: float = 10.0  # c, in visits of strength 1: what was met less often counts for little
    followed: float = 0.6  # a, of the visits to what was followed
    following: float = 0.1  # b, of the visits to what follows
    longest: int = 20  # listings of a history that are read, the latest ones

    def __post_init__(self) -> None:
        if not (0 < self.recency <= 1 and self.smoothing > 0 and self.longest > 0):
            raise InputError(
                f"recency {self.recency} must lie in (0, 1], smoothing {self.smoothing} be above 0 and "
                f"longest {self.longest} be 1 or more"
            )


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """The part of a shopper's history that is read: each listing once, with what it weighs."""

    listings: Listings  # (h,) the latest first
    weights: NDArray[np.float64]  # (h,)


class NextListing:
    """The recommender of next listings. Calls from several threads take turns.

    Args:
        counts: what followed what.
        content: vectors and title words of the same listings; None recommends from counts alone.
        weights: how counts become scores.

    Raises:
        MismatchError: counts and content are of different numbers of listings.
    """

    def __init__(
        self,
        counts: PairCounts,
        content: ContentLikeness | None = None,
        weights: NextListingWeights | None = None,
    ) -> None:
        if content is not None and content.size != len(counts):
            raise MismatchError(f"content is of {content.size} listings, but counts are of {len(counts)}")
        self.counts = counts
        self.content = content
        self.weights = weights or NextListingWeights()
        self._turn = threading.RLock()

    def __len__(self) -> int:
        return len(self.counts)

    @classmethod
    def fit(
        cls,
        interactions: Interactions,
        size: int,
        content: ContentLikeness | None = None,
        weights: NextListingWeights | None = None,
        weighing: PairWeighing | None = None,
    ) -> "NextListing":
        """The recommender of a market of `size` listings after all `interactions`.

        Raises:
            InputError: an interaction is with a listing that the market has not.
        """
        return cls(PairCounts.fit(Trails.of(interactions), size, weighing), content, weights)

    def update(self, trail: Trail, listing: int, strength: float) -> None:
        """Count an event of a shopper whose trail was `trail`; the next answer knows it."""
        with self._turn:
            self.counts.count(trail, listing, strength)

    def append(self, title: str = "", vector: Vectors | None = None) -> int:
        """The number of a new listing, recommended from now on by its content.

        Raises:
            MismatchError: the others have a vector and this has none, or one of another length.
        """
        with self._turn:
            if self.content is not None:
                self.content.append(title, vector)
            self.counts.append()
            return len(self) - 1

    def history(self, listings: ArrayLike, strengths: ArrayLike | None = None) -> History:
        """What is read of (h,) `listings`, the latest last; a listing named twice counts at its latest.

        Raises:
            InputError: a listing is not of this market, or strengths are not as many or are negative.
        """
        given = np.asarray(listings, np.int64).ravel()
        said = np.ones(len(given)) if strengths is None else np.asarray(strengths, np.float64)
        if said.shape != given.shape or np.any(said < 0):
            raise InputError(f"a history of {len(given)} listings needs as many strengths, all 0 or more")
        if len(given) and not (given.min() >= 0 and given.max() < len(self)):
            raise InputError(f"a history names listing {given.max()} of a market of {len(self)}")
        _, places = np.unique(given[::-1], return_index=True)
        places = np.sort(places)[: self.weights.longest]
        decay = self.weights.recency ** np.arange(len(places))
        return History(given[::-1][places], said[::-1][places] * decay)

    def recommend(
        self,
        listings: ArrayLike,
        k: int,
        *,
        strengths: ArrayLike | None = None,
        allowed: Mask | None = None,
        similar: Listings | None = None,
    ) -> RankedList:
        """The `k` best listings after a history, none of it among them; less where nothing speaks for more.

        Args:
            listings: (h,) the history, the latest last.
            k: how many are wanted.
            strengths: (h,) of the visits; None takes all as 1.
            allowed: (n,) True where a listing may be recommended (for sale, not hidden, not one's own).
            similar: in a large market, the listings that a vector index finds near the history's
                `content.profile`; only these and what followed the history are scored. None scores all.

        Raises:
            InputError: `k` is below 1, or the history is not of this market.
        """
        if k < 1:
            raise InputError(f"k must be 1 or more, but {k} was given")
        with self._turn:
            history = self.history(listings, strengths)
            if not len(history.listings):
                return RankedList.empty()
            rows, scores = self._scored(history, similar)
        wanted = scores > 0
        if allowed is not None:
            wanted &= allowed[rows]
        wanted &= ~np.isin(rows, np.asarray(listings, np.int64))
        return _best(rows[wanted], scores[wanted], k)

    def parts(
        self, listings: ArrayLike, candidates: Listings, strengths: ArrayLike | None = None
    ) -> tuple[Listings, NDArray[np.float64]]:
        """The listings of the history that are read, and their (h, m) parts of each candidate's score.

        The greatest part is the reason: 'because you looked at ...'.

        Raises:
            InputError: the history is not of this market.
        """
        with self._turn:
            history = self.history(listings, strengths)
            parts = np.zeros((len(history.listings), len(candidates)))
            for place in range(len(history.listings)):
                alone = History(history.listings[place : place + 1], history.weights[place : place + 1])
                followers, counts = self._followers(alone)
                if len(followers):
                    order = np.argsort(followers)  # each once, since one listing was asked about
                    nearest = order[np.searchsorted(followers, candidates, sorter=order) % len(order)]
                    parts[place] = np.where(followers[nearest] == candidates, counts[nearest], 0.0)
                if self.content is not None:
                    parts[place] += self.content.scores(alone.listings, alone.weights, candidates)
        return history.listings, parts

    def _scored(self, history: History, similar: Listings | None) -> tuple[Listings, NDArray[np.float64]]:
        """The listings that compete, ascending, and their scores."""
        followers, counts = self._followers(history)
        if similar is None:
            rows, places, candidates = np.arange(len(self)), followers, None
        else:
            rows, places = np.unique(np.concatenate([followers, similar]), return_inverse=True)
            candidates = rows
        scores = np.zeros(len(rows))
        np.add.at(scores, places[: len(followers)], counts)
        if self.content is not None:
            scores += self.content.scores(history.listings, history.weights, candidates)
        return rows, scores

    def _followers(self, history: History) -> tuple[Listings, NDArray[np.float64]]:
        """What followed each listing of the history, with its weighted count; a listing may come twice."""
        visits, weights = self.counts.visits, self.weights
        followers, scores = [np.empty(0, np.int64)], [np.empty(0)]
        for listing, weight in zip(history.listings.tolist(), history.weights.tolist(), strict=True):
            found, counts = self.counts.neighbours(listing)
            share = weight * (visits[listing] + weights.smoothing) ** -weights.followed
            followers.append(found)
            scores.append(share * counts * (visits[found] + weights.smoothing) ** -weights.following)
        return np.concatenate(followers), np.concatenate(scores)


def _best(rows: Listings, scores: NDArray[np.float64], k: int) -> RankedList:
    singles = scores.astype(np.float32)
    if len(rows) > k:
        # All that tie with the last one go on, so that the lower row wins.
        last = np.partition(singles, -k)[-k]
        rows, singles = rows[singles >= last], singles[singles >= last]
    return RankedList.of(rows, singles).head(k)
