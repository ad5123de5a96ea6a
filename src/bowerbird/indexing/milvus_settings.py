"""What a Milvus cluster is asked for, and which collection a folder is kept in; no Milvus here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any, Literal

ABOUT = "milvus.json"  # in the folder of an index whose rows are in Milvus

ConsistencyLevel = Literal["Strong", "Bounded", "Session", "Eventually"]


@dataclass(frozen=True, slots=True)
class MilvusSettings:
    """Where the vectors go, how they are kept there, and how they are searched."""

    uri: str  # http://host:19530, or a path that ends in .db for milvus-lite in this process
    token: str = field(default="", repr=False)
    database: str = ""  # '' is the server's default one
    prefix: str = "bowerbird"  # what the names of this market's collections and aliases begin with
    shards: int = 1
    replicas: int = 1
    index_type: str = "HNSW"
    index_parameters: Mapping[str, Any] = field(default_factory=lambda: {"M": 16, "efConstruction": 200})
    search_parameters: Mapping[str, Any] = field(default_factory=dict)
    consistency: ConsistencyLevel = "Bounded"
    timeout_seconds: float = 10.0  # of a search
    build_timeout_seconds: float = 3600.0  # of sealing, indexing and loading a collection
    batch_rows: int = 2000  # rows of one insert
    rerank: int = 200  # candidates beyond k that are scored exactly
    gather_limit: int = 4_000  # a filter that leaves at most this many rows has them all scored here
    listed_limit: int = 1_000  # at most so many rows are named one by one in an expression

    def owns(self, collection: str) -> bool:
        """Whether this market made `collection`: it changes no other, which a copied home may well read."""
        return collection.rsplit("_", 2)[0] == self.prefix

    def new_collection(self, part: str) -> str:
        """A name that no collection has."""
        return f"{self.prefix}_{part}_{token_hex(8)}"


def collection_of(folder: Path) -> str | None:
    """The collection that the index in `folder` is kept in; None where it is kept elsewhere."""
    path = folder / ABOUT
    return json.loads(path.read_text())["collection"] if path.is_file() else None


def collections_of(generation: Path) -> set[str]:
    """Every collection that a generation, whole or not, is kept in."""
    names = (collection_of(path.parent) for path in generation.glob(f"*/{ABOUT}"))
    return {name for name in names if name is not None}


def collections_below(index: Path) -> set[str]:
    """Every collection that a generation in the folder `index`, built or being built, is kept in."""
    names = (collections_of(generation) for generation in index.iterdir())
    return set().union(*names)


def write_collection(folder: Path, name: str) -> None:
    """Keep in `folder` which collection its index is in."""
    (folder / ABOUT).write_text(json.dumps({"collection": name}, indent=1))
