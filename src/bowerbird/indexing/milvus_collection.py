"""One Milvus collection of unit vectors by row number, with the columns that filters read.

All that speaks pymilvus is here. A collection is filled once, sealed (flushed, indexed, loaded and counted)
and then only searched; deleting rows from it is all that may follow. The server proposes rows; whoever asks
scores them.

Milvus: Wang et al., SIGMOD 2021.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import grpc
import numpy as np
from numpy.typing import NDArray
from pymilvus import DataType, MilvusClient, MilvusException

from bowerbird.errors import MismatchError, UnavailableError
from bowerbird.indexing.milvus_expression import FIELDS, ROW, VECTOR
from bowerbird.indexing.milvus_settings import MilvusSettings
from bowerbird.indexing.vector_index import Facts, Vectors

Rows = NDArray[np.int64]
MOST_HITS = 16_384  # of one search; Milvus refuses to be asked for more
_POLL_SECONDS = 0.2
_DELETED_AT_ONCE = 1000
_ASKED_AT_ONCE = 100
# What says how far an index type looks, and may not be less than the hits asked for.
_WIDTHS = {"HNSW": "ef", "DISKANN": "search_list", "SCANN": "reorder_k"}


@contextmanager
def milvus_errors(doing: str, settings: MilvusSettings) -> Iterator[None]:
    """What pymilvus raises, as an UnavailableError that says what was being done."""
    try:
        yield
    except (MilvusException, grpc.RpcError, OSError) as error:
        said = getattr(error, "message", None) or str(error) or type(error).__name__
        advice = "see that it runs, and that milvus.uri and milvus.token are right"
        if "://" not in settings.uri:
            advice = "a .db file opens in one process at a time: stop the other, or use a server"
        raise UnavailableError(
            f"Milvus at {settings.uri} failed while {doing}: {said}; {advice}, then try again",
            outward=f"Milvus failed while {doing}; {advice}, then try again",
        ) from error


def connected(settings: MilvusSettings) -> MilvusClient:
    """The client of the server that the settings name: one a process, shared by all threads.

    Raises:
        UnavailableError: it does not answer.
    """
    with milvus_errors("connecting", settings):
        return _client(settings.uri, settings.token, settings.database, settings.timeout_seconds)


@cache
def _client(uri: str, token: str, database: str, timeout: float) -> MilvusClient:
    # Their logs would repeat, with traces, the errors that are raised anyway.
    for name in ("pymilvus", "milvus_lite"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return MilvusClient(uri=uri, token=token, db_name=database, timeout=timeout)


class MilvusCollection:
    """The collection `name`, whether it is there or not. Safe to search from several threads."""

    def __init__(self, name: str, settings: MilvusSettings) -> None:
        self.name = name
        self._settings = settings
        self._client = connected(settings)

    def create(self, dimension: int) -> None:
        """Make it, empty."""
        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field(ROW, DataType.INT64, is_primary=True)
        schema.add_field(VECTOR, DataType.FLOAT_VECTOR, dim=dimension)
        for field, kind in FIELDS.items():
            schema.add_field(field, DataType[kind])
        with self._errors("making the collection"):
            self._client.create_collection(
                self.name,
                schema=schema,
                num_shards=self._settings.shards,
                consistency_level=self._settings.consistency,
                timeout=self._settings.timeout_seconds,
            )

    def insert(self, first: int, vectors: Vectors, facts: Facts) -> None:
        """Add the (m, d) `vectors` as the rows from `first` on, each with its facts, (m,) by field."""
        size = self._settings.batch_rows
        for start in range(0, len(vectors), size):
            batch = vectors[start : start + size].astype(np.float32)
            columns = {name: facts[name][start : start + size].tolist() for name in FIELDS}
            entities = [
                {ROW: first + start + at, VECTOR: vector, **{name: columns[name][at] for name in FIELDS}}
                for at, vector in enumerate(batch)
            ]
            with self._errors(f"adding rows from {first + start}"):
                self._client.insert(self.name, entities, timeout=self._settings.build_timeout_seconds)

    def seal(self, count: int) -> None:
        """Make `count` rows searchable; returns once a search would see every one of them.

        Raises:
            UnavailableError: the server does not, or does not in time.
        """
        settings, limit = self._settings, self._settings.build_timeout_seconds
        index = self._client.prepare_index_params()
        index.add_index(
            VECTOR,
            index_type=settings.index_type,
            metric_type="IP",
            params=dict(settings.index_parameters),
        )
        with self._errors("indexing"):
            self._client.flush(self.name, timeout=limit)
            self._client.create_index(self.name, index, timeout=limit)
        self.load()
        deadline = time.monotonic() + limit
        while (seen := len(self)) != count:
            if time.monotonic() > deadline:
                raise UnavailableError(
                    f"Milvus collection {self.name} shows {seen} of {count} rows after {limit:g} s; see its "
                    "logs, or raise milvus.build_timeout_seconds, then run `bowerbird index` again"
                )
            time.sleep(_POLL_SECONDS)

    def load(self) -> None:
        """Have its replicas in the memory of query nodes.

        Raises:
            MismatchError: there is no such collection.
        """
        with self._errors("loading"):
            there = self._is_there()
            if there:
                timeout, replicas = self._settings.build_timeout_seconds, self._settings.replicas
                self._client.load_collection(self.name, timeout=timeout, replica_number=replicas)
        if not there:
            raise MismatchError(
                f"Milvus at {self._settings.uri} has no collection {self.name}, which the index keeps its "
                "vectors in; run `bowerbird index` to build a new one"
            )

    def __len__(self) -> int:
        """How many rows a search sees."""
        with self._errors("counting"):
            answer = self._client.query(
                self.name,
                output_fields=["count(*)"],
                consistency_level=self._settings.consistency,
                timeout=self._settings.timeout_seconds,
            )
        return int(answer[0]["count(*)"])

    def propose(self, queries: Vectors, width: int, expression: str) -> Rows:
        """(q, width) rows that meet `expression`, about the nearest first, padded with -1."""
        parameters = dict(self._settings.search_parameters)
        if wide := _WIDTHS.get(self._settings.index_type.partition("_")[0]):
            parameters[wide] = max(width, int(parameters.get(wide, 0)))
        answers: list[Any] = []
        for start in range(0, len(queries), _ASKED_AT_ONCE):
            answers += self._answers(queries[start : start + _ASKED_AT_ONCE], width, expression, parameters)
        rows = np.full((len(queries), width), -1, np.int64)
        for line, hits in zip(rows, answers, strict=True):
            line[: len(hits)] = [hit[ROW] for hit in hits]
        return rows

    def _answers(
        self, queries: Vectors, width: int, expression: str, parameters: dict[str, Any]
    ) -> Sequence[Any]:
        with self._errors("searching"):
            hits: Sequence[Any] = self._client.search(
                self.name,
                data=list(queries),
                limit=width,
                filter=expression,
                output_fields=[ROW],
                search_params={"metric_type": "IP", "params": parameters},
                consistency_level=self._settings.consistency,
                timeout=self._settings.timeout_seconds,
            )
        return hits

    def delete(self, rows: Sequence[int]) -> None:
        """Remove `rows`; those that are gone already are fine."""
        with self._errors("deleting rows"):
            for start in range(0, len(rows), _DELETED_AT_ONCE):
                self._client.delete(
                    self.name,
                    ids=list(rows[start : start + _DELETED_AT_ONCE]),
                    timeout=self._settings.timeout_seconds,
                )

    def answer_to(self, alias: str) -> None:
        """Let `alias` mean this collection, and no longer whatever it meant, in one step."""
        with self._errors(f"pointing the alias {alias} at it"):
            timeout = self._settings.timeout_seconds
            others = self._client.list_collections(timeout=timeout)
            held = [name for other in others for name in self._aliases(other)]
            change = self._client.alter_alias if alias in held else self._client.create_alias
            change(self.name, alias, timeout=timeout)

    def drop(self) -> None:
        """Remove it with all its rows; one that is gone already is fine."""
        with self._errors("dropping the collection"):
            if self._is_there():
                timeout = self._settings.timeout_seconds
                for alias in self._aliases(self.name):
                    self._client.drop_alias(alias, timeout=timeout)
                self._client.drop_collection(self.name, timeout=timeout)

    def _is_there(self) -> bool:
        return bool(self._client.has_collection(self.name, timeout=self._settings.timeout_seconds))

    def _aliases(self, name: str) -> list[str]:
        answer = self._client.list_aliases(collection_name=name, timeout=self._settings.timeout_seconds)
        return list(answer["aliases"])

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        with milvus_errors(f"{doing} ({self.name})", self._settings):
            yield


def version_of(settings: MilvusSettings) -> str:
    """The version of the server that the settings name.

    Raises:
        UnavailableError: it does not answer.
    """
    client = connected(settings)
    with milvus_errors("asking for its version", settings):
        return str(client.get_server_version())
