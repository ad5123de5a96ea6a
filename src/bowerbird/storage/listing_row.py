"""A listing as the catalogue's table keeps it, and back: nothing is lost either way."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import case, null

from bowerbird.errors import InputError
from bowerbird.market.listing import Listing, Photo, Price, Status
from bowerbird.storage.schema import listings

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_INTEGER = 2**63 - 1
_PHOTO_FIELDS = ("photo_id", "content_hash", "perceptual_hash", "width", "height")

# In the order that `listing_of` reads.
_CONTENT_NAMES = (
    "listing_id",
    "title",
    "description",
    "category",
    "price_minor",
    "currency",
    "place",
    "latitude",
    "longitude",
    "status",
    "seller_id",
    "created_at_us",
    "photos",
    "attributes",
)
WRITTEN_COLUMNS = (*(listings.c[name] for name in _CONTENT_NAMES), null().label("hidden_photos"))
# As it is shown: what the owner hides is hidden, whatever its status says, and whatever photos it has.
_SHOWN = {
    "status": case((listings.c.hidden, Status.HIDDEN.value), else_=listings.c.status).label("status"),
    "hidden_photos": listings.c.hidden_photos,
}
CONTENT_COLUMNS = tuple(_SHOWN.get(column.name, column) for column in WRITTEN_COLUMNS)
TOMBSTONE: dict[str, Any] = dict.fromkeys(("digest", *_CONTENT_NAMES[1:]))


def microseconds(time: datetime) -> int:
    """Since 1970, UTC; exact.

    Raises:
        InputError: `time` does not say its zone, or lies outside the years 1 to 9999 in UTC.
    """
    if time.tzinfo is None:
        raise InputError(f"the time {time.isoformat()} does not say its zone; give it in UTC")
    try:
        in_utc = time.astimezone(UTC)
    except OverflowError as error:
        raise InputError(
            f"the time {time.isoformat()} lies outside the years 1 to 9999 in UTC; correct it"
        ) from error
    return (in_utc - _EPOCH) // timedelta(microseconds=1)


def moment(time_us: int) -> datetime:
    """The aware time, in UTC, of `microseconds`."""
    return _EPOCH + timedelta(microseconds=time_us)


def row_of(listing: Listing) -> dict[str, Any]:
    """The columns of `listing`, all but its revision.

    Raises:
        InputError: a text or number of the listing fits no database.
    """
    price, status, created = listing.price, listing.status, listing.created_at
    values = (
        listing.listing_id,
        listing.title,
        listing.description,
        listing.category,
        None if price is None else price.minor,
        None if price is None else price.currency,
        listing.place,
        listing.latitude,
        listing.longitude,
        None if status is None else status.value,
        listing.seller_id,
        None if created is None else microseconds(created),
        [{name: getattr(photo, name) for name in _PHOTO_FIELDS} for photo in listing.photos],
        listing.attributes,
    )
    row: dict[str, Any] = dict(zip(_CONTENT_NAMES, values, strict=True))
    row["digest"] = _digest(listing, values)
    row["deleted"] = False
    return row


def listing_of(row: Sequence[Any]) -> Listing:
    """The listing whose `CONTENT_COLUMNS`, or `WRITTEN_COLUMNS`, are `row`."""
    minor, currency, status, created, hidden = row[4], row[5], row[9], row[11], row[14] or ()
    return Listing(
        listing_id=row[0],
        title=row[1],
        description=row[2],
        category=tuple(row[3]),
        price=None if minor is None else Price(minor, currency),
        place=row[6],
        latitude=row[7],
        longitude=row[8],
        status=None if status is None else Status(status),
        seller_id=row[10],
        created_at=None if created is None else moment(created),
        photos=tuple(Photo(**photo) for photo in row[12] if photo["content_hash"] not in hidden),
        attributes=tuple((name, value) for name, value in row[13]),
    )


def _digest(listing: Listing, values: tuple[Any, ...]) -> bytes:
    try:
        content = orjson.dumps(values)
    except TypeError as error:  # a lone surrogate, or an integer over 64 bits
        raise InputError(
            f"listing {listing.listing_id!r} cannot be stored: {error}; clean it first"
        ) from error
    if listing.price is not None and listing.price.minor > _LARGEST_INTEGER:
        raise InputError(
            f"listing {listing.listing_id!r} has the price {listing.price.minor}, over the largest that can "
            f"be stored, {_LARGEST_INTEGER}; correct it"
        )
    # PostgreSQL keeps no NUL in text. The escape is also how a backslash before 'u0000' is written.
    if b"\\u0000" in content and b"\0" in _texts(orjson.loads(content)):
        raise InputError(f"listing {listing.listing_id!r} has a NUL character in a text; take it out")
    return blake2b(content, digest_size=16).digest()


def _texts(value: object) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, dict):
        return b"".join(_texts(part) for part in value.values())
    if isinstance(value, list):
        return b"".join(_texts(part) for part in value)
    return b""
