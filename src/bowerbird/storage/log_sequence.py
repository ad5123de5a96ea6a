"""The numbers of a log's rows: they only grow, are never given twice, and become visible in order.

A writer first locks the log's one row of `log_state` and commits it with what it appends. Writers therefore
take turns on any database, and a reader that sees sequence s sees every one before it, but for those deleted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Column, ColumnElement, Connection, bindparam, select, update

from bowerbird.storage.schema import log_state

EVENTS, QUERIES = "events", "queries"
_IDS_AT_ONCE = 1_000  # well under the 32,766 variables that SQLite allows a statement

_STATE = select(log_state.c.sequence, log_state.c.erasures).where(log_state.c.log == bindparam("name"))
_LOCKED = _STATE.with_for_update()  # SQLite has none and needs none: `Database.writing` took its one lock


@dataclass(frozen=True, slots=True)
class LogState:
    """The last sequence given out, and how many times a shopper was erased from the log."""

    sequence: int
    erasures: int


def log_state_of(connection: Connection, log: str) -> LogState:
    """Where a log stands."""
    return LogState(*connection.execute(_STATE, {"name": log}).one())


def locked_sequence(connection: Connection, log: str) -> int:
    """The last sequence given out, held until the transaction ends."""
    return int(connection.execute(_LOCKED, {"name": log}).one()[0])


def advance(connection: Connection, log: str, sequence: int) -> None:
    """Note that the numbers up to `sequence` are given out."""
    connection.execute(update(log_state).where(log_state.c.log == log).values(sequence=sequence))


def count_erasure(connection: Connection, log: str) -> None:
    """Tell those who keep in memory what they read of the log that a shopper was erased from it."""
    changed = {"erasures": log_state.c.erasures + 1}
    connection.execute(update(log_state).where(log_state.c.log == log).values(changed))


def known_ids(
    connection: Connection, column: Column[str], ids: Sequence[str], *conditions: ColumnElement[bool]
) -> set[str]:
    """Those of `ids` that `column` holds, in rows for which all of `conditions` hold."""
    query = select(column).where(column.in_(bindparam("ids", expanding=True)), *conditions)
    return {found for some in chunked(ids) for found in connection.scalars(query, {"ids": some})}


def chunked(ids: Sequence[str]) -> Iterator[list[str]]:
    """Lists that one statement can take."""
    remaining = iter(ids)
    while some := list(islice(remaining, _IDS_AT_ONCE)):
        yield some
