"""Everything that the logs hold about one shopper: read together, and erased together.

A shopper's rows are those with their id, and the anonymous rows of the sessions that their id was seen in. A
row of such a session with another shopper's id is that shopper's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, delete, or_, select

from bowerbird.cleaning.field_values import UNSTORABLE
from bowerbird.cleaning.rejection import Rejection
from bowerbird.market.event import Event
from bowerbird.storage.database import Database
from bowerbird.storage.event_import_log import REJECTION_COLUMNS, rejection_of
from bowerbird.storage.event_log import EVENT_COLUMNS, event_of
from bowerbird.storage.log_sequence import EVENTS, QUERIES, chunked, count_erasure
from bowerbird.storage.query_log import PAGE_COLUMNS, ServedPage, page_of
from bowerbird.storage.schema import event_rejections, events, queries
from bowerbird.storage.scrubbing import scrub, zero_deleted

_TABLES = (events, queries, event_rejections)


@dataclass(frozen=True, slots=True)
class ShopperRecord:
    """What is stored about a shopper, in the order of the logs."""

    sessions: tuple[str, ...]
    events: tuple[Event, ...]
    pages: tuple[ServedPage, ...]
    rejections: tuple[Rejection, ...]  # rows of imports that were refused

    def __bool__(self) -> bool:
        return bool(self.events or self.pages or self.rejections)


@dataclass(frozen=True, slots=True)
class Erasure:
    """How many rows of a shopper were deleted, and the sessions that were theirs."""

    sessions: tuple[str, ...]
    events: int
    queries: int
    rejections: int

    @property
    def rows(self) -> int:
        """All of them."""
        return self.events + self.queries + self.rejections


class ShopperRecords:
    """The logs of one market by shopper. Safe to share between threads and processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, shopper: str) -> ShopperRecord:
        """All that is stored about `shopper`; nothing at all where they are unknown."""
        with self._database.reading() as connection:
            sessions = _sessions(connection, shopper)
            logged = {
                row[0]: event_of(row[1:])
                for theirs in _conditions(events, shopper, sessions)
                for row in connection.execute(select(events.c.sequence, *EVENT_COLUMNS).where(theirs))
            }
            served = {
                row[0]: page_of(row[1:])
                for theirs in _conditions(queries, shopper, sessions)
                for row in connection.execute(select(queries.c.sequence, *PAGE_COLUMNS).where(theirs))
            }
            refused = {
                row[0]: rejection_of(row[1:])
                for theirs in _conditions(event_rejections, shopper, sessions)
                for row in connection.execute(select(event_rejections.c.id, *REJECTION_COLUMNS).where(theirs))
            }
        return ShopperRecord(
            tuple(sessions),
            tuple(logged[sequence] for sequence in sorted(logged)),
            tuple(served[sequence] for sequence in sorted(served)),
            tuple(refused[number] for number in sorted(refused)),
        )

    def erase(self, shopper: str) -> Erasure:
        """Delete all that is stored about `shopper`, in one transaction, and count the erasure.

        Raises:
            UnavailableError: the database does not answer; nothing was deleted.
        """
        with self._database.writing() as connection:
            zero_deleted(connection)
            sessions = _sessions(connection, shopper)
            deleted = {
                table.name: sum(
                    connection.execute(delete(table).where(theirs)).rowcount
                    for theirs in _conditions(table, shopper, sessions)
                )
                for table in _TABLES
            }
            for log in (EVENTS, QUERIES):
                count_erasure(connection, log)
        return Erasure(tuple(sessions), *(deleted[table.name] for table in _TABLES))

    def scrub(self, shopper: str) -> None:
        """Rid the database's files of the bytes of `shopper`, whose rows are erased.

        Raises:
            UnavailableError: another program holds the database; the rows are gone all the same.
        """
        scrub(self._database, [shopper], [table.name for table in _TABLES])


def _sessions(connection: Connection, shopper: str) -> list[str]:
    """The sessions that the shopper's id was seen in."""
    if UNSTORABLE.search(shopper):
        return []
    seen = {
        session
        for table in (events, queries)
        for session in connection.scalars(
            select(table.c.session).where(table.c.shopper == shopper, table.c.session.is_not(None)).distinct()
        )
    }
    return sorted(seen)


def _conditions(table: Table, shopper: str, sessions: Sequence[str]) -> list[ColumnElement[bool]]:
    """Conditions that together, each by an index, select the shopper's rows of a table."""
    if UNSTORABLE.search(shopper):  # no database keeps such an id, and some choke on it
        return []
    theirs = table.c.shopper == shopper
    if table is event_rejections:
        # The raw text of a row that could not be parsed says nobody's id in a column of its own.
        theirs = or_(theirs, table.c.value.contains(shopper, autoescape=True))
    return [
        theirs,
        *(table.c.shopper.is_(None) & table.c.session.in_(some) for some in chunked(sessions)),
    ]
