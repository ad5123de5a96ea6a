"""Where the vectors of a generation are kept and searched: beside it by FAISS, or in a Milvus cluster.

What a folder holds says where its vectors are, whatever the settings say of new ones.
"""

import importlib.util
import logging
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import MismatchError, UnavailableError
from bowerbird.indexing.exact_index import ExactIndex
from bowerbird.indexing.faiss_index import FaissIndex
from bowerbird.indexing.milvus_settings import MilvusSettings, collection_of
from bowerbird.indexing.vector_index import Facts, VectorIndex, VectorIndexBuilder
from bowerbird.indexing.vector_index_settings import VectorIndexSettings

if TYPE_CHECKING:
    from bowerbird.indexing.milvus_collection import MilvusCollection

log = logging.getLogger(__name__)

PARTS = ("texts", "photos")


@dataclass(frozen=True, slots=True)
class VectorStorage:
    """Builds, opens and drops the vectors of generations.

    Args:
        faiss: how FAISS indexes are built and searched.
        milvus: the cluster; None where the settings name none.
        in_milvus: whether new generations go there.
    """

    faiss: VectorIndexSettings
    milvus: MilvusSettings | None = None
    in_milvus: bool = False

    def builder(self, folder: Path, part: str, dimension: int) -> VectorIndexBuilder:
        """Builds the index of `part` into the existing empty `folder`.

        Raises:
            UnavailableError: Milvus does not answer, or its client is not installed.
        """
        if not self.in_milvus:
            return FaissIndexBuilder(folder, dimension, self.faiss)
        settings = self._cluster(folder)
        # pymilvus takes a second to import, and is installed only where it is used.
        from bowerbird.indexing.milvus_index import MilvusIndexBuilder

        return MilvusIndexBuilder(folder, part, dimension, settings)

    def load(self, folder: Path) -> VectorIndex:
        """The index that was built into `folder`.

        Raises:
            NotFoundError: the folder holds none.
            MismatchError: its files, or its collection, are not what they were.
            UnavailableError: it is in Milvus, which does not answer or whose client is not installed.
        """
        if collection_of(folder) is None:
            return FaissIndex.load(folder, self.faiss)
        settings = self._cluster(folder)
        from bowerbird.indexing.milvus_index import MilvusIndex

        return MilvusIndex.load(folder, settings)

    def point_aliases(self, generation: Path) -> None:
        """Let `<prefix>_texts` and `<prefix>_photos` mean the collections of `generation`, if it has any.

        Raises:
            UnavailableError: Milvus does not answer.
        """
        for part in PARTS:
            if (name := collection_of(generation / part)) is not None:
                settings = self._cluster(generation)
                self._collection(name, settings).answer_to(f"{settings.prefix}_{part}")

    def examine(self, generation: Path) -> str:
        """What Milvus holds of `generation`, in words; '' where its vectors are not there.

        Raises:
            MismatchError: a collection is gone, or the settings name no cluster.
            UnavailableError: Milvus does not answer, or its client is not installed.
        """
        held = []
        for part in PARTS:
            if (name := collection_of(generation / part)) is not None:
                collection = self._collection(name, self._cluster(generation))
                collection.load()
                held.append(f"{len(collection):,} {part} in {name}")
        if not held:
            return ""
        from bowerbird.indexing.milvus_collection import version_of

        return f"Milvus {version_of(self._cluster(generation))} has {' and '.join(held)}"

    def drop(self, names: Collection[str]) -> None:
        """Drop those of the collections `names` that are this market's own.

        Where that fails the log says so, for nothing hangs on it.
        """
        for name in sorted(names):
            try:
                settings = self._cluster(Path(name))
                if settings.owns(name):
                    self._collection(name, settings).drop()
            except (UnavailableError, MismatchError) as error:
                log.warning("Milvus collection %s is not needed any more; drop it by hand: %s", name, error)

    def _collection(self, name: str, settings: MilvusSettings) -> "MilvusCollection":
        from bowerbird.indexing.milvus_collection import MilvusCollection

        return MilvusCollection(name, settings)

    def _cluster(self, folder: Path) -> MilvusSettings:
        if self.milvus is None:
            raise MismatchError(
                f"the vectors of {folder} are in Milvus, but milvus.uri is empty; set it, or set "
                "index.vector_index to another than milvus and run `bowerbird index`"
            )
        if importlib.util.find_spec("pymilvus") is None:
            raise UnavailableError(
                "Milvus is spoken to through pymilvus, which is not installed; run "
                "`pip install 'bowerbird[milvus]'`"
            )
        return self.milvus


class FaissIndexBuilder:
    """Holds the vectors in memory, as float16, until all are there."""

    def __init__(self, folder: Path, dimension: int, settings: VectorIndexSettings) -> None:
        self._folder = folder
        self._settings = settings
        self._vectors = ExactIndex(dimension, np.float16)

    def add(self, vectors: NDArray[np.floating], facts: Facts) -> None:  # noqa: ARG002  filters act by bitmap
        """Add the (m, d) unit `vectors` as the next rows."""
        self._vectors.append(vectors)

    def finish(self) -> None:
        """Build the index and write it."""
        FaissIndex.build(self._vectors.stored, self._settings).save(self._folder)

    def close(self) -> None:
        """There is nothing to let go of."""
