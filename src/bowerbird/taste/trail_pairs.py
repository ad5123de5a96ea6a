"""Trails become counts of what followed what: directional, decaying with their distance in the trail.

A visit to `a` followed, `g` visits later, by one to `b` adds sqrt(s_a s_b) decay^(g-1) to what follows `a`, s
being the strengths, and `backward` times as much to what follows `b`: who wants a charger after a phone
seldom wants a phone after a charger, but a little is said about likeness.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError
from bowerbird.taste.trail import Trails

Keys = NDArray[np.int64]
Counts = NDArray[np.float64]
_BLOCK_VISITS = 1 << 20  # counted at once


@dataclass(frozen=True, slots=True)
class PairWeighing:
    """How pairs count. The values were chosen on the validation purchases of docs/experiments.md.

    Raises:
        InputError: a value is out of its range.
    """

    decay: float = 0.8  # of a pair's count for every visit between the two, in (0, 1]
    backward: float = 0.3  # what the later says about the earlier, as a share of the reverse, in [0, 1]
    window: int = 20  # visits further apart are no pair
    neighbours: int = 100  # kept of each listing

    def __post_init__(self) -> None:
        if not (0 < self.decay <= 1 and 0 <= self.backward <= 1 and self.window > 0 and self.neighbours > 0):
            raise InputError(
                f"decay {self.decay} must lie in (0, 1], backward {self.backward} in [0, 1], and window "
                f"{self.window} and neighbours {self.neighbours} must be 1 or more"
            )


def following_counts(trails: Trails, size: int, weighing: PairWeighing) -> tuple[Keys, Counts]:
    """Keys followed * size + follower, ascending, and the count of each; each listing's strongest only."""
    keys, counts = _forward_pairs(trails, size, weighing)
    if weighing.backward:
        reverse = keys % size * size + keys // size
        keys, counts = _summed([(keys, counts), (reverse, weighing.backward * counts)])
    return _strongest(keys, counts, size, weighing.neighbours)


def _forward_pairs(trails: Trails, size: int, weighing: PairWeighing) -> tuple[Keys, Counts]:
    """Keys earlier * size + later, ascending, and the count of each; a block of visits at a time."""
    roots = np.sqrt(trails.strengths)
    parts: list[tuple[Keys, Counts]] = [(np.empty(0, np.int64), np.empty(0))]
    for start in range(0, len(trails), _BLOCK_VISITS):
        found = []
        for gap in range(1, weighing.window + 1):
            earlier = np.arange(start, min(start + _BLOCK_VISITS, len(trails) - gap))
            earlier = earlier[trails.shoppers[earlier] == trails.shoppers[earlier + gap]]
            later = earlier + gap
            keys = trails.listings[earlier] * size + trails.listings[later]
            found.append((keys, roots[earlier] * roots[later] * weighing.decay ** (gap - 1)))
        parts.append(_summed(found))
        # Only when the new are as many as the old, so that each pair is sorted a few times at most.
        if sum(len(keys) for keys, _ in parts[1:]) >= len(parts[0][0]):
            parts = [_summed(parts)]
    return _summed(parts)


def _summed(parts: list[tuple[Keys, Counts]]) -> tuple[Keys, Counts]:
    """The keys of all `parts`, ascending and each once, with the sums of their counts."""
    keys = np.concatenate([part[0] for part in parts])
    counts = np.concatenate([part[1] for part in parts])
    if not len(keys):
        return keys, counts
    order = np.argsort(keys, kind="stable")
    keys, counts = keys[order], counts[order]
    starts = np.flatnonzero(np.r_[True, np.diff(keys) != 0])
    return keys[starts], np.add.reduceat(counts, starts)


def _strongest(keys: Keys, counts: Counts, size: int, most: int) -> tuple[Keys, Counts]:
    """The `most` highest counts of each listing, the lower neighbour first among equals; keys ascending."""
    listings = keys // max(size, 1)
    order = np.lexsort((keys, -counts, listings))
    ranks = np.arange(len(order)) - np.searchsorted(listings, listings[order])
    kept = np.sort(order[ranks < most])
    return keys[kept], counts[kept]
