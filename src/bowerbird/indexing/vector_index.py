"""Nearest neighbours by inner product of unit vectors: the protocol, and the reference that scans all."""

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Mask = NDArray[np.bool_]


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
        self, queries: Vectors, k: int, allowed: Mask | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The `k` best allowed rows of each query.

        Args:
            queries: (q, d) unit vectors.
            k: how many rows are wanted.
            allowed: (n,) True where a row may be answered; None allows all.

        Returns:
            (q, k) inner products, falling, and (q, k) rows; where fewer than k are allowed the rest is
            -inf and row -1. Equal scores put the lower row first.
        """

    def scores(self, query: Vectors, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """(m,) exact inner products of the (d,) `query` with `rows`."""

    def vectors(self, rows: NDArray[np.int64]) -> Vectors:
        """(m, d) stored vectors of `rows`, as exactly as they are kept."""

    def save(self, folder: Path) -> None:
        """Write into the existing empty `folder`."""
