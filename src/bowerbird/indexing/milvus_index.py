"""Approximate nearest neighbours by a Milvus cluster, scored exactly in the end.

Milvus holds the vectors in its memory, sharded over its nodes, and only proposes rows. The scores of an
answer are inner products with the float16 vectors that lie in the generation's folder, in a memory map: they
are those of an `ExactIndex` over the same rows, however coarsely Milvus keeps them.

What may be answered is a bitmap of this process, which no server can be sent. Of a search:

- few allowed rows are all scored here, and Milvus is not asked;
- else the conditions that the bitmap came from go along as a boolean expression over the columns;
- a few rows without the bitmap, and no conditions: those rows are named in the expression;
- whatever the expression does not say is filtered here, out of more candidates, four times as many each time.
"""

import logging
from math import ceil
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import NotFoundError
from bowerbird.indexing.exact_index import best_rows, check_queries, singles
from bowerbird.indexing.milvus_collection import MOST_HITS, MilvusCollection
from bowerbird.indexing.milvus_expression import expression
from bowerbird.indexing.milvus_settings import ABOUT, MilvusSettings, collection_of, write_collection
from bowerbird.indexing.vector_file import VectorFileWriter, inner_products_of_rows, map_vectors
from bowerbird.indexing.vector_index import Facts, Mask, Vectors, Within

log = logging.getLogger(__name__)

Rows = NDArray[np.int64]
_SCANNED_AT_MOST = 100_000  # rows that are scored here where Milvus cannot be told which they are


class MilvusIndex:
    """Unchanging rows of unit vectors; safe to search from several threads.

    Make one with `MilvusIndexBuilder`, and open it with `load`.
    """

    def __init__(
        self, collection: MilvusCollection, vectors: NDArray[np.float16], settings: MilvusSettings
    ) -> None:
        self.collection = collection
        self._vectors = vectors
        self.settings = settings

    @classmethod
    def load(cls, folder: Path, settings: MilvusSettings) -> Self:
        """The index that was built into `folder`.

        Raises:
            NotFoundError: the folder holds none.
            MismatchError: the server does not have its collection.
            UnavailableError: the server does not answer.
        """
        name = collection_of(folder)
        if name is None:
            raise NotFoundError(f"{folder} lacks {ABOUT}; run `bowerbird index` to build it anew")
        collection = MilvusCollection(name, settings)
        collection.load()
        return cls(collection, map_vectors(folder), settings)

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return int(self._vectors.shape[1])

    def __len__(self) -> int:
        return len(self._vectors)

    def search(
        self, queries: Vectors, k: int, allowed: Mask | None = None, within: Within | None = None
    ) -> tuple[NDArray[np.float32], Rows]:
        """The `k` best allowed rows of each query, as `VectorIndex.search` says, with exact scores.

        Milvus looks at 16,384 candidates of a query at most: where they hold fewer than `k` allowed rows, and
        these are too many to be scored here, fewer than `k` are answered, with a warning in the log.
        """
        queries = check_queries(queries, self.dimension, k)
        may = np.ones(len(self), bool) if allowed is None else np.zeros(len(self), bool)
        if allowed is not None:
            may[: len(allowed)] = allowed[: len(self)]
        count = int(np.count_nonzero(may))
        scores = np.full((len(queries), k), -np.inf, np.float32)
        found = np.full((len(queries), k), -1, np.int64)
        if count == 0:
            return scores, found
        scanned = count <= max(self.settings.gather_limit, k)
        proposals = None if scanned else self._proposals(queries, k, may, count, within)
        for i, query in enumerate(queries):
            rows = np.flatnonzero(may) if proposals is None else self._kept(proposals[i], may)
            if len(rows) < min(k, count):
                rows = self._more(may, count, rows, k)
            scores[i], found[i] = best_rows(self.scores(query, rows), rows, k)
        return scores, found

    def scores(self, query: Vectors, rows: Rows) -> NDArray[np.float32]:
        """(m,) exact inner products of the (d,) `query` with `rows`."""
        return inner_products_of_rows(query, self._vectors, rows)

    def vectors(self, rows: Rows) -> Vectors:
        """(m, d) float32, the float16 vectors of `rows`."""
        return singles(self._vectors[rows])

    def forget(self, rows: Rows) -> None:
        """Delete `rows`, which will not be allowed again, from the collection; again does no harm.

        A collection of another market, whose folder was copied here, is left as it is.

        Raises:
            UnavailableError: the server does not answer.
        """
        if self.settings.owns(self.collection.name):
            self.collection.delete(rows.tolist())

    def save(self, folder: Path) -> None:
        """Write into the existing empty `folder` what opens the same collection."""
        with VectorFileWriter(folder, self.dimension) as file:
            file.append(self._vectors)
        write_collection(folder, self.collection.name)

    def _proposals(self, queries: Vectors, k: int, may: Mask, count: int, within: Within | None) -> Rows:
        """(q, w) rows, of which as many are allowed as can be had."""
        conditions = within() if within is not None else ()
        forbidden = len(self) - count
        named = not conditions and forbidden <= self.settings.listed_limit
        filters = expression(conditions, np.flatnonzero(~may).tolist() if named else ())
        told = bool(conditions) or named
        width = ceil((k + self.settings.rerank) * (1 if told else len(self) / count))
        most = min(MOST_HITS, len(self))
        while True:
            width = min(width, most)
            rows = self.collection.propose(queries, width, filters)
            enough = min(len(self._kept(line, may)) for line in rows) >= min(k, count)
            if enough or width == most or (rows < 0).any():
                return rows
            width *= 4

    def _kept(self, rows: Rows, may: Mask) -> Rows:
        rows = rows[rows >= 0]
        return rows[may[rows]]

    def _more(self, may: Mask, count: int, rows: Rows, k: int) -> Rows:
        """All allowed rows, where too few were proposed and they are not too many to be scored here."""
        if count <= _SCANNED_AT_MOST:
            return np.flatnonzero(may)
        log.warning(
            "Milvus collection %s proposed %d of %d rows that were asked for, among %d allowed ones",
            *(self.collection.name, len(rows), k, count),
        )
        return rows


class MilvusIndexBuilder:
    """Fills a new collection, and the file of vectors beside it, batch by batch.

    Args:
        folder: the existing empty folder that the index is loaded from afterwards.
        part: what the vectors are of; it becomes a part of the collection's name.
        dimension: the length of a vector.
        settings: of the cluster.
    """

    def __init__(self, folder: Path, part: str, dimension: int, settings: MilvusSettings) -> None:
        self._collection = MilvusCollection(settings.new_collection(part), settings)
        # Written first, so that a build that is killed leaves word of what to drop.
        write_collection(folder, self._collection.name)
        self._collection.create(dimension)
        self._file = VectorFileWriter(folder, dimension)

    def add(self, vectors: NDArray[np.floating], facts: Facts) -> None:
        """Add the (m, d) unit `vectors` as the next rows, with the facts that filters read, (m,) by field."""
        first = len(self._file)
        self._file.append(vectors)
        self._collection.insert(first, vectors, facts)

    def finish(self) -> None:
        """Make the rows searchable.

        Raises:
            UnavailableError: the server failed, or took too long.
        """
        self._file.close()
        self._collection.seal(len(self._file))

    def close(self) -> None:
        """Let go of the file; after `finish` there is nothing to let go of."""
        self._file.close()
