"""One raw row -> a listing without its photos, the photos it names and notes; or the reason why not.

Rows are cleaned one at a time and alone, so that an import can do it in any process. What needs a view of all
rows, an id that comes twice, is `RepeatedIds`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from bowerbird.cleaning.category import parse_category
from bowerbird.cleaning.column_map import ColumnMap
from bowerbird.cleaning.field_values import (
    is_missing,
    parse_attributes,
    parse_coordinates,
    parse_date,
    parse_photos,
    parse_status,
    text_of,
)
from bowerbird.cleaning.price import ISO_4217, parse_price
from bowerbird.cleaning.reading_rows import RawRow
from bowerbird.cleaning.rejection import Part, PhotoReference, Reason, Rejection, shown
from bowerbird.cleaning.text import clean_description, clean_title
from bowerbird.market.listing import Listing, Price

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CleanRow:
    """An accepted row.

    `notes` are values dropped while the listing stays (part VALUE), and photos named twice (part PHOTO).
    """

    row: int
    listing: Listing
    photos: tuple[PhotoReference, ...] = ()
    notes: tuple[Rejection, ...] = ()


def clean_row(row: RawRow, column_map: ColumnMap) -> CleanRow | Rejection:
    """The listing that `row` describes; what the row lacks stays unknown."""
    if row.fault is not None:
        return Rejection(Part.ROW, row.number, None, "row", row.text, row.fault)
    given = _given(row.values, column_map)
    if not any(given.values()):
        return _rejected(row, None, "row", row.values, Reason.EMPTY_ROW)
    listing_id = _listing_id(given)
    if listing_id is None:
        return _rejected(row, None, "id", row.values, Reason.MISSING_ID)
    raw_title = " ".join(text_of(value) for value in given["title"].values())
    title = clean_title(raw_title)
    if not title:
        return _rejected(row, listing_id, "title", raw_title, Reason.MISSING_TITLE)
    notes = _Notes(row.number, listing_id)
    listing = _listing(listing_id, title, given, column_map, notes)
    return CleanRow(row.number, listing, _photos(given, notes), tuple(notes.rejections))


class RepeatedIds:
    """The ids accepted so far. Of rows with one id the last accepted one counts, as in any upsert."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}

    def accept(self, listing_id: str, row: int) -> Rejection | None:
        """Note that `row` was accepted; the rejection of the earlier row that it replaces, if any."""
        earlier = self._rows.get(listing_id)
        self._rows[listing_id] = row
        if earlier is None or earlier == row:
            return None
        detail = f"row {row} replaces it"
        return Rejection(Part.ROW, earlier, listing_id, "id", listing_id, Reason.REPEATED_ID, detail)

    def __contains__(self, listing_id: object) -> bool:
        return listing_id in self._rows

    def __len__(self) -> int:
        return len(self._rows)


class _Notes:
    """Keeps usable values and writes down the others."""

    def __init__(self, row: int, listing_id: str) -> None:
        self.row = row
        self.listing_id = listing_id
        self.rejections: list[Rejection] = []

    def keep(self, field: str, raw: object, outcome: T | Reason | None) -> T | None:
        if not isinstance(outcome, Reason):
            return outcome
        self.add(Part.VALUE, field, raw, outcome)
        return None

    def add(self, part: Part, field: str, raw: object, reason: Reason) -> None:
        self.rejections.append(Rejection(part, self.row, self.listing_id, field, shown(raw), reason))


_Given = dict[str, dict[str, object]]


def _given(values: Mapping[str, object], column_map: ColumnMap) -> _Given:
    """By field, the values that are there, by column."""
    return {
        name: {
            column: value
            for column in columns
            if (value := values.get(column)) is not None and not is_missing(value)
        }
        for name, columns in column_map.columns.items()
    }


def _listing_id(given: _Given) -> str | None:
    return "-".join(text_of(value).strip() for value in given["id"].values()) or None


def _first(given: _Given, field: str) -> object:
    return next(iter(given.get(field, {}).values()), None)


def _listing(listing_id: str, title: str, given: _Given, column_map: ColumnMap, notes: _Notes) -> Listing:
    category = _category(given, column_map)
    place = ", ".join(clean_title(text_of(value)) for value in given.get("place", {}).values()) or None
    description = "\n".join(text_of(value) for value in given.get("description", {}).values())
    latitude, longitude = _first(given, "latitude"), _first(given, "longitude")
    point = notes.keep("latitude", f"{latitude}, {longitude}", parse_coordinates(latitude, longitude))
    dates = list(given.get("created_at", {}).values())
    status = _first(given, "status")
    return Listing(
        listing_id=listing_id,
        title=title,
        description=clean_description(description, category=category, place=place),
        category=category,
        price=_price(given, column_map, notes),
        place=place,
        latitude=point[0] if point else None,
        longitude=point[1] if point else None,
        status=notes.keep("status", status, parse_status(status, column_map.status_values)),
        seller_id=" ".join(text_of(value).strip() for value in given.get("seller", {}).values()) or None,
        created_at=notes.keep("created_at", dates, parse_date(dates, column_map.date_format)),
        attributes=parse_attributes(given.get("attributes", {})),
    )


def _category(given: _Given, column_map: ColumnMap) -> tuple[str, ...]:
    """Several columns are levels of one path; a list is a path already."""
    levels: list[str] = []
    for value in given.get("category", {}).values():
        levels.extend(parse_category(value, column_map.category_separator))
    return parse_category(levels, drop_last=column_map.category_drop_last)


def _price(given: _Given, column_map: ColumnMap, notes: _Notes) -> Price | None:
    raw = _first(given, "price")
    currency = column_map.currency
    if (named := _first(given, "currency")) is not None:
        currency = text_of(named).strip().upper()
        if currency not in ISO_4217:
            return notes.keep("currency", named, None if raw is None else Reason.PRICE_NO_CURRENCY)
    return notes.keep("price", raw, parse_price(raw, currency, unit=column_map.price_unit))


def _photos(given: _Given, notes: _Notes) -> tuple[PhotoReference, ...]:
    """The photos named in the row; an id is the listing's with the photo's place among them."""
    locations: dict[str, None] = {}
    for location in parse_photos(given.get("photos", {}).values()):
        if location in locations:
            notes.add(Part.PHOTO, "photos", location, Reason.PHOTO_REPEATED)
        locations[location] = None
    return tuple(
        PhotoReference(f"{notes.listing_id}-{place}", location, notes.listing_id, notes.row)
        for place, location in enumerate(locations, 1)
    )


def _rejected(row: RawRow, listing_id: str | None, field: str, value: object, reason: Reason) -> Rejection:
    return Rejection(Part.ROW, row.number, listing_id, field, shown(value), reason)
