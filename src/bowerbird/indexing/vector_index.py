"""Nearest neighbours by inner product of unit vectors: the protocol, and the reference that scans all."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bowerbird.market.conditions import Condition

Vectors = NDArray[np.float32]
Mask = NDArray[np.bool_]
# Conditions on columns that every allowed row meets, worked out only for an index that can make use of them.
Within = Callable[[], Sequence[Condition]]
Facts = Mapping[str, NDArray[Any]]  # (m,) values of columns, by name


class VectorIndex(Protocol):
    """Rows 0..n-1 of unit vectors.

    Rows are never removed: `allowed` is the bitmap of the rows that may be answered (live and filtered), and
    it acts before the cut to `k`.
    """

    @property
    def dimension(self) -> int:
        """The length of a vector."""

    def __len__(self) -> int:
        """How many rows."""

    def search(
        self, queries: Vectors, k: int, allowed: Mask | None = None, within: Within | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The `k` best allowed rows of each query.

        Args:
            queries: (q, d) unit vectors.
            k: how many rows are wanted.
            allowed: (n,) True where a row may be answered; None allows all.
            within: what all allowed rows have in common; it narrows a search, and changes no answer.

        Returns:
            (q, k) inner products, falling, and (q, k) rows; where fewer than k are allowed the rest is
            -inf and row -1. Equal scores put the lower row first.
        """

    def scores(self, query: Vectors, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """(m,) exact inner products of the (d,) `query` with `rows`."""

    def vectors(self, rows: NDArray[np.int64]) -> Vectors:
        """(m, d) stored vectors of `rows`, as exactly as they are kept."""

    def forget(self, rows: NDArray[np.int64]) -> None:
        """Let go of `rows`, which will never be allowed again, where that is of use; their numbers stay."""

    def save(self, folder: Path) -> None:
        """Write into the existing empty `folder`."""


class VectorIndexBuilder(Protocol):
    """Makes an index in a folder; its rows come batch by batch, in order."""

    def add(self, vectors: NDArray[np.floating], facts: Facts) -> None:
        """Add the (m, d) unit `vectors` as the next rows, with the columns that filters read."""

    def finish(self) -> None:
        """Make the index whole."""

    def close(self) -> None:
        """Let go of files, whether it was finished or not."""
