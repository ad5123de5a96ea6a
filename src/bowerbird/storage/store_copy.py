"""One store copied into another, whole or not at all: SQLite to PostgreSQL, back, or to a file for a backup.

The source is read in one snapshot, so that it may be served meanwhile. The target takes everything in one
transaction, in which each table is read back and compared with what was read from the source: by its number
of rows, and by the sum of the rows' SHA-256, which no order of rows changes.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Select, Table, delete, func, insert, select

from bowerbird.errors import InputError, MismatchError
from bowerbird.progress import Progress
from bowerbird.storage.database import Database
from bowerbird.storage.schema import catalogue_state, log_state, metadata

ROWS_AT_ONCE = 2_000
_STATES = {catalogue_state: catalogue_state.c.revision, log_state: log_state.c.sequence}  # zeros when new
_MODULUS = 1 << 256


@dataclass(frozen=True, slots=True)
class TableSum:
    """What a table holds: how many rows, and a digest of them that does not depend on their order."""

    name: str
    rows: int
    digest: str  # 64 hexadecimal digits


def copy_store(source: Database, target: Database, progress: Progress) -> list[TableSum]:
    """Copy every table of `source` into the empty store `target`; what was copied, table by table.

    Raises:
        InputError: `target` holds something already; nothing was written.
        MismatchError: a table reads back otherwise than it was written; nothing was kept.
        UnavailableError: a database does not answer; nothing was kept.
    """
    with source.snapshot() as reading, target.writing() as writing:
        _refuse_filled(writing, target)
        sums = []
        for table in metadata.sorted_tables:
            progress.step(f"copying {table.name}", reading.execute(_count(table)).scalar_one())
            sums.append(_copy_table(reading, writing, table, progress))
        for copied in sums:
            progress.step(f"verifying {copied.name}", copied.rows)
            found = table_sum(writing, metadata.tables[copied.name], progress)
            if found != copied:
                raise MismatchError(
                    f"table {copied.name} was read as {copied.rows:,} rows with digest {copied.digest[:16]}, "
                    f"but reads back as {found.rows:,} with {found.digest[:16]}; nothing was kept: try again"
                )
        _continue_numbers(writing)
    return sums


def store_sums(database: Database) -> list[TableSum]:
    """What every table of a store holds, at one moment.

    Raises:
        UnavailableError: the database does not answer.
    """
    with database.snapshot() as reading:
        return [table_sum(reading, table) for table in metadata.sorted_tables]


def table_sum(connection: Connection, table: Table, progress: Progress | None = None) -> TableSum:
    """What one table holds."""
    digest = _Digest()
    for rows in _batches(connection, table):
        digest.add(rows)
        if progress is not None:
            progress.advance(len(rows))
    return digest.of(table)


class _Digest:
    """Rows counted, and the sum of their hashes."""

    def __init__(self) -> None:
        self._rows, self._sum = 0, 0

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        for row in rows:
            line = orjson.dumps(tuple(row), default=bytes.hex)
            self._sum += int.from_bytes(hashlib.sha256(line).digest(), "big")
        self._rows += len(rows)

    def of(self, table: Table) -> TableSum:
        return TableSum(table.name, self._rows, f"{self._sum % _MODULUS:064x}")


def _copy_table(reading: Connection, writing: Connection, table: Table, progress: Progress) -> TableSum:
    writing.execute(delete(table))  # the zeros of a new store
    digest, names = _Digest(), table.columns.keys()
    for rows in _batches(reading, table):
        digest.add(rows)
        writing.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])
        progress.advance(len(rows))
    return digest.of(table)


def _batches(connection: Connection, table: Table) -> Iterator[Sequence[Any]]:
    """All rows, in constant memory; those that others of the table refer to come first."""
    referring = [key.parent for key in table.foreign_keys if key.column.table is table]
    rows: Select[Any] = select(table).order_by(*(column.is_not(None) for column in referring))
    streamed = connection.execute(rows.execution_options(yield_per=ROWS_AT_ONCE))
    yield from streamed.partitions()


def _refuse_filled(writing: Connection, target: Database) -> None:
    for table in metadata.sorted_tables:
        counted = _STATES.get(table)
        rows = writing.execute(
            _count(table) if counted is None else _count(table).where(counted > 0)
        ).scalar_one()
        if rows:
            raise InputError(
                f"{target.name} is not empty: its table {table.name} holds {rows:,} rows; give a new database"
            )


def _continue_numbers(writing: Connection) -> None:
    """Have PostgreSQL number new rows from where the copied ones end; SQLite does so by itself."""
    if writing.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        numbered = table.autoincrement_column
        if numbered is not None:
            last = select(func.max(numbered)).scalar_subquery()
            writing.execute(select(func.setval(func.pg_get_serial_sequence(table.name, numbered.name), last)))


def _count(table: Table) -> Select[Any]:
    return select(func.count()).select_from(table)
