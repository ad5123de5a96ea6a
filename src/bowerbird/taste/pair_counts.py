"""How often one listing followed another, kept as bounded lists of neighbours and counted on event by event.

Counting all trails at once (trail_pairs) and counting event by event give the same. Each listing keeps its
strongest neighbours only, so memory is bounded by listings x neighbours: at a million listings and 100
neighbours at most 800 MB, and as much less as listings have fewer.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError
from bowerbird.taste.growing_array import GrowingArray
from bowerbird.taste.trail import Trail, Trails
from bowerbird.taste.trail_pairs import PairWeighing, following_counts

Listings = NDArray[np.int64]
Weights = NDArray[np.float64]


class PairCounts:
    """For each listing the listings that followed it, with their counts.

    Args:
        starts: (n + 1,) where each listing's neighbours begin.
        neighbours: (p,) the neighbours of listing 0, of listing 1 and so on, ascending within a listing.
        counts: (p,) their counts.
        visits: (n,) the summed strength of the visits to each listing.
        weighing: how pairs count.
    """

    def __init__(
        self,
        starts: NDArray[np.int64],
        neighbours: NDArray[np.int32],
        counts: NDArray[np.float32],
        visits: Weights,
        weighing: PairWeighing,
    ) -> None:
        self.weighing = weighing
        self._starts, self._neighbours, self._counts = starts, neighbours, counts
        self._visits = GrowingArray(np.array(visits))
        self._live: dict[int, dict[int, float]] = {}  # the whole row of each listing that changed

    def __len__(self) -> int:
        return len(self._visits)

    @classmethod
    def fit(cls, trails: Trails, size: int, weighing: PairWeighing | None = None) -> "PairCounts":
        """The counts of all `trails` in a market of `size` listings.

        Raises:
            InputError: a trail names a listing that the market has not.
        """
        if len(trails) and trails.listings.max() >= size:
            raise InputError(f"a trail names listing {trails.listings.max()} of a market of {size}")
        weighing = weighing or PairWeighing()
        keys, counts = following_counts(trails, size, weighing)
        starts = np.searchsorted(keys // size, np.arange(size + 1))
        visits = np.bincount(trails.listings, weights=trails.strengths, minlength=size).astype(np.float64)
        return cls(starts, (keys % size).astype(np.int32), counts.astype(np.float32), visits, weighing)

    @property
    def visits(self) -> Weights:
        """(n,) the summed strength of the visits to each listing."""
        return self._visits.view

    def neighbours(self, listing: int) -> tuple[Listings, Weights]:
        """The listings that followed `listing`, and their counts."""
        if listing in self._live:
            row = self._live[listing]
            return np.fromiter(row, np.int64, len(row)), np.fromiter(row.values(), np.float64, len(row))
        start, stop = self._span(listing)
        return (
            self._neighbours[start:stop].astype(np.int64),
            self._counts[start:stop].astype(np.float64),
        )

    def append(self, count: int = 1) -> None:
        """Take `count` listings more, which nothing follows yet."""
        self._visits.append(np.zeros(count))

    def count(self, trail: Trail, listing: int, strength: float) -> None:
        """Count one more event of a shopper whose trail was `trail`; it acts on the next answer.

        A listing that is in the trail already only gains what this event is stronger than those before.

        Raises:
            InputError: the event or the trail is with a listing that the market has not.
        """
        for named in (listing, *trail.listings):
            if not 0 <= named < len(self):
                raise InputError(f"an event names listing {named} of a market of {len(self)}")
        before = trail.strength_of(listing)
        if strength <= before:
            return
        gain = strength**0.5 - before**0.5
        position = trail.listings.index(listing) if before else len(trail.listings)
        weighing = self.weighing
        self._visits.view[listing] += strength - before
        for other_position, other in enumerate(trail.listings):
            gap = abs(position - other_position)
            if 0 < gap <= weighing.window:
                amount = gain * trail.strengths[other_position] ** 0.5 * weighing.decay ** (gap - 1)
                pair = (other, listing) if other_position < position else (listing, other)
                self._add(*pair, amount)
                self._add(*pair[::-1], weighing.backward * amount)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What `of_arrays` takes back, with everything counted since."""
        live = {listing: sorted(row.items()) for listing, row in self._live.items()}
        rows = [self._row(listing, live) for listing in range(len(self))]
        lengths = [len(neighbours) for neighbours, _ in rows]
        empty = (np.empty(0, np.int32), np.empty(0, np.float32))
        return {
            "starts": np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            "neighbours": np.concatenate([empty[0], *(row[0] for row in rows)]),
            "counts": np.concatenate([empty[1], *(row[1] for row in rows)]),
            "visits": np.array(self.visits),
        }

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]], weighing: PairWeighing) -> "PairCounts":
        """The counts that `arrays` gave."""
        return cls(arrays["starts"], arrays["neighbours"], arrays["counts"], arrays["visits"], weighing)

    def _span(self, listing: int) -> tuple[int, int]:
        if listing >= len(self._starts) - 1:
            return 0, 0
        return int(self._starts[listing]), int(self._starts[listing + 1])

    def _row(
        self, listing: int, live: Mapping[int, list[tuple[int, float]]]
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        if listing in live:
            row = live[listing]
            neighbours, counts = zip(*row, strict=True)
            return np.array(neighbours, np.int32), np.array(counts, np.float32)
        span = slice(*self._span(listing))
        return self._neighbours[span], self._counts[span]

    def _add(self, listing: int, neighbour: int, amount: float) -> None:
        if not amount:
            return
        row = self._live.get(listing)
        if row is None:
            span = slice(*self._span(listing))
            row = dict(zip(self._neighbours[span].tolist(), self._counts[span].tolist(), strict=True))
            self._live[listing] = row
        row[neighbour] = row.get(neighbour, 0.0) + amount
        # Twice the room, so that sorting is rare and a newcomer has time to gather counts.
        if len(row) > 2 * self.weighing.neighbours:
            best = sorted(row.items(), key=lambda item: (-item[1], item[0]))[: self.weighing.neighbours]
            self._live[listing] = dict(best)
