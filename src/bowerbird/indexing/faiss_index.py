"""Approximate nearest neighbours by FAISS, scored exactly in the end.

FAISS only proposes rows, from compressed codes; the scores of an answer are inner products with the float16
vectors kept beside it in a memory map, so they are those of an `ExactIndex` over the same float16 rows.
Filters act before the cut: few allowed rows are all scored, many go to FAISS as a bitmap and make it look
further.

RaBitQ: Gao and Long, 2024 (arXiv 2405.12497). HNSW: Malkov and Yashunin, 2016 (arXiv 1603.09320).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self, TypeAlias

import faiss as typed_faiss
import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError, MismatchError, NotFoundError
from bowerbird.indexing.exact_index import best_rows, check_queries, singles
from bowerbird.indexing.vector_file import inner_products_of_rows
from bowerbird.indexing.vector_index import Mask, Vectors, Within
from bowerbird.indexing.vector_index_settings import VectorIndexSettings

Rows = NDArray[np.int64]
# Its stubs describe the C++ library, not the Python classes around it.
faiss: Any = typed_faiss
_FaissLibraryIndex: TypeAlias = Any
_GRAPH, _VECTORS, _ABOUT = "index.faiss", "vectors.npy", "about.json"
_CHUNK_ROWS = 65_536
_ROUNDING = 1e-5
_SCANNED_SHARE = 0.1  # an HNSW graph loses its way where fewer rows are allowed


class FaissIndex:
    """Unchanging rows of unit vectors; safe to search from several threads.

    Make one with `build` or `load`.
    """

    def __init__(
        self,
        proposer: _FaissLibraryIndex,
        vectors: NDArray[np.float16],
        kind: str,
        settings: VectorIndexSettings,
    ) -> None:
        self._proposer = proposer
        self._vectors = vectors
        self._settings = settings
        self.kind = kind

    @classmethod
    def build(cls, vectors: NDArray[np.floating], settings: VectorIndexSettings | None = None) -> Self:
        """The index of (n, d) unit `vectors`; the same vectors and settings give the same index.

        Float16 vectors (a memory map, say) are used where they are; others are copied to float16.
        """
        settings = settings or VectorIndexSettings()
        kept = vectors.astype(np.float16, copy=False)
        kind = settings.kind_for(len(kept))
        return cls(_proposer(kept, kind, settings), kept, kind, settings)

    @classmethod
    def load(cls, folder: Path, settings: VectorIndexSettings | None = None) -> Self:
        """The index that `save` wrote into `folder`; the vectors stay on disk.

        It is searched by `settings`, or else by those that it was built with.

        Raises:
            NotFoundError: the folder holds none.
            MismatchError: its files do not belong together.
        """
        missing = [name for name in (_GRAPH, _VECTORS, _ABOUT) if not (folder / name).is_file()]
        if missing:
            raise NotFoundError(
                f"{folder} lacks {', '.join(missing)}; run `bowerbird index` to build it anew"
            )
        about = json.loads((folder / _ABOUT).read_text())
        # As a plain array over the map: its own type costs as much again with every small gather.
        vectors = np.load(folder / _VECTORS, mmap_mode="r", allow_pickle=False).view(np.ndarray)
        proposer = _read(folder / _GRAPH)
        if (proposer.ntotal, proposer.d) != vectors.shape:
            raise MismatchError(
                f"{folder} holds {vectors.shape} vectors, but a FAISS index of "
                f"({proposer.ntotal}, {proposer.d}); run `bowerbird index` to build it anew"
            )
        return cls(proposer, vectors, about["kind"], settings or VectorIndexSettings(**about["settings"]))

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return int(self._vectors.shape[1])

    def __len__(self) -> int:
        return len(self._vectors)

    def search(
        self,
        queries: Vectors,
        k: int,
        allowed: Mask | None = None,
        within: Within | None = None,  # noqa: ARG002  the bitmap says it all
    ) -> tuple[NDArray[np.float32], Rows]:
        """The `k` best allowed rows of each query, as `VectorIndex.search` says, with exact scores."""
        queries = check_queries(queries, self.dimension, k)
        bitmap, count = self._bitmap(allowed)
        scores = np.full((len(queries), k), -np.inf, np.float32)
        found = np.full((len(queries), k), -1, np.int64)
        if count == 0:
            return scores, found
        proposals = None if self._must_scan(count, k) else self._propose(queries, k, bitmap, count)
        for i, query in enumerate(queries):
            if proposals is not None:
                rows = proposals[i][proposals[i] >= 0]
                scores[i], found[i] = best_rows(self.scores(query, rows), rows, k)
            if proposals is None or self._is_unsure(query, rows, scores[i], min(k, count)):
                rows = _rows_of(bitmap, len(self))
                scores[i], found[i] = best_rows(self.scores(query, rows), rows, k)
        return scores, found

    def scores(self, query: Vectors, rows: Rows) -> NDArray[np.float32]:
        """(m,) exact inner products of the (d,) `query` with `rows`."""
        return inner_products_of_rows(query, self._vectors, rows)

    def vectors(self, rows: Rows) -> Vectors:
        """(m, d) float32, the float16 vectors of `rows`."""
        return singles(self._vectors[rows])

    def forget(self, rows: Rows) -> None:
        """Nothing can be removed, and nothing need be: the bitmap of allowed rows is enough."""

    def save(self, folder: Path) -> None:
        """Write into the existing empty `folder`."""
        faiss.write_index(self._proposer, str(folder / _GRAPH))
        np.save(folder / _VECTORS, self._vectors, allow_pickle=False)
        about = {"kind": self.kind, "settings": asdict(self._settings)}
        (folder / _ABOUT).write_text(json.dumps(about, indent=1))

    def _bitmap(self, allowed: Mask | None) -> tuple[NDArray[np.uint8] | None, int]:
        if allowed is None:
            return None, len(self)
        allowed = allowed[: len(self)]
        bitmap = np.zeros((len(self) + 7) // 8, np.uint8)
        packed = np.packbits(allowed, bitorder="little")
        bitmap[: len(packed)] = packed
        return bitmap, int(np.count_nonzero(allowed))

    def _must_scan(self, count: int, k: int) -> bool:
        if self.kind == "flat" and count == len(self):
            return False
        limit = max(self._settings.gather_limit, 4 * k)
        if self.kind == "hnsw":
            limit = max(limit, int(_SCANNED_SHARE * len(self)))
        return count <= limit

    def _is_unsure(self, query: Vectors, rows: Rows, scores: NDArray[np.float32], wanted: int) -> bool:
        """Whether too few rows were proposed, or a scan of all stopped amid equal scores."""
        if len(rows) < wanted or self.kind != "flat":
            return len(rows) < wanted
        last = self.scores(query, rows[-1:])[0]
        return len(rows) > wanted and bool(scores[wanted - 1] - last < _ROUNDING)

    def _propose(self, queries: Vectors, k: int, bitmap: NDArray[np.uint8] | None, allowed: int) -> Rows:
        count, width = len(self), min(k + self._settings.rerank, len(self))
        chosen: dict[str, Any] = {}
        if bitmap is not None:
            chosen["sel"] = faiss.IDSelectorBitmap(bitmap)
        if self.kind == "ivf":
            nprobe = self._settings.nprobe_for(
                count=count, allowed=allowed, lists=self._proposer.nlist, width=width
            )
            parameters = faiss.SearchParametersIVF(nprobe=nprobe, **chosen)
        elif self.kind == "hnsw":
            effort = max(width, self._settings.search_width_for(count=count, allowed=allowed))
            parameters = faiss.SearchParametersHNSW(efSearch=effort, **chosen)
        else:
            parameters = faiss.SearchParameters(**chosen)
        with _threads(1 if len(queries) == 1 else None):
            _, rows = self._proposer.search(queries, width, params=parameters)
        return np.asarray(rows, np.int64)


def _proposer(vectors: NDArray[np.float16], kind: str, settings: VectorIndexSettings) -> _FaissLibraryIndex:
    count, dimension = vectors.shape
    recipe = {
        "flat": "SQfp16",
        "hnsw": f"HNSW{settings.hnsw_links},SQfp16",
        "ivf": f"IVF{settings.lists_for(count)},{settings.codes}",
    }[kind]
    try:
        proposer = faiss.index_factory(dimension, recipe, faiss.METRIC_INNER_PRODUCT)
    except RuntimeError as error:
        raise InputError(f"FAISS cannot make an index {recipe!r} for {dimension} numbers: {error}") from error
    if kind == "hnsw":
        proposer.hnsw.efConstruction = settings.hnsw_build_width
    if kind == "ivf":
        proposer.cp.seed = settings.seed
        proposer.cp.min_points_per_centroid = 1
        _train(proposer, vectors, settings)
    # A graph grown by several threads depends on their timing.
    with _threads(1 if kind == "hnsw" else None):
        for start in range(0, count, _CHUNK_ROWS):
            proposer.add(vectors[start : start + _CHUNK_ROWS].astype(np.float32))
    return proposer


def _train(proposer: _FaissLibraryIndex, vectors: NDArray[np.float16], settings: VectorIndexSettings) -> None:
    wanted = settings.training_rows_per_list * proposer.nlist
    sample = np.arange(len(vectors))
    if wanted < len(vectors):
        sample = np.sort(np.random.default_rng(settings.seed).choice(len(vectors), wanted, replace=False))
    proposer.train(vectors[sample].astype(np.float32))


def _read(path: Path) -> _FaissLibraryIndex:
    try:
        return faiss.read_index(str(path))
    except RuntimeError as error:
        raise MismatchError(
            f"{path} cannot be read ({error}); run `bowerbird index` to build it anew"
        ) from error


def _rows_of(bitmap: NDArray[np.uint8] | None, count: int) -> Rows:
    if bitmap is None:
        return np.arange(count)
    return np.flatnonzero(np.unpackbits(bitmap, count=count, bitorder="little"))


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """FAISS on `count` OpenMP threads of the calling thread: for one query, starting more costs more."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(count or before)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
