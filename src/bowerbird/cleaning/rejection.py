"""What an import leaves out, and why: one value per row, photo or single value that was dropped.

Nothing disappears: of every source, rows read = rows accepted + rejections of part ROW, and photos read =
photos accepted + rejections of part PHOTO. A rejection of part VALUE is a note: its listing stays, with that
value unknown (a price of ten million makes the price unknown, not the sofa).
"""

from dataclasses import dataclass
from enum import StrEnum

from bowerbird.errors import BowerbirdError, NotFoundError, TooLargeError

LONGEST_VALUE = 500


class Part(StrEnum):
    """What was dropped."""

    ROW = "row"
    PHOTO = "photo"
    VALUE = "value"


class Reason(StrEnum):
    """Why it was dropped: a fixed vocabulary to count by; `text` says it to a person."""

    text: str

    def __new__(cls, code: str, text: str) -> "Reason":
        """A member whose value is `code`."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.text = text
        return member

    MALFORMED_ROW = "malformed_row", "the row cannot be read: its columns or quotes do not match the header"
    NOT_JSON = "not_json", "the line is not one JSON object"
    NOT_UTF8 = "not_utf8", "the row is not UTF-8 text"
    EMPTY_ROW = "empty_row", "every value of the row is empty"
    MISSING_ID = "missing_id", "the row has no id"
    MISSING_TITLE = "missing_title", "the row has no title"
    REPEATED_ID = "repeated_id", "a later row has the same id and replaces this one"
    PRICE_UNREADABLE = "price_unreadable", "the price is not one amount of money"
    PRICE_NEGATIVE = "price_negative", "the price is below 0"
    PRICE_ABSURD = "price_absurd", "the price is too high to be meant"
    PRICE_NO_CURRENCY = "price_no_currency", "neither the price nor the column map names a currency"
    DATE_UNREADABLE = "date_unreadable", "the date cannot be read"
    COORDINATES_UNUSABLE = "coordinates_unusable", "latitude and longitude are not a place on the earth"
    STATUS_UNKNOWN = "status_unknown", "the status is not one that bowerbird or the column map knows"
    PHOTO_MISSING = "photo_missing", "the photo is not where the photos are"
    PHOTO_BROKEN = "photo_broken", "the photo cannot be decoded"
    PHOTO_TOO_LARGE = "photo_too_large", "the photo is over the limit of bytes or pixels"
    PHOTO_WITHOUT_ID = "photo_without_id", "the photo's row lacks its id or its listing's id"
    PHOTO_REPEATED = "photo_repeated", "the same photo was named before"
    PHOTO_UNKNOWN_LISTING = "photo_unknown_listing", "no accepted listing has the id that the photo names"
    EVENT_TYPE_UNKNOWN = "event_type_unknown", "the type of the event is not one that bowerbird knows"
    EVENT_WITHOUT_LISTING = "event_without_listing", "the event names no listing"
    EVENT_WITHOUT_SHOPPER = "event_without_shopper", "the event names neither a shopper nor a session"
    EVENT_WITHOUT_TIME = "event_without_time", "the event has no time"
    EVENT_IN_FUTURE = "event_in_future", "the time of the event has not come yet"
    EVENT_TOO_OLD = "event_too_old", "the event is older than events are taken"
    ID_UNUSABLE = "id_unusable", "an id is no text or number, or too long"
    POSITION_UNUSABLE = "position_unusable", "the position is not a whole number from 1"


@dataclass(frozen=True, slots=True)
class Rejection:
    """One thing dropped: where it stood (`row` counts data rows from 1), its raw value, and the reason."""

    part: Part
    row: int
    listing_id: str | None
    field: str
    value: str
    reason: Reason
    detail: str = ""

    def __str__(self) -> str:
        whose = f" of listing {self.listing_id}" if self.listing_id else ""
        said = f" ({self.detail})" if self.detail else ""
        return f"row {self.row}, {self.field}{whose}: {self.reason.text}{said}: {self.value!r}"


@dataclass(frozen=True, slots=True)
class PhotoReference:
    """A photo that a listing names: `location` is what the photo source is asked for."""

    photo_id: str
    location: str
    listing_id: str
    row: int


def shown(value: object) -> str:
    """`value` as a rejection keeps it: text as it is, else as Python writes it, cut to 500 characters."""
    text = value if isinstance(value, str) else repr(value)
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def reject_photo(reference: PhotoReference, error: BowerbirdError) -> Rejection:
    """The rejection of a photo whose reading or cleaning raised `error`."""
    reason = Reason.PHOTO_BROKEN
    if isinstance(error, NotFoundError):
        reason = Reason.PHOTO_MISSING
    elif isinstance(error, TooLargeError):
        reason = Reason.PHOTO_TOO_LARGE
    return Rejection(
        Part.PHOTO,
        reference.row,
        reference.listing_id,
        "photos",
        shown(reference.location),
        reason,
        shown(error.message),
    )
