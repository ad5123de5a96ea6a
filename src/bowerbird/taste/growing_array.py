"""An array that grows at its end without being copied each time."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


class GrowingArray:
    """Rows of one dtype and shape; room doubles as it fills, so appending is amortised O(1).

    Args:
        first: the rows to begin with; they are not copied until the first append.
    """

    def __init__(self, first: NDArray[Any]) -> None:
        self._room = first
        self._length = len(first)

    def __len__(self) -> int:
        return self._length

    @property
    def view(self) -> NDArray[Any]:
        """(n, ...) all rows; a view, which later appends do not change."""
        return self._room[: self._length]

    def append(self, rows: ArrayLike) -> None:
        """Add (m, ...) `rows` at the end."""
        added = np.asarray(rows, self._room.dtype)
        wanted = self._length + len(added)
        if wanted > len(self._room):
            room = np.zeros((max(16, 2 * wanted), *self._room.shape[1:]), self._room.dtype)
            room[: self._length] = self.view
            self._room = room
        self._room[self._length : wanted] = added
        self._length = wanted
