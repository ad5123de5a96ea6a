"""What the owner hides, listings and single photos of them, whatever is written to them afterwards.

Hiding is a change of the listing with a revision of its own, so that every process that follows the catalogue
takes it up as it takes up any other.
"""

from sqlalchemy import Connection, bindparam, func, or_, select, update

from bowerbird.market.listing import Listing
from bowerbird.storage.database import Database
from bowerbird.storage.listing_changes import locked_state
from bowerbird.storage.listing_row import CONTENT_COLUMNS, listing_of
from bowerbird.storage.schema import catalogue_state, listings

_HAS_HIDDEN_PHOTOS = listings.c.hidden_photos.is_not(None)
_LIVE = ~listings.c.deleted
_STATE = select(listings.c.hidden, listings.c.hidden_photos).where(
    listings.c.listing_id == bindparam("id"), _LIVE
)
_LISTINGS = (
    select(*CONTENT_COLUMNS)
    .where(listings.c.hidden, _LIVE)
    .order_by(listings.c.revision.desc())
    .limit(bindparam("limit"))
)
_MARK = select(func.count(), func.max(listings.c.revision)).where(or_(listings.c.hidden, _HAS_HIDDEN_PHOTOS))
_PHOTOS_OF_HIDDEN = select(listings.c.photos).where(listings.c.hidden, _LIVE)
_PHOTOS = (
    select(listings.c.listing_id, listings.c.hidden_photos)
    .where(_HAS_HIDDEN_PHOTOS, _LIVE)
    .order_by(listings.c.revision.desc())
)


class HiddenListings:
    """The word of the owner about the listings of one market. Safe to share between threads and processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hide(self, listing_id: str, hidden: bool = True) -> bool:
        """Hide a listing whatever is written to it, or show it again; False where there is none such."""
        with self._database.writing() as connection:
            revision, _ = locked_state(connection)
            row = connection.execute(_STATE, {"id": listing_id}).first()
            if row is not None and row[0] != hidden:
                _change(connection, listing_id, revision + 1, hidden=hidden)
        return row is not None

    def hide_photo(self, listing_id: str, content_hash: str, hidden: bool = True) -> bool:
        """Hide a photo of a listing, by content, or show it again; False where there is no such listing."""
        with self._database.writing() as connection:
            revision, _ = locked_state(connection)
            row = connection.execute(_STATE, {"id": listing_id}).first()
            if row is not None and (content_hash in (before := row[1] or [])) != hidden:
                after = [*before, content_hash] if hidden else [one for one in before if one != content_hash]
                _change(connection, listing_id, revision + 1, hidden_photos=after or None)
        return row is not None

    def listings(self, limit: int) -> list[Listing]:
        """Up to `limit` hidden listings, the latest first."""
        with self._database.reading() as connection:
            return [listing_of(row) for row in connection.execute(_LISTINGS, {"limit": limit})]

    def photos(self, limit: int) -> list[tuple[str, str]]:
        """Up to `limit` (listing id, content hash) of photos hidden alone, the latest change first."""
        with self._database.reading() as connection:
            rows = connection.execute(_PHOTOS.limit(limit)).all()
        return [(listing_id, one) for listing_id, hashes in rows for one in reversed(hashes)][:limit]

    def mark(self) -> tuple[int, int | None]:
        """What differs once something was hidden, shown or, being hidden, changed; cheap to ask."""
        with self._database.reading() as connection:
            count, revision = connection.execute(_MARK).one()
            return count, revision

    def content_hashes(self) -> frozenset[str]:
        """Of all photos that are hidden, with their listing or alone."""
        with self._database.reading() as connection:
            with_listing = connection.scalars(_PHOTOS_OF_HIDDEN).all()
            alone = connection.execute(_PHOTOS).all()
        return frozenset(photo["content_hash"] for photos in with_listing for photo in photos).union(
            *(hashes for _, hashes in alone)
        )


def _change(connection: Connection, listing_id: str, revision: int, **values: object) -> None:
    row = update(listings).where(listings.c.listing_id == listing_id)
    connection.execute(row.values(revision=revision, **values))
    connection.execute(update(catalogue_state).values(revision=revision))
