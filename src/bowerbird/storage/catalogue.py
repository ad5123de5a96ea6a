"""The catalogue of listings: the truth, of which every index is a projection.

Every change to a listing gets the next `revision`, a number that only grows; whoever has seen all up to r
asks `changes_since(r)` for the rest and misses nothing, because revisions become visible in order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from bowerbird.cleaning.rejection import Rejection
from bowerbird.errors import InputError
from bowerbird.market.listing import Listing
from bowerbird.storage.database import Database
from bowerbird.storage.hidden_listings import HiddenListings
from bowerbird.storage.import_log import ImportLog
from bowerbird.storage.listing_changes import (
    STATE,
    UpsertResult,
    chunks,
    delete_rows,
    locked_state,
    stands,
    upsert_rows,
)
from bowerbird.storage.listing_row import CONTENT_COLUMNS, WRITTEN_COLUMNS, listing_of, row_of
from bowerbird.storage.schema import listings

_GET = select(*CONTENT_COLUMNS).where(
    listings.c.listing_id.in_(bindparam("ids", expanding=True)), ~listings.c.deleted
)
_TITLES = select(listings.c.listing_id, listings.c.title).where(
    listings.c.listing_id.in_(bindparam("ids", expanding=True)), ~listings.c.deleted
)
_ALL_IDS = select(listings.c.listing_id).where(~listings.c.deleted).order_by(listings.c.revision)
_ALL_TITLES = select(listings.c.listing_id, listings.c.title).where(~listings.c.deleted)
_CHANGES = (
    select(listings.c.revision, listings.c.deleted, *CONTENT_COLUMNS)
    .where(listings.c.revision > bindparam("after"))
    .order_by(listings.c.revision)
    .limit(bindparam("limit"))
)
_CHANGES_OF = (
    select(listings.c.revision, listings.c.deleted, *CONTENT_COLUMNS)
    .where(listings.c.listing_id.in_(bindparam("ids", expanding=True)))
    .order_by(listings.c.revision)
)
_WRITTEN = select(listings.c.revision, listings.c.deleted, *WRITTEN_COLUMNS).where(
    listings.c.listing_id == bindparam("id"), ~listings.c.deleted
)
_SCAN = (
    select(listings.c.revision, *CONTENT_COLUMNS)
    .where(
        listings.c.revision > bindparam("after"),
        listings.c.revision <= bindparam("upto"),
        ~listings.c.deleted,
    )
    .order_by(listings.c.revision)
    .limit(bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class Change:
    """A listing as it stood at `revision`; None where it was deleted."""

    revision: int
    listing_id: str
    listing: Listing | None


class Catalogue:
    """The listings of one market. Safe to share between threads; processes may open the same database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.imports = ImportLog(database)
        self.hidden = HiddenListings(database)

    def __len__(self) -> int:
        return self.count()

    def count(self) -> int:
        """How many listings are live."""
        return self._state()[1]

    def revision(self) -> int:
        """The last revision given out; 0 before the first change."""
        return self._state()[0]

    def upsert(self, given: Sequence[Listing]) -> UpsertResult:
        """Create or replace each listing, in one transaction; one that changes nothing keeps its revision.

        Where an id comes twice, the last one counts.

        Raises:
            InputError: a text or number of a listing fits no database; nothing was stored.
        """
        rows = _rows(given)
        with self._database.writing() as connection:
            return upsert_rows(connection, rows)

    def replace(self, read: Change, new: Listing) -> UpsertResult | None:
        """Put `new` in the place of what was `read`; None, and nothing was stored, where it changed since.

        Raises:
            InputError: a text or number of `new` fits no database, or it has another id.
        """
        if read.listing_id != new.listing_id:
            raise InputError(
                f"listing {read.listing_id!r} cannot take the id {new.listing_id!r}; keep its id"
            )
        row = row_of(new)
        with self._database.writing() as connection:
            if not stands(connection, read.listing_id, read.revision):
                return None
            return upsert_rows(connection, {new.listing_id: row})

    def delete(self, listing_ids: Sequence[str]) -> int:
        """Delete the listings that exist among `listing_ids`; the revision reached."""
        with self._database.writing() as connection:
            return delete_rows(connection, listing_ids)[0]

    def written(self, listing_id: str) -> Change | None:
        """A live listing as it was written last, though the owner hid it: what a change begins with."""
        with self._database.reading() as connection:
            row = connection.execute(_WRITTEN, {"id": listing_id}).first()
        return None if row is None else _change(row)

    def get(self, listing_ids: Sequence[str]) -> dict[str, Listing]:
        """The live listings among `listing_ids`, by id."""
        found: dict[str, Listing] = {}
        with self._database.reading() as connection:
            for ids in chunks(listing_ids):
                rows = connection.execute(_GET, {"ids": ids}).all()
                found.update((row[0], listing_of(row)) for row in rows)
        return found

    def titles(self, listing_ids: Sequence[str]) -> dict[str, str]:
        """The titles of the live listings among `listing_ids`, by id."""
        found: dict[str, str] = {}
        with self._database.reading() as connection:
            for ids in chunks(listing_ids):
                found.update((row[0], row[1]) for row in connection.execute(_TITLES, {"ids": ids}))
        return found

    def all_ids(self) -> list[str]:
        """The ids of the live listings, in the order of their last change."""
        with self._database.reading() as connection:
            return list(connection.scalars(_ALL_IDS))

    def all_titles(self) -> dict[str, str]:
        """The title of each live listing, by id."""
        with self._database.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(_ALL_TITLES)}

    def changes_since(self, revision: int, limit: int) -> list[Change]:
        """Up to `limit` changes after `revision`, in order; of a listing changed twice, only the last."""
        with self._database.reading() as connection:
            rows = connection.execute(_CHANGES, {"after": revision, "limit": limit}).all()
        return [_change(row) for row in rows]

    def changes_of(self, listing_ids: Sequence[str]) -> list[Change]:
        """The last change of each of the listings that ever existed, by revision."""
        with self._database.reading() as connection:
            found = [
                row for ids in chunks(listing_ids) for row in connection.execute(_CHANGES_OF, {"ids": ids})
            ]
        return sorted((_change(row) for row in found), key=lambda change: change.revision)

    def scan(self, batch: int = 1_000, upto: int | None = None) -> Iterator[list[Listing]]:
        """Lists of up to `batch` live listings, in revision order, in constant memory.

        Listings changed after revision `upto` (by default, the one reached when the scan begins) are left
        out: `changes_since(upto)` has them, so that a scan and a replay together miss nothing.
        """
        last = self.revision() if upto is None else upto
        after = 0
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(_SCAN, {"after": after, "upto": last, "limit": batch}).all()
            if not rows:
                return
            yield [listing_of(row[1:]) for row in rows]
            after = rows[-1][0]

    def import_batch(
        self,
        run_id: int,
        given: Sequence[Listing],
        rejected: Sequence[Rejection],
        position: int,
        seen: Sequence[str] = (),
    ) -> UpsertResult:
        """Upsert, keep the rejections and move the resume position, in one transaction.

        Args:
            run_id: the running import.
            given: the clean listings of this batch.
            rejected: what cleaning left out of it, in order.
            position: how much of the source is done once this batch is.
            seen: ids that the source still has although no listing came of them; `finish_import` keeps them.

        Raises:
            InputError: a text or number of a listing fits no database; nothing was stored.
            NotFoundError: no import with this id is running.
        """
        rows = _rows(given)
        with self._database.writing() as connection:
            result = upsert_rows(connection, rows)
            counts = {
                "created": result.created,
                "changed": result.changed,
                "unchanged": result.unchanged,
                "rejected": len(rejected),
            }
            self.imports.advance(connection, run_id, position, counts)
            self.imports.add(connection, run_id, rejected, [*rows, *seen])
        return result

    def finish_import(self, run_id: int, finished_at: datetime, *, delete_missing: bool = False) -> int:
        """End the import; the revision reached.

        Args:
            run_id: the running import.
            finished_at: when it ended; aware.
            delete_missing: also delete every listing that no batch of this import brought or named as seen.

        Raises:
            InputError: `delete_missing` of an import that met no listing would empty the catalogue.
            NotFoundError: no import with this id is running.
        """
        with self._database.writing() as connection:
            revision, deleted = locked_state(connection)[0], 0
            if delete_missing:
                revision, deleted = delete_rows(connection, self.imports.missing(connection, run_id))
            self.imports.finish(connection, run_id, finished_at, deleted)
        return revision

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _state(self) -> tuple[int, int]:
        with self._database.reading() as connection:
            revision, live = connection.execute(STATE).one()
            return revision, live


def _change(row: Sequence[Any]) -> Change:
    return Change(row[0], row[2], None if row[1] else listing_of(row[2:]))


def _rows(given: Sequence[Listing]) -> dict[str, dict[str, Any]]:
    return {listing.listing_id: row_of(listing) for listing in given}
