"""Raw values of any source (text, numbers, dates, lists, dictionaries) -> values of a listing's fields."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time

import orjson

from bowerbird.cleaning.rejection import Reason
from bowerbird.market.listing import Status

NULLS = frozenset({"", "null", "none", "nan", "n/a", "<na>", "\\n"})
_MILLISECONDS_FROM = 100_000_000_000  # seconds pass this in the year 5138
UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # no database keeps NUL, nor UTF-8 lone surrogates
_PHOTO_SEPARATORS = ("|", ";", ",")


def is_missing(value: object) -> bool:
    """Whether `value` is how some source says that there is none."""
    if isinstance(value, str):
        return value.strip().lower() in NULLS
    return value is None or (isinstance(value, float) and math.isnan(value)) or value in ([], {}, ())


def text_of(value: object) -> str:
    """A single value as text that can be stored: 12.0 is '12', True is 'yes', a list has commas."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list | tuple):
        return ", ".join(text_of(item) for item in value if not is_missing(item))
    return UNSTORABLE.sub("", str(value))


def parse_date(values: Sequence[object], date_format: str | None = None) -> datetime | Reason | None:
    """The moment that `values` (a date, or a date and a time) say, in UTC; a zoneless one is taken as UTC."""
    if not values:
        return None
    first = values[0]
    try:
        if isinstance(first, datetime):
            moment = first
        elif isinstance(first, date):
            moment = datetime.combine(first, time())
        elif date_format is not None:
            moment = datetime.strptime(" ".join(text_of(value) for value in values), date_format)  # noqa: DTZ007 - below
        elif isinstance(first, int | float) or re.fullmatch(r"\d{9,13}", str(first).strip()):
            seconds = float(str(first))
            seconds = seconds / 1000 if seconds >= _MILLISECONDS_FROM else seconds
            moment = datetime.fromtimestamp(seconds, UTC)
        else:
            moment = datetime.fromisoformat(" ".join(str(value).strip() for value in values))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return Reason.DATE_UNREADABLE


def parse_coordinates(latitude: object, longitude: object) -> tuple[float, float] | Reason | None:
    """Degrees north and east.

    The point 0, 0 lies in the sea and is how sources fill a blank: it is unusable.
    """
    if is_missing(latitude) and is_missing(longitude):
        return None
    try:
        lat, lon = float(str(latitude)), float(str(longitude))
    except ValueError:
        return Reason.COORDINATES_UNUSABLE
    on_earth = -90 <= lat <= 90 and -180 <= lon <= 180
    return (lat, lon) if on_earth and (lat, lon) != (0, 0) else Reason.COORDINATES_UNUSABLE


def parse_status(value: object, words: Mapping[str, Status]) -> Status | Reason | None:
    """The status that `value` names, by the column map's `words` or by our own."""
    if is_missing(value):
        return None
    word = text_of(value).strip().lower()
    if word in words:
        return words[word]
    return Status(word) if word in set(Status) else Reason.STATUS_UNKNOWN


def parse_photos(values: Iterable[object]) -> list[str]:
    """File names in order, from lists, JSON lists, or text parted by one of | ; , or else by spaces."""
    names: list[str] = []
    for value in values:
        parsed = _from_json(value)
        if isinstance(parsed, list | tuple):
            names.extend(text_of(item).strip() for item in parsed if not is_missing(item))
        else:
            text = text_of(parsed)
            separator = next((mark for mark in _PHOTO_SEPARATORS if mark in text), None)
            names.extend(name.strip() for name in text.split(separator))
    return [name for name in names if name]


def parse_attributes(values: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """(name, value) pairs of `values`, by column; a dictionary (or JSON object) gives one a key."""
    pairs: dict[tuple[str, str], None] = {}
    for column, value in values.items():
        _flatten(text_of(column), _from_json(value), pairs, top=True)
    return tuple(pairs)


def _flatten(name: str, value: object, pairs: dict[tuple[str, str], None], *, top: bool = False) -> None:
    if is_missing(value):
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _flatten(text_of(key) if top else f"{name}.{text_of(key)}", inner, pairs)
    elif text := " ".join(text_of(value).split()):
        pairs[name, text] = None


def _from_json(value: object) -> object:
    if isinstance(value, str) and value.strip()[:1] in ("[", "{"):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value
