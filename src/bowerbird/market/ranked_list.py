"""The one form in which every retriever and ranker answers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError

Rows = NDArray[np.int64]
Scores = NDArray[np.float32]
_SIGN = np.uint32(1 << 31)


@dataclass(frozen=True, slots=True, eq=False)
class RankedList:
    """Unique listing rows with non-increasing scores; higher is better.

    Raises:
        InputError: rows repeat, lengths differ, or a score rises.
    """

    rows: Rows  # (n,)
    scores: Scores  # (n,)

    def __post_init__(self) -> None:
        if self.rows.shape != self.scores.shape or self.rows.ndim != 1:
            raise InputError(
                f"rows {self.rows.shape} and scores {self.scores.shape} must be equal 1-d arrays"
            )
        if (self.scores[1:] > self.scores[:-1]).any():
            raise InputError("scores must not rise along a ranked list")
        # Sorting finds repeats in a tenth of the time of np.unique, which hashes.
        ordered = self.rows.copy()
        ordered.sort()
        if (ordered[1:] == ordered[:-1]).any():
            raise InputError("a ranked list holds each row once")

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def empty(cls) -> "RankedList":
        """A list of nothing."""
        return cls(np.empty(0, np.int64), np.empty(0, np.float32))

    @classmethod
    def of(cls, rows: NDArray[np.integer], scores: NDArray[np.floating]) -> "RankedList":
        """The list of `rows` by falling score; equal scores keep the lower row first; rows must be unique.

        Rows are below 2**32 and no score is NaN. A sort by two keys is slow, so both become one number: the
        score's bits, turned so that they fall as it rises, above the row.
        """
        bits = (np.asarray(scores, np.float32) + np.float32(0)).view(np.uint32)  # + 0: there is one zero
        falling = np.where(bits & _SIGN, bits, ~(bits | _SIGN))
        keys = (falling.astype(np.uint64) << np.uint64(32)) | rows.astype(np.uint64)
        keys.sort()
        falling = (keys >> np.uint64(32)).astype(np.uint32)
        bits = np.where(falling & _SIGN, falling, ~falling & ~_SIGN)
        return cls((keys & np.uint64(0xFFFF_FFFF)).astype(np.int64), bits.view(np.float32))

    def head(self, k: int) -> "RankedList":
        """The first `k`."""
        return self._part(slice(k))

    def where(self, kept: NDArray[np.bool_]) -> "RankedList":
        """Those at which the (n,) `kept` is True."""
        return self._part(kept)

    def _part(self, part: slice | NDArray[np.bool_]) -> "RankedList":
        """A part of a list is one too: to check it again would take longer than to cut it."""
        cut = object.__new__(RankedList)
        object.__setattr__(cut, "rows", self.rows[part])
        object.__setattr__(cut, "scores", self.scores[part])
        return cut


def among(rows: Rows, others: Rows) -> NDArray[np.bool_]:
    """(n,) whether each of `rows` is one of `others`: looked up in a table, where np.isin would sort."""
    if not len(rows) or not len(others):
        return np.zeros(len(rows), bool)
    table = np.zeros(max(int(rows.max()), int(others.max())) + 1, bool)
    table[others] = True
    return table[rows]
