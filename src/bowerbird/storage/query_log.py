"""The log of replies served: what was asked, by whom, and what the page showed at which positions.

An event joins the reply it belongs to by `query_id`. Unlike events, replies are noted without anybody waiting
for them: a kill may lose the last few.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from bowerbird.storage.database import Database
from bowerbird.storage.event_log import expire_rows
from bowerbird.storage.listing_row import microseconds, moment
from bowerbird.storage.log_sequence import QUERIES, advance, chunked, known_ids, locked_sequence
from bowerbird.storage.schema import queries


@dataclass(frozen=True, slots=True)
class ServedPage:
    """One reply. The listing `listing_ids[i]` stood at position `first_position + i`, counted from 1.

    `surface` is the value of a `market.event.Surface`. `request` is what was asked beside the words (filters,
    sort, limit), as JSON. `features` is for the ranker that ordered the page: what it saw of each listing,
    in a form of its own.
    """

    query_id: str
    surface: str
    time: datetime
    listing_ids: tuple[str, ...]
    total: int
    words: str = ""
    request: dict[str, Any] = field(default_factory=dict)
    shopper: str | None = None
    session: str | None = None
    first_position: int = 1
    features: bytes | None = None


@dataclass(frozen=True, slots=True)
class LoggedPage:
    """A reply and its place in the log."""

    sequence: int
    page: ServedPage


PAGE_COLUMNS = tuple(
    queries.c[name]
    for name in (
        "query_id",
        "surface",
        "time_us",
        "listing_ids",
        "total",
        "words",
        "request",
        "shopper",
        "session",
        "first_position",
        "features",
    )
)
_SINCE = (
    select(queries.c.sequence, *PAGE_COLUMNS)
    .where(queries.c.sequence > bindparam("after"))
    .order_by(queries.c.sequence)
    .limit(bindparam("limit"))
)
_GET = select(*PAGE_COLUMNS).where(queries.c.query_id.in_(bindparam("ids", expanding=True)))
_OF_SHOPPER = (
    select(*PAGE_COLUMNS)
    .where(queries.c.shopper == bindparam("shopper"))
    .order_by(queries.c.time_us.desc(), queries.c.sequence.desc())
    .limit(bindparam("limit"))
)
_RECORD = (
    update(queries)
    .where(queries.c.query_id == bindparam("whose"))
    .values(features=bindparam("record", type_=queries.c.features.type))
)


class QueryLog:
    """The replies that one market served. Safe to share between threads and processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __len__(self) -> int:
        with self._database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(queries)).scalar_one())

    def append(self, pages: Sequence[ServedPage]) -> int:
        """Keep each page whose query id is new, in one transaction; how many there were."""
        with self._database.writing() as connection:
            return append_pages(connection, pages)

    def record(self, features: Mapping[str, bytes]) -> None:
        """Keep by query id how pages were ranked, in one transaction; an id that is not known is left out."""
        rows = [{"whose": query_id, "record": record} for query_id, record in features.items()]
        if rows:
            with self._database.writing() as connection:
                connection.execute(_RECORD, rows)

    def since(self, sequence: int, limit: int) -> list[LoggedPage]:
        """Up to `limit` pages after `sequence`, in order."""
        with self._database.reading() as connection:
            rows = connection.execute(_SINCE, {"after": sequence, "limit": limit}).all()
        return [LoggedPage(row[0], page_of(row[1:])) for row in rows]

    def get(self, query_ids: Sequence[str]) -> dict[str, ServedPage]:
        """The pages among `query_ids`, by id."""
        with self._database.reading() as connection:
            rows = [row for ids in chunked(query_ids) for row in connection.execute(_GET, {"ids": ids})]
        return {row[0]: page_of(row) for row in rows}

    def of_shopper(self, shopper: str, limit: int = 100) -> list[ServedPage]:
        """The latest pages that a shopper was served, the latest first."""
        with self._database.reading() as connection:
            rows = connection.execute(_OF_SHOPPER, {"shopper": shopper, "limit": limit}).all()
        return [page_of(row) for row in rows]

    def expire(self, before: datetime) -> int:
        """Delete the pages that were served before `before`; how many there were."""
        return expire_rows(self._database, QUERIES, before)


def append_pages(connection: Connection, pages: Sequence[ServedPage]) -> int:
    """`QueryLog.append`, inside the caller's transaction."""
    sequence = locked_sequence(connection, QUERIES)
    known = known_ids(connection, queries.c.query_id, [page.query_id for page in pages])
    rows = []
    for page in pages:
        if page.query_id not in known:
            known.add(page.query_id)
            sequence += 1
            rows.append({**_row_of(page), "sequence": sequence})
    if rows:
        connection.execute(insert(queries), rows)
        advance(connection, QUERIES, sequence)
    return len(rows)


def page_of(row: Sequence[Any]) -> ServedPage:
    """The page whose `PAGE_COLUMNS` are `row`."""
    query_id, surface, time_us, listing_ids, *rest = row
    return ServedPage(query_id, surface, moment(time_us), tuple(listing_ids), *rest)


def _row_of(page: ServedPage) -> dict[str, Any]:
    return {
        "query_id": page.query_id,
        "surface": page.surface,
        "time_us": microseconds(page.time),
        "listing_ids": list(page.listing_ids),
        "total": page.total,
        "words": page.words,
        "request": page.request,
        "shopper": page.shopper,
        "session": page.session,
        "first_position": page.first_position,
        "features": page.features,
    }
