"""What each import did: its counts, how far it got, and every row it refused, with the reason.

A run that was killed is taken up at its `position`: each batch commits its listings, its rejections and the
position together (`Catalogue.import_batch`), so that no row is lost and none is counted twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from bowerbird.cleaning.rejection import Part, Reason, Rejection
from bowerbird.errors import InputError, NotFoundError
from bowerbird.storage.database import Database
from bowerbird.storage.listing_row import microseconds, moment
from bowerbird.storage.schema import import_listings, import_runs, listings, rejections


@dataclass(frozen=True, slots=True)
class ImportRun:
    """One import. `position` is how much of the source is done; `finished_at` is None while it runs."""

    run_id: int
    source: str
    started_at: datetime
    finished_at: datetime | None
    position: int
    created: int
    changed: int
    unchanged: int
    rejected: int
    deleted: int


_REJECTION_COLUMNS = tuple(
    rejections.c[name] for name in ("part", "row", "listing_id", "field", "value", "reason", "detail")
)
_RUN_COLUMNS = tuple(import_runs.c)
_REASONS = {reason.value: reason for reason in Reason}
_NO_COUNTS = dict.fromkeys(("position", "created", "changed", "unchanged", "rejected", "deleted"), 0)


class ImportLog:
    """The imports of one market. Its methods that take a connection work inside the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, source: str, started_at: datetime) -> ImportRun:
        """The unfinished import of `source`, to be taken up at its position; a new one where there is none.

        `source` must name the contents too (size and time of a file, its column map): a source that changed
        is another source, to be read from its start.
        """
        unfinished = (import_runs.c.source == source) & import_runs.c.finished_at_us.is_(None)
        with self._database.writing() as connection:
            query = select(*_RUN_COLUMNS).where(unfinished).order_by(import_runs.c.id.desc()).limit(1)
            row = connection.execute(query).one_or_none()
            if row is None:
                values = {"source": source, "started_at_us": microseconds(started_at), **_NO_COUNTS}
                added = connection.execute(insert(import_runs).values(values))
                run_id = added.inserted_primary_key[0] if added.inserted_primary_key else None
                row = connection.execute(select(*_RUN_COLUMNS).where(import_runs.c.id == run_id)).one()
        return _run(row)

    def runs(self, limit: int = 100) -> list[ImportRun]:
        """The last `limit` imports, newest first."""
        query = select(*_RUN_COLUMNS).order_by(import_runs.c.id.desc()).limit(limit)
        with self._database.reading() as connection:
            return [_run(row) for row in connection.execute(query)]

    def run(self, run_id: int) -> ImportRun:
        """The import with this id.

        Raises:
            NotFoundError: there is none.
        """
        with self._database.reading() as connection:
            row = connection.execute(select(*_RUN_COLUMNS).where(import_runs.c.id == run_id)).one_or_none()
        if row is None:
            raise NotFoundError(
                f"there is no import {run_id}; see the imports that `bowerbird import` listed"
            )
        return _run(row)

    def rejections(self, run_id: int, limit: int = 100, offset: int = 0) -> list[Rejection]:
        """Rejections `offset` to `offset + limit` of an import, in the order in which they were kept."""
        query = (
            select(*_REJECTION_COLUMNS)
            .where(rejections.c.import_id == run_id)
            .order_by(rejections.c.id)
            .limit(limit)
            .offset(offset)
        )
        with self._database.reading() as connection:
            return [_rejection(row) for row in connection.execute(query)]

    def reasons(self, run_id: int) -> dict[Reason, int]:
        """How many things an import rejected for each reason, the most frequent first."""
        return {_REASONS[code]: count for code, count in self._counts(run_id, rejections.c.reason)}

    def parts(self, run_id: int) -> dict[Part, int]:
        """How many rows, photos and single values an import rejected."""
        return {Part(part): count for part, count in self._counts(run_id, rejections.c.part)}

    def advance(self, connection: Connection, run_id: int, position: int, counts: Mapping[str, int]) -> None:
        """Move a running import to `position` and add `counts` (by column) to its own.

        Raises:
            NotFoundError: no import with this id is running.
        """
        changes: dict[str, Any] = {name: import_runs.c[name] + count for name, count in counts.items()}
        _update_running(connection, run_id, {"position": position, **changes})

    def add(
        self, connection: Connection, run_id: int, rejected: Sequence[Rejection], seen: Sequence[str]
    ) -> None:
        """Keep what a batch rejected, and the ids of the listings it met."""
        if rejected:
            connection.execute(insert(rejections), [_rejection_row(run_id, one) for one in rejected])
        if seen:
            met = [{"import_id": run_id, "listing_id": _storable(listing_id)} for listing_id in seen]
            connection.execute(insert(import_listings), met)

    def missing(self, connection: Connection, run_id: int) -> list[str]:
        """The live listings that the import did not meet.

        Raises:
            InputError: it met none at all.
        """
        met = select(import_listings.c.listing_id).where(import_listings.c.import_id == run_id)
        if connection.execute(met.limit(1)).first() is None:
            raise InputError(
                f"import {run_id} met no listing, so deleting what is missing would empty the catalogue; "
                "check the source, or import without --delete-missing"
            )
        query = select(listings.c.listing_id).where(~listings.c.deleted, listings.c.listing_id.not_in(met))
        return list(connection.scalars(query.order_by(listings.c.revision)))

    def finish(self, connection: Connection, run_id: int, finished_at: datetime, deleted: int) -> None:
        """Mark a running import as finished, and forget which listings it met.

        Raises:
            NotFoundError: no import with this id is running.
        """
        changes = {"finished_at_us": microseconds(finished_at), "deleted": deleted}
        _update_running(connection, run_id, changes)
        connection.execute(delete(import_listings).where(import_listings.c.import_id == run_id))

    def _counts(self, run_id: int, column: ColumnElement[str]) -> list[tuple[str, int]]:
        counted = func.count().label("counted")
        query = (
            select(column, counted)
            .where(rejections.c.import_id == run_id)
            .group_by(column)
            .order_by(counted.desc(), column)
        )
        with self._database.reading() as connection:
            return [(row[0], row[1]) for row in connection.execute(query)]


def _update_running(connection: Connection, run_id: int, changes: Mapping[str, Any]) -> None:
    running = (import_runs.c.id == run_id) & import_runs.c.finished_at_us.is_(None)
    if connection.execute(update(import_runs).where(running).values(changes)).rowcount != 1:
        raise NotFoundError(f"no import {run_id} is running; begin one, or run `bowerbird import` again")


def _rejection_row(run_id: int, rejection: Rejection) -> dict[str, Any]:
    return {
        "import_id": run_id,
        "part": rejection.part.value,
        "row": rejection.row,
        "listing_id": None if rejection.listing_id is None else _storable(rejection.listing_id),
        "field": _storable(rejection.field),
        "value": _storable(rejection.value),
        "reason": rejection.reason.value,
        "detail": _storable(rejection.detail),
    }


def _rejection(row: Sequence[Any]) -> Rejection:
    part, number, listing_id, field, value, reason, detail = row
    return Rejection(Part(part), number, listing_id, field, value, _REASONS[reason], detail)


def _storable(text: str) -> str:
    """Raw text with what no database keeps, NUL and lone surrogates, written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


def _run(row: Sequence[Any]) -> ImportRun:
    run_id, source, started, finished, *counts = row
    return ImportRun(run_id, source, moment(started), None if finished is None else moment(finished), *counts)
