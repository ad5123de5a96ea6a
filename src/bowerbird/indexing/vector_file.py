"""Vectors as float16 in one .npy file: written as they come, read through a memory map."""

from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import MismatchError
from bowerbird.indexing.exact_index import inner_products
from bowerbird.indexing.vector_index import Vectors

FILE = "vectors.npy"
_GATHER_ROWS = 256  # larger temporary arrays come from the system page by page, at twice the time


def inner_products_of_rows(
    query: Vectors, vectors: NDArray[np.floating], rows: NDArray[np.int64]
) -> NDArray[np.float32]:
    """(m,) exact inner products of the (d,) `query` with `rows` of the (n, d) `vectors`, a memory map say."""
    scores = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _GATHER_ROWS):
        part = slice(start, start + _GATHER_ROWS)
        scores[part] = inner_products(query, vectors[rows[part]])
    return scores


def map_vectors(folder: Path) -> NDArray[np.float16]:
    """(n, d) vectors of the file in `folder`; they stay on disk."""
    vectors: NDArray[np.float16] = np.load(folder / FILE, mmap_mode="r", allow_pickle=False)
    return vectors


class VectorFileWriter:
    """Appends to a new file in `folder`; use it as a context.

    Nothing but the batch at hand is in memory.
    """

    def __init__(self, folder: Path, dimension: int) -> None:
        self._dimension = dimension
        self._count = 0
        self._file: BinaryIO = (folder / FILE).open("wb")
        self._write_header()

    def __len__(self) -> int:
        return self._count

    def append(self, vectors: NDArray[np.floating]) -> None:
        """Add the (m, d) `vectors` as the next rows.

        Raises:
            MismatchError: they have another dimension.
        """
        if vectors.ndim != 2 or vectors.shape[1] != self._dimension:
            raise MismatchError(
                f"the index holds vectors of {self._dimension} numbers, but an array of shape "
                f"{vectors.shape} was given; encode the listings with the encoder that it is built with"
            )
        self._file.write(np.ascontiguousarray(vectors, np.float16).tobytes())
        self._count += len(vectors)

    def close(self) -> None:
        """Write how many there are, which makes the file whole."""
        if not self._file.closed:
            self._file.seek(0)
            self._write_header()
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write_header(self) -> None:
        # NumPy leaves room for the count to grow, so that the header can be written again in place.
        about = {"descr": "<f2", "fortran_order": False, "shape": (self._count, self._dimension)}
        np.lib.format.write_array_header_1_0(self._file, about)
