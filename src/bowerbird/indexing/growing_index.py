"""A large index that never changes and a small exact one that grows: together one index of continuing rows.

New listings are searchable as soon as they are appended; compaction builds a new main part from both.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import MismatchError
from bowerbird.indexing.exact_index import ExactIndex, best_rows
from bowerbird.indexing.vector_index import Mask, VectorIndex, Vectors, Within

Rows = NDArray[np.int64]
MAIN_FOLDER = "main"
FRESH_FOLDER = "fresh"


class GrowingIndex:
    """Rows 0..len(main)-1 are those of `main`; the rows of `fresh` (None: an empty one) follow.

    Raises:
        MismatchError: the two parts hold vectors of different lengths.
    """

    def __init__(self, main: VectorIndex, fresh: ExactIndex | None = None) -> None:
        fresh = ExactIndex(main.dimension) if fresh is None else fresh
        if main.dimension != fresh.dimension:
            raise MismatchError(
                f"the main index holds vectors of {main.dimension} numbers and the fresh one of "
                f"{fresh.dimension}; run `bowerbird index` to build both with one encoder"
            )
        self.main = main
        self.fresh = fresh

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self.main.dimension

    @property
    def fresh_rows(self) -> int:
        """How many rows were appended: compaction is due when they are many."""
        return len(self.fresh)

    def __len__(self) -> int:
        return len(self.main) + len(self.fresh)

    def append(self, vectors: NDArray[np.floating]) -> None:
        """Add the (m, d) `vectors` as the next rows."""
        self.fresh.append(vectors)

    def search(
        self, queries: Vectors, k: int, allowed: Mask | None = None, within: Within | None = None
    ) -> tuple[NDArray[np.float32], Rows]:
        """The `k` best allowed rows of each query over both parts, as `VectorIndex.search` says."""
        split = len(self.main)
        in_main = None if allowed is None else allowed[:split]
        main_scores, main_rows = self.main.search(queries, k, in_main, within)
        if not len(self.fresh):
            return main_scores, main_rows
        fresh_scores, fresh_rows = self.fresh.search(queries, k, None if allowed is None else allowed[split:])
        for i in range(len(queries)):
            found = fresh_rows[i] >= 0
            kept = main_rows[i] >= 0
            main_scores[i], main_rows[i] = best_rows(
                np.concatenate([main_scores[i][kept], fresh_scores[i][found]]),
                np.concatenate([main_rows[i][kept], fresh_rows[i][found] + split]),
                k,
            )
        return main_scores, main_rows

    def scores(self, query: Vectors, rows: Rows) -> NDArray[np.float32]:
        """(m,) exact inner products of the (d,) `query` with `rows`."""
        in_main = rows < len(self.main)
        if in_main.all():
            return self.main.scores(query, rows)
        scores = np.empty(len(rows), np.float32)
        scores[in_main] = self.main.scores(query, rows[in_main])
        scores[~in_main] = self.fresh.scores(query, rows[~in_main] - len(self.main))
        return scores

    def vectors(self, rows: Rows) -> Vectors:
        """(m, d) float32, the stored vectors of `rows`."""
        in_main = rows < len(self.main)
        if in_main.all():
            return self.main.vectors(rows)
        vectors = np.empty((len(rows), self.dimension), np.float32)
        vectors[in_main] = self.main.vectors(rows[in_main])
        vectors[~in_main] = self.fresh.vectors(rows[~in_main] - len(self.main))
        return vectors

    def forget(self, rows: Rows) -> None:
        """Let the main part go of those `rows` that are its own, as `VectorIndex.forget` says."""
        of_main = rows[rows < len(self.main)]
        if len(of_main):
            self.main.forget(of_main)

    def save(self, folder: Path) -> None:
        """Write the parts into `main/` and `fresh/` of the existing empty `folder`.

        To load, load each part with its own class and join them again.
        """
        for part, name in ((self.main, MAIN_FOLDER), (self.fresh, FRESH_FOLDER)):
            (folder / name).mkdir()
            part.save(folder / name)
