"""The knobs of what runs on other machines: a Milvus cluster that keeps the vectors.

They are groups of `settings.Settings`, which reads them.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr

from bowerbird.indexing.milvus_settings import MilvusSettings as MilvusCluster
from bowerbird.intake import Group


class MilvusSettings(Group):
    """The Milvus cluster that vectors go to where index.vector_index is milvus."""

    uri: str = Field(
        "",
        description="http://host:19530; or a file name that ends in .db, in the home unless it is absolute, "
        "for milvus-lite inside this process alone.",
    )
    token: SecretStr = Field(SecretStr(""), description="user:password, or an API key; empty where none is.")
    database: str = Field("", description="Database of the server; empty is its default one.")
    prefix: str = Field(
        "bowerbird",
        pattern="^[A-Za-z_][A-Za-z0-9_]{0,63}$",
        description="What the names of collections and aliases begin with; each market, and each copy of a "
        "home, needs one of its own, for only collections of this name are changed or dropped.",
    )
    shards: int = Field(1, ge=1, le=64, description="Channels that a collection is written through.")
    replicas: int = Field(1, ge=1, description="Copies in memory; at most as many as there are query nodes.")
    index_type: str = Field(
        "HNSW", description="FLAT, HNSW, IVF_FLAT, IVF_SQ8, IVF_PQ, DISKANN, ... as the server knows them."
    )
    index_parameters: dict[str, Any] = Field(
        {"M": 16, "efConstruction": 200}, description="What the index type is built with."
    )
    search_parameters: dict[str, Any] = Field(
        {},
        description="What it is searched with, such as nprobe; HNSW, DISKANN and SCANN look far enough.",
    )
    consistency: Literal["Strong", "Bounded", "Session", "Eventually"] = Field(
        "Bounded",
        description="How fresh what a search sees must be; a generation never changes but for deletes.",
    )
    timeout_seconds: float = Field(10.0, gt=0, description="Most seconds of a search.")
    build_timeout_seconds: float = Field(
        3600.0, gt=0, description="Most seconds of indexing and loading a collection."
    )
    batch_rows: int = Field(2000, ge=1, le=20_000, description="Rows of one insert.")
    rerank: int = Field(200, ge=0, description="Candidates beyond those wanted that are scored exactly.")
    gather_limit: int = Field(
        4000, ge=1, description="Filters that leave at most this many rows are answered here, exactly."
    )
    listed_limit: int = Field(
        1000, ge=0, description="Most single rows that an expression leaves out by number."
    )

    def cluster(self, home: Path) -> MilvusCluster | None:
        """The cluster as indexes take it; None where none is named."""
        if not self.uri:
            return None
        uri = self.uri if "://" in self.uri else str((home / self.uri).absolute())
        given = self.model_dump(exclude={"uri", "token"})
        return MilvusCluster(uri, self.token.get_secret_value(), **given)
