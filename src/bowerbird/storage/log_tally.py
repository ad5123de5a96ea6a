"""Counts over the latest part of both logs: what happened on which day, what was asked and found nothing.

A log may hold years. Only its latest rows are read, by their sequence, so that a count takes as long on a
large log as on a small one; the database counts, and only the counts leave it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, Table, bindparam, case, func, select

from bowerbird.market.event import EventType
from bowerbird.storage.database import Database
from bowerbird.storage.listing_row import microseconds
from bowerbird.storage.log_sequence import EVENTS, QUERIES, log_state_of
from bowerbird.storage.schema import events, queries

LITTLE = 5  # a search that found fewer listings found little
_DAY_US = 86_400_000_000
_MOST_KINDS = 8  # surfaces, or types of events, that one day can have
_EPOCH = date(1970, 1, 1)
_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LogWindow:
    """The part of both logs that counts: rows of higher sequences, and of times from `start` on."""

    start: datetime = _BEGINNING
    replies_after: int = 0
    events_after: int = 0

    @property
    def cut(self) -> bool:
        """Whether older rows were left out by their number."""
        return self.replies_after > 0 or self.events_after > 0


WHOLE_LOG = LogWindow()


@dataclass(frozen=True, slots=True)
class DayTally:
    """One day (UTC): replies by the surface that they were served on, and events by type."""

    day: date
    replies: dict[str, int] = field(default_factory=dict)
    events: dict[EventType, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AskedWords:
    """Words with how often they were searched with, and how often nothing or little was found."""

    words: str
    searches: int
    nothing: int
    little: int  # some, but fewer than `LITTLE`


@dataclass(frozen=True, slots=True)
class SearchTally:
    """Searches altogether; a further page of one is not another."""

    searches: int
    nothing: int
    little: int
    wordless: int  # with a photo or filters alone


class LogTally:
    """Counts over one market's logs. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def erasures(self) -> int:
        """How often a shopper was erased: counts made before may hold what they asked."""
        with self._database.reading() as connection:
            return sum(log_state_of(connection, log).erasures for log in (EVENTS, QUERIES))

    def window(self, replies: int, events: int) -> LogWindow:
        """The latest of both: at most so many replies and events."""
        with self._database.reading() as connection:
            last_reply = log_state_of(connection, QUERIES).sequence
            last_event = log_state_of(connection, EVENTS).sequence
        after = (max(0, last_reply - replies), max(0, last_event - events))
        return LogWindow(replies_after=after[0], events_after=after[1])

    def days(self, window: LogWindow, limit: int) -> list[DayTally]:
        """The latest `limit` days on which anything happened, the earliest first."""
        found: dict[int, DayTally] = {}
        rows = limit * _MOST_KINDS
        with self._database.reading() as connection:
            given = {"after": window.replies_after, "rows": rows}
            for number, surface, count in connection.execute(_REPLIES_BY_DAY, given):
                _tally(found, number).replies[surface] = count
            given = {"after": window.events_after, "rows": rows}
            for number, kind, count in connection.execute(_EVENTS_BY_DAY, given):
                _tally(found, number).events[EventType(kind)] = count
        return [found[number] for number in sorted(found)[-limit:]]

    def searches(self, window: LogWindow) -> SearchTally:
        """How many searches there were, and how many found nothing or little."""
        with self._database.reading() as connection:
            row = connection.execute(_SEARCHES, _bounds(window)).one()
        return SearchTally(*(int(count or 0) for count in row))

    def asked(self, window: LogWindow, limit: int) -> list[AskedWords]:
        """The words most often searched with, those most often first."""
        return self._words(_ASKED, window, limit)

    def poorly_answered(self, window: LogWindow, limit: int) -> list[AskedWords]:
        """The words that most often found nothing, then those that most often found little."""
        return self._words(_POORLY_ANSWERED, window, limit)

    def _words(self, query: Select[Any], window: LogWindow, limit: int) -> list[AskedWords]:
        with self._database.reading() as connection:
            rows = connection.execute(query, {**_bounds(window), "limit": limit}).all()
        return [AskedWords(*row) for row in rows]


def start_of(days: Sequence[DayTally], window: LogWindow) -> LogWindow:
    """`window` from the first of `days` on."""
    if not days:
        return window
    start = datetime.combine(days[0].day, time(), UTC)
    return LogWindow(start, window.replies_after, window.events_after)


def _tally(found: dict[int, DayTally], number: int) -> DayTally:
    return found.setdefault(number, DayTally(_EPOCH + timedelta(days=number)))


def _bounds(window: LogWindow) -> dict[str, int]:
    return {"after": window.replies_after, "start": microseconds(window.start)}


def _by_day(table: Table, kind: str) -> Select[Any]:
    day = table.c.time_us // _DAY_US
    return (
        select(day, table.c[kind], func.count())
        .where(table.c.sequence > bindparam("after"))
        .group_by(day, table.c[kind])
        .order_by(day.desc())
        .limit(bindparam("rows"))
    )


def _times(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0), type_=Integer)


_SOUGHT = (
    (queries.c.sequence > bindparam("after"))
    & (queries.c.time_us >= bindparam("start"))
    & (queries.c.surface == "search")
    & (queries.c.first_position == 1)  # not a further page of one that is counted
)
_WORDS = func.lower(func.trim(queries.c.words))
_NOTHING = _times(queries.c.total == 0)
_FEW = _times((queries.c.total > 0) & (queries.c.total < LITTLE))
_BY_WORDS = (
    select(_WORDS, func.count(), _NOTHING, _FEW)
    .where(_SOUGHT, _WORDS != "")
    .group_by(_WORDS)
    .limit(bindparam("limit"))
)
_ASKED = _BY_WORDS.order_by(func.count().desc(), _WORDS)
_POORLY_ANSWERED = _BY_WORDS.having(_NOTHING + _FEW > 0).order_by(_NOTHING.desc(), _FEW.desc(), _WORDS)
_SEARCHES = select(func.count(), _NOTHING, _FEW, _times(_WORDS == "")).where(_SOUGHT)
_REPLIES_BY_DAY, _EVENTS_BY_DAY = _by_day(queries, "surface"), _by_day(events, "type")
