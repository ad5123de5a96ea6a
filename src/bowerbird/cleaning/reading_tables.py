"""Rows of JSON lines and Parquet files, and the choice among tables by their suffix."""

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from itertools import islice
from typing import IO, cast

import orjson
import polars as pl
from fsspec.implementations.local import LocalFileOpener

from bowerbird.cleaning.reading_csv import CsvRows
from bowerbird.cleaning.reading_files import Open, storage_errors
from bowerbird.cleaning.reading_rows import RawRow
from bowerbird.cleaning.rejection import Reason, shown
from bowerbird.errors import InputError

JSON_COLUMNS_FROM = 1_000
PARQUET_BATCH = 10_000


class JsonRows:
    """Rows of a file with one JSON object a line, in UTF-8."""

    def __init__(self, name: str, open_stream: Open) -> None:
        self.name = name
        self._open = open_stream

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The keys of the first 1,000 rows, in order of appearance."""
        first = islice(self.rows(), JSON_COLUMNS_FROM)
        return tuple(dict.fromkeys(key for row in first for key in row.values))

    def rows(self, after: int = 0) -> Iterator[RawRow]:
        """The rows numbered above `after`."""
        with storage_errors(self.name), self._open() as stream:
            for number, line in enumerate(islice(_full_lines(stream), after, None), after + 1):
                try:
                    values = orjson.loads(line)
                except orjson.JSONDecodeError:
                    values = None
                if isinstance(values, dict):
                    yield RawRow(number, values)
                else:
                    text = shown(line.decode("utf-8", "backslashreplace").rstrip("\n"))
                    yield RawRow(number, fault=Reason.NOT_JSON, text=text)

    def count(self) -> int:
        """How many rows there are."""
        with storage_errors(self.name), self._open() as stream:
            return sum(1 for _ in _full_lines(stream))


def _full_lines(stream: IO[bytes]) -> Iterator[bytes]:
    for number, line in enumerate(stream):
        data = line.removeprefix(b"\xef\xbb\xbf") if number == 0 else line
        if data.strip():
            yield data


class ParquetRows:
    """Rows of a Parquet file, read in batches."""

    def __init__(self, name: str, open_stream: Open) -> None:
        self.name = name
        self._open = open_stream

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns.

        Raises:
            InputError: the file is no Parquet.
        """
        return tuple(self._collected(self._table.head(0)).columns)

    def rows(self, after: int = 0) -> Iterator[RawRow]:
        """The rows numbered above `after`."""
        while True:
            batch = self._collected(self._table.slice(after, PARQUET_BATCH))
            for values in batch.iter_rows(named=True):
                after += 1
                yield RawRow(after, values)
            if len(batch) < PARQUET_BATCH:
                return

    def count(self) -> int:
        """How many rows there are."""
        return int(self._collected(self._table.select(pl.len())).item())

    @cached_property
    def _table(self) -> pl.LazyFrame:
        with storage_errors(self.name), self._open() as stream:
            if isinstance(stream, LocalFileOpener):
                return pl.scan_parquet(stream.path)  # a local file is read a batch at a time
            return pl.scan_parquet(io.BytesIO(stream.read()))

    def _collected(self, frame: pl.LazyFrame) -> pl.DataFrame:
        try:
            return frame.collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise InputError(f"{self.name} cannot be read as Parquet: {error}") from error


def table_rows(name: str, path: str, open_stream: Open) -> CsvRows | JsonRows | ParquetRows:
    """The rows of the file at `path`, by its suffix; '.gz' on top of it is unpacked.

    Raises:
        InputError: the suffix is none that is known.
    """
    low = path.lower()
    if low.endswith(".gz"):
        low, open_stream = low.removesuffix(".gz"), partial(_unpacking, open_stream)
    if low.endswith((".csv", ".tsv", ".txt")):
        return CsvRows(name, open_stream)
    if low.endswith((".jsonl", ".ndjson")):
        return JsonRows(name, open_stream)
    if low.endswith(".parquet"):
        return ParquetRows(name, open_stream)
    raise InputError(
        f"{name} is no table that can be imported; give a .csv, .tsv, .jsonl or .ndjson file (or one of them "
        "with .gz), a .parquet file, a folder or zip archive with one of them, or a database URL with a query"
    )


@contextmanager
def _unpacking(open_stream: Open) -> Iterator[IO[bytes]]:
    with open_stream() as packed, gzip.open(packed, "rb") as stream:
        yield cast("IO[bytes]", stream)
