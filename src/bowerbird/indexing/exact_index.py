"""The reference nearest-neighbour index: every allowed row is scored. It also holds the fresh, live rows.

Candidates come from one blocked matrix product; the few that may be answered are then scored again by
`inner_products`, which gives a vector the same score wherever it stands. Equal vectors thus tie exactly, and
every other index that scores with it equals this one in ids and scores.
"""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError, MismatchError, NotFoundError
from bowerbird.indexing.vector_index import Mask, Vectors, Within

Rows = NDArray[np.int64]

# A matrix product differs from `inner_products` by rounding only; unit vectors stay well inside this.
_ROUNDING = np.float32(1e-5)
_SIGN_AND_NUMBER = np.int32(~0x7000_0000)  # all but the copies of the sign that the shift left behind
_BIAS = np.float32(2.0**112)
_BLOCK_ROWS = 1024  # a gathered block stays in the processor cache
_SCORES_AT_ONCE = 1 << 24
_FILE = "vectors.npy"


def inner_products(query: Vectors, vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """(m,) inner products of the (d,) `query` with each of (m, d) `vectors`, one row at a time in float32.

    Unlike a matrix product the result of a row does not depend on its neighbours.
    """
    return np.asarray(np.vecdot(singles(vectors), query), np.float32)


def singles(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """`vectors` as float32; float16 ones must be finite.

    NumPy converts float16 number by number. Moving the bits to where float32 has them and multiplying by
    2**112, the difference of the exponents' biases, is exact and six times as fast.
    """
    if vectors.dtype != np.float16:
        return vectors.astype(np.float32, copy=False)
    bits = vectors.view(np.int16).astype(np.int32)
    bits <<= 13
    bits &= _SIGN_AND_NUMBER
    moved = bits.view(np.float32)
    moved *= _BIAS
    return moved


def best_rows(scores: NDArray[np.float32], rows: Rows, k: int) -> tuple[NDArray[np.float32], Rows]:
    """The `k` best of `rows` by falling score, the lower row first among equals, padded with -inf and -1."""
    order = np.lexsort((rows, -scores))[:k]
    best_scores = np.full(k, -np.inf, np.float32)
    best = np.full(k, -1, np.int64)
    best_scores[: len(order)], best[: len(order)] = scores[order], rows[order]
    return best_scores, best


def check_queries(queries: Vectors, dimension: int, k: int) -> Vectors:
    """`queries` as contiguous (q, dimension) float32.

    Raises:
        MismatchError: the queries have another dimension than the index.
        InputError: `k` is below 1.
    """
    if queries.ndim != 2 or queries.shape[1] != dimension:
        raise MismatchError(
            f"the index holds vectors of {dimension} numbers, but queries of shape {queries.shape} were "
            "given; use the encoder that the index was built with, or run `bowerbird index`"
        )
    if k < 1:
        raise InputError(f"k must be 1 or more, but {k} was given")
    return np.ascontiguousarray(queries, np.float32)


class ExactIndex:
    """Growing rows of unit vectors that are scanned whole; safe to search while one thread appends.

    Args:
        dimension: the length of a vector.
        dtype: float32, or float16 for half the memory and about four digits.
    """

    def __init__(self, dimension: int, dtype: type[np.float32 | np.float16] = np.float32) -> None:
        self._rows: NDArray[Any] = np.empty((16, dimension), dtype)
        self._count = 0
        self._appending = threading.Lock()

    @classmethod
    def of(cls, vectors: NDArray[np.floating], dtype: type[np.float32 | np.float16] = np.float32) -> Self:
        """The index of the (n, d) `vectors`."""
        index = cls(vectors.shape[1], dtype)
        index.append(vectors)
        return index

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The index that `save` wrote into `folder`.

        Raises:
            NotFoundError: the folder holds none.
        """
        if not (folder / _FILE).is_file():
            raise NotFoundError(f"{folder} holds no {_FILE}; run `bowerbird index` to build a new index")
        vectors = np.load(folder / _FILE, allow_pickle=False)
        return cls.of(vectors, vectors.dtype.type)

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return int(self._rows.shape[1])

    @property
    def stored(self) -> NDArray[Any]:
        """(n, d) view of all vectors, of the index's dtype."""
        count = self._count
        return self._rows[:count]

    def __len__(self) -> int:
        return self._count

    def append(self, vectors: NDArray[np.floating]) -> None:
        """Add the (m, d) `vectors` as the next rows, in amortised constant time each.

        Raises:
            MismatchError: the vectors have another dimension than the index.
        """
        if vectors.ndim != 2 or vectors.shape[1] != self.dimension:
            raise MismatchError(
                f"the index holds vectors of {self.dimension} numbers, but an array of shape {vectors.shape} "
                "was given; encode the listings with the encoder that the index was built with"
            )
        with self._appending:
            count = self._count + len(vectors)
            if count > len(self._rows):
                grown = np.empty((max(count, 2 * len(self._rows)), self.dimension), self._rows.dtype)
                grown[: self._count] = self._rows[: self._count]
                self._rows = grown
            self._rows[self._count : count] = vectors
            self._count = count

    def search(
        self,
        queries: Vectors,
        k: int,
        allowed: Mask | None = None,
        within: Within | None = None,  # noqa: ARG002  the bitmap says it all
    ) -> tuple[NDArray[np.float32], Rows]:
        """The `k` best allowed rows of each query, as `VectorIndex.search` says.

        Rows that `allowed` is too short to speak of are not answered.
        """
        queries = check_queries(queries, self.dimension, k)
        count = self._count  # read before the rows: these are never shorter than an earlier count
        rows = np.arange(count) if allowed is None else np.flatnonzero(allowed[:count])
        scores = np.full((len(queries), k), -np.inf, np.float32)
        found = np.full((len(queries), k), -1, np.int64)
        step = max(1, _SCORES_AT_ONCE // max(1, len(rows)))
        for start in range(0, len(queries), step):
            chunk = queries[start : start + step]
            products = self._products(chunk, rows, everything=allowed is None)
            for i, (query, line) in enumerate(zip(chunk, products, strict=True), start):
                near = _contenders(line, k)
                exact = inner_products(query, self._rows[rows[near]])
                scores[i], found[i] = best_rows(exact, rows[near], k)
        return scores, found

    def scores(self, query: Vectors, rows: Rows) -> NDArray[np.float32]:
        """(m,) exact inner products of the (d,) `query` with `rows`."""
        return inner_products(query, self._rows[rows])

    def vectors(self, rows: Rows) -> Vectors:
        """(m, d) float32, the stored vectors of `rows`."""
        return singles(self._rows[rows])

    def forget(self, rows: Rows) -> None:
        """Nothing can be removed, and nothing need be: the bitmap of allowed rows is enough."""

    def save(self, folder: Path) -> None:
        """Write into the existing empty `folder`."""
        np.save(folder / _FILE, self._rows[: self._count], allow_pickle=False)

    def _products(self, queries: Vectors, rows: Rows, *, everything: bool) -> NDArray[np.float32]:
        products = np.empty((len(queries), len(rows)), np.float32)
        for part in _blocks(len(rows)):
            vectors = self._rows[part] if everything else self._rows[rows[part]]
            if len(queries) == 1:  # a product that BLAS splits over threads costs more than it takes
                products[0, part] = inner_products(queries[0], vectors)
            else:
                np.matmul(queries, singles(vectors).T, out=products[:, part])
        return products


def _blocks(count: int) -> Iterator[slice]:
    for start in range(0, count, _BLOCK_ROWS):
        yield slice(start, min(start + _BLOCK_ROWS, count))


def _contenders(scores: NDArray[np.float32], k: int) -> Rows:
    """Positions that may belong to the best `k` once scored without the rounding of a matrix product."""
    if len(scores) <= k:
        return np.arange(len(scores))
    threshold = np.partition(scores, len(scores) - k)[len(scores) - k]
    return np.flatnonzero(scores >= threshold - 2 * _ROUNDING)
