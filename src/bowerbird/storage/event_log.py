"""The log of what shoppers did: appended to, read in order, never changed but by erasing and expiry.

Every event gets the next `sequence`; whoever has read all up to s asks `since(s)` for the rest and misses
nothing. An event whose id is in the log already is a duplicate and changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select

from bowerbird.cleaning.field_values import UNSTORABLE
from bowerbird.market.event import Event, EventType
from bowerbird.storage.database import Database
from bowerbird.storage.listing_row import microseconds, moment
from bowerbird.storage.log_sequence import (
    EVENTS,
    LogState,
    advance,
    known_ids,
    locked_sequence,
    log_state_of,
)
from bowerbird.storage.schema import events, listings

EXPIRED_AT_ONCE = 20_000  # sequences looked at in one transaction, so that writers never wait for long

LAST = (1 << 63) - 1  # no sequence is above it
EVENT_COLUMNS = tuple(
    events.c[name]
    for name in ("event_id", "type", "listing_id", "time_us", "shopper", "session", "query_id", "position")
)
_SINCE = (
    select(events.c.sequence, *EVENT_COLUMNS)
    .where(events.c.sequence > bindparam("after"))
    .order_by(events.c.sequence)
    .limit(bindparam("limit"))
)
_DOINGS_SINCE = _SINCE.where(events.c.type != EventType.IMPRESSION.value)
_BUSIEST = (
    select(events.c.shopper, func.count())
    .where(events.c.shopper.is_not(None), events.c.type != EventType.IMPRESSION.value)
    .group_by(events.c.shopper)
    .order_by(func.count().desc(), events.c.shopper)
    .limit(bindparam("limit"))
)


def _latest_of(column: str) -> Select[Any]:
    return (
        select(*EVENT_COLUMNS)
        .where(events.c[column] == bindparam("whose"))
        .order_by(events.c.time_us.desc(), events.c.sequence.desc())
        .limit(bindparam("limit"))
    )


def _doings_of(column: str) -> Select[Any]:
    return (
        select(events.c.sequence, *EVENT_COLUMNS)
        .where(
            events.c[column] == bindparam("whose"),
            events.c.type != EventType.IMPRESSION.value,
            events.c.sequence <= bindparam("upto"),
        )
        .order_by(events.c.time_us.desc(), events.c.sequence.desc())
        .limit(bindparam("limit"))
    )


_OF_SHOPPER, _OF_SESSION = _latest_of("shopper"), _latest_of("session")
_SHOPPER_DOINGS, _SESSION_DOINGS = _doings_of("shopper"), _doings_of("session")


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event and its place in the log."""

    sequence: int
    event: Event


class EventLog:
    """The events of one market. Safe to share between threads; processes may open the same database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __len__(self) -> int:
        with self._database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(events)).scalar_one())

    def state(self) -> LogState:
        """The last sequence given out, and how often a shopper was erased."""
        with self._database.reading() as connection:
            return log_state_of(connection, EVENTS)

    def append(self, given: Sequence[Event]) -> list[LoggedEvent | None]:
        """Keep each event, in one transaction: as it was logged, or None where its id was known already.

        When this returns they are on the disk. Of events with one id the first counts.

        Raises:
            InputError: the time of an event does not say its zone; nothing was stored.
            UnavailableError: the database does not answer; nothing was stored.
        """
        with self._database.writing() as connection:
            return append_events(connection, given)

    def since(self, sequence: int, limit: int, *, impressions: bool = True) -> list[LoggedEvent]:
        """Up to `limit` events after `sequence`, in order; without the impressions, if asked."""
        query = _SINCE if impressions else _DOINGS_SINCE
        with self._database.reading() as connection:
            rows = connection.execute(query, {"after": sequence, "limit": limit}).all()
        return [LoggedEvent(row[0], event_of(row[1:])) for row in rows]

    def of_shopper(self, shopper: str, limit: int = 100) -> list[Event]:
        """The latest events of a shopper, by their own time, the latest first."""
        return self._latest(_OF_SHOPPER, shopper, limit)

    def of_session(self, session: str, limit: int = 100) -> list[Event]:
        """The latest events of a session, by their own time, the latest first."""
        return self._latest(_OF_SESSION, session, limit)

    def doings(self, whose: str, *, session: bool, limit: int, upto: int = LAST) -> list[LoggedEvent]:
        """The latest events of a shopper, or of a session, that are more than having been shown something.

        Only those of sequences to `upto` are read; the latest by their own time come first.
        """
        query = _SESSION_DOINGS if session else _SHOPPER_DOINGS
        with self._database.reading() as connection:
            rows = connection.execute(query, {"whose": whose, "limit": limit, "upto": upto}).all()
        return [LoggedEvent(row[0], event_of(row[1:])) for row in rows]

    def busiest_shoppers(self, limit: int) -> list[tuple[str, int]]:
        """The shoppers with most events that are more than impressions, and how many they have."""
        with self._database.reading() as connection:
            rows = connection.execute(_BUSIEST, {"limit": limit}).all()
        return [(row[0], int(row[1])) for row in rows]

    def unknown_listings(self, listing_ids: Sequence[str]) -> set[str]:
        """Those of `listing_ids` that the catalogue does not have, or has no more."""
        ids = {listing_id for listing_id in listing_ids if not UNSTORABLE.search(listing_id)}
        with self._database.reading() as connection:
            known = known_ids(connection, listings.c.listing_id, sorted(ids), ~listings.c.deleted)
        return set(listing_ids) - known

    def expire(self, before: datetime) -> int:
        """Delete the events whose own time is before `before`; how many there were."""
        return expire_rows(self._database, EVENTS, before)

    def _latest(self, query: Select[Any], whose: str, limit: int) -> list[Event]:
        with self._database.reading() as connection:
            rows = connection.execute(query, {"whose": whose, "limit": limit}).all()
        return [event_of(row) for row in rows]


def append_events(connection: Connection, given: Sequence[Event]) -> list[LoggedEvent | None]:
    """`EventLog.append`, inside the caller's transaction."""
    rows = [_row_of(event) for event in given]
    sequence = locked_sequence(connection, EVENTS)
    known = known_ids(connection, events.c.event_id, [event.event_id for event in given])
    outcomes: list[LoggedEvent | None] = []
    added: list[dict[str, Any]] = []
    for event, row in zip(given, rows, strict=True):
        if event.event_id in known:
            outcomes.append(None)
            continue
        known.add(event.event_id)
        sequence += 1
        added.append({**row, "sequence": sequence})
        outcomes.append(LoggedEvent(sequence, event))
    if added:
        connection.execute(insert(events), added)
        advance(connection, EVENTS, sequence)
    return outcomes


def event_of(row: Sequence[Any]) -> Event:
    """The event whose `EVENT_COLUMNS` are `row`."""
    event_id, kind, listing_id, time_us, shopper, session, query_id, position = row
    return Event(
        event_id=event_id,
        type=EventType(kind),
        listing_id=listing_id,
        time=moment(time_us),
        shopper=shopper,
        session=session,
        query_id=query_id,
        position=position,
    )


def expire_rows(database: Database, log: str, before: datetime) -> int:
    """Delete the rows of a log that are older than `before`, some at a time; how many there were."""
    table = events.metadata.tables[log]
    cut, deleted = microseconds(before), 0
    with database.reading() as connection:
        start = connection.execute(select(func.min(table.c.sequence)).where(table.c.time_us < cut)).scalar()
        last = log_state_of(connection, log).sequence
    if start is None:
        return 0
    for first in range(start, last + 1, EXPIRED_AT_ONCE):
        some = table.c.sequence.between(first, first + EXPIRED_AT_ONCE - 1) & (table.c.time_us < cut)
        with database.writing() as connection:
            deleted += connection.execute(delete(table).where(some)).rowcount
    return deleted


def latest_time(database: Database, log: str) -> datetime | None:
    """The latest time in a log; None of an empty one. All rows are read."""
    table = events.metadata.tables[log]
    with database.reading() as connection:
        latest = connection.execute(select(func.max(table.c.time_us))).scalar()
    return None if latest is None else moment(latest)


def _row_of(event: Event) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "type": event.type.value,
        "listing_id": event.listing_id,
        "time_us": microseconds(event.time),
        "shopper": event.shopper,
        "session": event.session,
        "query_id": event.query_id,
        "position": event.position,
    }
