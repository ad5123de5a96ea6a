"""What listings are counted by: the pages that showed them, and what was done with them; nobody is named.

A listing was shown where a page that was served has it, or an impression was sent in of a page that is not in
the log of replies: one that both logs hold counts once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, bindparam, exists, not_, select

from bowerbird.market.event import EventType
from bowerbird.storage.database import Database
from bowerbird.storage.log_sequence import EVENTS, QUERIES, log_state_of
from bowerbird.storage.schema import events, queries


@dataclass(frozen=True, slots=True)
class Shown:
    """A page: the listing `listing_ids[i]` stood at `first_position + i`."""

    sequence: int
    time: float  # seconds since 1970
    listing_ids: Sequence[str]
    first_position: int


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that was done with a listing."""

    sequence: int
    time: float  # seconds since 1970
    type: EventType
    listing_id: str
    position: int | None
    of_page: bool  # it names the page that the listing was shown on


_PAGES = (
    select(queries.c.sequence, queries.c.time_us, queries.c.listing_ids, queries.c.first_position)
    .where(queries.c.sequence > bindparam("after"), queries.c.sequence <= bindparam("upto"))
    .order_by(queries.c.sequence)
    .limit(bindparam("limit"))
)
_SHOWN_BY_PAGE = and_(
    events.c.type == EventType.IMPRESSION.value,
    exists(select(queries.c.sequence).where(queries.c.query_id == events.c.query_id)),
)
_DONE = (
    select(
        events.c.sequence,
        events.c.time_us,
        events.c.type,
        events.c.listing_id,
        events.c.position,
        events.c.query_id.is_not(None),
    )
    .where(
        events.c.sequence > bindparam("after"),
        events.c.sequence <= bindparam("upto"),
        not_(_SHOWN_BY_PAGE),
    )
    .order_by(events.c.sequence)
    .limit(bindparam("limit"))
)


class PopularityLog:
    """Both logs of one market, as listings are counted by them. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def upto(self) -> tuple[int, int]:
        """The last sequences of the log of replies and of that of events.

        Raises:
            UnavailableError: the database does not answer.
        """
        with self._database.reading() as connection:
            logs = (log_state_of(connection, log).sequence for log in (QUERIES, EVENTS))
            return next(logs), next(logs)

    def pages(self, after: int, upto: int, limit: int) -> list[Shown]:
        """Up to `limit` pages of sequences above `after` and to `upto`, in order.

        Raises:
            UnavailableError: the database does not answer.
        """
        rows = self._rows(_PAGES, after, upto, limit)
        return [Shown(sequence, time_us / 1e6, ids, first) for sequence, time_us, ids, first in rows]

    def doings(self, after: int, upto: int, limit: int) -> list[Done]:
        """Up to `limit` events of sequences above `after` and to `upto`, in order.

        Raises:
            UnavailableError: the database does not answer.
        """
        rows = self._rows(_DONE, after, upto, limit)
        return [Done(row[0], row[1] / 1e6, EventType(row[2]), row[3], row[4], bool(row[5])) for row in rows]

    def _rows(self, query: Select[Any], after: int, upto: int, limit: int) -> Sequence[Any]:
        with self._database.reading() as connection:
            return connection.execute(query, {"after": after, "upto": upto, "limit": limit}).all()
