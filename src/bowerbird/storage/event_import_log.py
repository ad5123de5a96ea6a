"""What each import of events did: its counts, how far it got, and every row it refused, with the reason.

A run that was killed is taken up at its `position`: each batch commits its events, its rejections and the
position together, so that no row is lost and none is counted twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from bowerbird.cleaning.event_rows import RejectedEvent
from bowerbird.cleaning.rejection import Part, Reason, Rejection
from bowerbird.errors import NotFoundError
from bowerbird.market.event import Event
from bowerbird.storage.database import Database
from bowerbird.storage.event_log import append_events
from bowerbird.storage.listing_row import microseconds, moment
from bowerbird.storage.schema import event_imports, event_rejections


@dataclass(frozen=True, slots=True)
class EventImport:
    """One import. `position` is how much of the source is done; `finished_at` is None while it runs."""

    import_id: int
    source: str
    started_at: datetime
    finished_at: datetime | None
    position: int
    accepted: int
    duplicate: int
    rejected: int


_REASONS = {reason.value: reason for reason in Reason}
REJECTION_COLUMNS = tuple(
    event_rejections.c[name] for name in ("row", "listing_id", "field", "value", "reason", "detail")
)


class EventImportLog:
    """The imports of events of one market. Safe to share between threads and processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, source: str, started_at: datetime) -> EventImport:
        """The unfinished import of `source`, to be taken up at its position; a new one where there is none.

        `source` must name the contents too (size and time of a file).
        """
        unfinished = (event_imports.c.source == source) & event_imports.c.finished_at_us.is_(None)
        with self._database.writing() as connection:
            query = select(event_imports).where(unfinished).order_by(event_imports.c.id.desc()).limit(1)
            row: Sequence[Any] | None = connection.execute(query).one_or_none()
            if row is None:
                counts = dict.fromkeys(("position", "accepted", "duplicate", "rejected"), 0)
                values = {"source": source, "started_at_us": microseconds(started_at), **counts}
                added = connection.execute(insert(event_imports).values(values)).inserted_primary_key
                row = _row(connection, None if added is None else added[0])
        return _import(row)

    def get(self, import_id: int) -> EventImport:
        """The import with this id.

        Raises:
            NotFoundError: there is none.
        """
        with self._database.reading() as connection:
            return _import(_row(connection, import_id))

    def batch(
        self, import_id: int, given: Sequence[Event], rejected: Sequence[RejectedEvent], position: int
    ) -> int:
        """Append to the log, keep what was refused and move the resume position, in one transaction.

        Returns how many events were new.

        Raises:
            NotFoundError: no import with this id is running.
        """
        with self._database.writing() as connection:
            accepted = sum(logged is not None for logged in append_events(connection, given))
            counts = {
                "accepted": accepted,
                "duplicate": len(given) - accepted,
                "rejected": len(rejected),
            }
            changes: dict[str, Any] = {name: event_imports.c[name] + n for name, n in counts.items()}
            _update_running(connection, import_id, {"position": position, **changes})
            if rejected:
                rows = [_rejection_row(import_id, one) for one in rejected]
                connection.execute(insert(event_rejections), rows)
        return accepted

    def finish(self, import_id: int, finished_at: datetime) -> None:
        """Mark a running import as finished.

        Raises:
            NotFoundError: no import with this id is running.
        """
        with self._database.writing() as connection:
            _update_running(connection, import_id, {"finished_at_us": microseconds(finished_at)})

    def reasons(self, import_id: int) -> dict[Reason, int]:
        """How many rows an import refused for each reason, the most frequent first."""
        counted, reason = func.count().label("counted"), event_rejections.c.reason
        query = (
            select(reason, counted)
            .where(event_rejections.c.import_id == import_id)
            .group_by(reason)
            .order_by(counted.desc(), reason)
        )
        with self._database.reading() as connection:
            return {_REASONS[row[0]]: row[1] for row in connection.execute(query)}

    def rejections(self, import_id: int, limit: int = 100) -> list[Rejection]:
        """The first `limit` rows that an import refused."""
        query = (
            select(*REJECTION_COLUMNS)
            .where(event_rejections.c.import_id == import_id)
            .order_by(event_rejections.c.id)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return [rejection_of(row) for row in connection.execute(query)]


def rejection_of(row: Sequence[Any]) -> Rejection:
    """The rejection whose `REJECTION_COLUMNS` are `row`."""
    number, listing_id, field, value, reason, detail = row
    return Rejection(Part.ROW, number, listing_id, field, value, _REASONS[reason], detail)


def _row(connection: Connection, import_id: int | None) -> Sequence[Any]:
    row = connection.execute(select(event_imports).where(event_imports.c.id == import_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no import of events {import_id}; run `bowerbird import-events FILE`")
    return row


def _update_running(connection: Connection, import_id: int, changes: dict[str, Any]) -> None:
    running = (event_imports.c.id == import_id) & event_imports.c.finished_at_us.is_(None)
    if connection.execute(update(event_imports).where(running).values(changes)).rowcount != 1:
        raise NotFoundError(
            f"no import of events {import_id} is running; run `bowerbird import-events` again"
        )


def _rejection_row(import_id: int, refused: RejectedEvent) -> dict[str, Any]:
    rejection = refused.rejection
    return {
        "import_id": import_id,
        "row": rejection.row,
        "shopper": refused.shopper,
        "session": refused.session,
        "listing_id": rejection.listing_id,
        "field": rejection.field,
        "value": rejection.value.replace("\0", "\\0"),
        "reason": rejection.reason.value,
        "detail": rejection.detail,
    }


def _import(row: Sequence[Any]) -> EventImport:
    import_id, source, started, finished, *counts = row
    ended = None if finished is None else moment(finished)
    return EventImport(import_id, source, moment(started), ended, *counts)
