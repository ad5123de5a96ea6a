"""Changes to listings inside one transaction, each with the next revision.

Writers first lock the one row of `catalogue_state` and commit it with their change. They therefore take turns
on any database, and a reader that sees revision r sees every revision before it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from bowerbird.cleaning.field_values import UNSTORABLE
from bowerbird.storage.listing_row import TOMBSTONE
from bowerbird.storage.schema import catalogue_state, listings

_IDS_AT_ONCE = 1_000  # well under the 32,766 variables that SQLite allows a statement

STATE = select(catalogue_state.c.revision, catalogue_state.c.live)
_DIGESTS = select(listings.c.listing_id, listings.c.digest).where(
    listings.c.listing_id.in_(bindparam("ids", expanding=True))
)
_REVISION = select(listings.c.revision).where(listings.c.listing_id == bindparam("id"))
_REPLACE = update(listings).where(listings.c.listing_id == bindparam("known_id"))


@dataclass(frozen=True, slots=True)
class UpsertResult:
    """The revision reached, and what became of the listings that were given."""

    revision: int
    created: int
    changed: int
    unchanged: int


def locked_state(connection: Connection) -> tuple[int, int]:
    """The last revision and the number of live listings, held until the transaction ends."""
    # SQLite has no FOR UPDATE and needs none: `Database.writing` took its one write lock.
    revision, live = connection.execute(STATE.with_for_update()).one()
    return revision, live


def stands(connection: Connection, listing_id: str, revision: int) -> bool:
    """Whether the last change of a listing has `revision`, and keeps it until the transaction ends."""
    locked_state(connection)
    return connection.execute(_REVISION, {"id": listing_id}).scalar() == revision


def upsert_rows(connection: Connection, rows: Mapping[str, dict[str, Any]]) -> UpsertResult:
    """Create or replace the listings whose rows, as `row_of` makes them, stand by id in `rows`."""
    revision, live = locked_state(connection)
    digests = _digests(connection, list(rows))
    new, replaced, created = [], [], 0
    for listing_id, row in rows.items():
        if digests.get(listing_id) == row["digest"]:
            continue
        revision += 1
        if listing_id in digests:
            replaced.append({**row, "revision": revision, "known_id": listing_id})
        else:
            new.append({**row, "revision": revision})
        created += digests.get(listing_id) is None  # unknown, or deleted before
    if new:
        connection.execute(insert(listings), new)
    if replaced:
        connection.execute(_REPLACE, replaced)
    if new or replaced:
        connection.execute(update(catalogue_state).values(revision=revision, live=live + created))
    touched = len(new) + len(replaced)
    return UpsertResult(revision, created, touched - created, len(rows) - touched)


def delete_rows(connection: Connection, listing_ids: Sequence[str]) -> tuple[int, int]:
    """The revision reached and how many were deleted, of the live listings among `listing_ids`."""
    revision, live = locked_state(connection)
    digests = _digests(connection, list(dict.fromkeys(listing_ids)))
    doomed = [listing_id for listing_id, digest in digests.items() if digest is not None]
    if doomed:
        rows = [
            {**TOMBSTONE, "deleted": True, "revision": revision + n, "known_id": listing_id}
            for n, listing_id in enumerate(doomed, 1)
        ]
        connection.execute(_REPLACE, rows)
        revision += len(doomed)
        connection.execute(update(catalogue_state).values(revision=revision, live=live - len(doomed)))
    return revision, len(doomed)


def chunks(listing_ids: Sequence[str]) -> Iterator[list[str]]:
    """Lists that one statement can take; ids that no database keeps are left out, for no listing has them."""
    remaining = (listing_id for listing_id in listing_ids if not UNSTORABLE.search(listing_id))
    while ids := list(islice(remaining, _IDS_AT_ONCE)):
        yield ids


def _digests(connection: Connection, listing_ids: Sequence[str]) -> dict[str, bytes | None]:
    """By id, None for the deleted; in the order of `listing_ids`, without the unknown."""
    found: dict[str, bytes | None] = {}
    for ids in chunks(listing_ids):
        found.update((row[0], row[1]) for row in connection.execute(_DIGESTS, {"ids": ids}))
    return {listing_id: found[listing_id] for listing_id in listing_ids if listing_id in found}
