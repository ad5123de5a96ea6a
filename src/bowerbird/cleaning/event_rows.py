"""Raw rows -> Events or Rejections: what POST /v1/events takes, and the rows of an event log.

Fields go by bowerbird's names, by those of the User Behavior Insights standard (UBI 1.3,
https://o19s.github.io/ubi/), nested as it nests them or with dots in a column's name, and by those that click
logs commonly have. Whatever else a row holds is passed over: UBI events carry much that a ranking has no use
for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import orjson

from bowerbird.cleaning.field_values import UNSTORABLE, is_missing, parse_date, text_of
from bowerbird.cleaning.reading_rows import RawRow
from bowerbird.cleaning.rejection import Part, Reason, Rejection, shown
from bowerbird.market.event import Event, EventType

LONGEST_ID = 200  # characters of an event's, listing's, shopper's, session's or query's id
LAST_POSITION = 1_000_000

# By field, the first that a row has counts. A dot goes into a nested object.
NAMES = {
    "event_id": ("event_id", "id"),
    "type": ("type", "action_name", "event_type", "event", "action"),
    "listing_id": (
        "listing_id",
        "event_attributes.object.object_id",
        "object_id",
        "item_id",
        "product_id",
        "itemid",
    ),
    "time": ("time", "timestamp", "event_time", "created_at"),
    # In UBI a client is a browser, which names the shopper where nobody is logged in.
    "shopper": ("shopper", "shopper_id", "user_id", "client_id", "visitorid"),
    "session": ("session", "session_id", "user_session"),
    "query_id": ("query_id",),
    "position": ("position", "event_attributes.position.ordinal", "position.ordinal", "ordinal"),
}
_PATHS = {field: tuple((name, tuple(name.split("."))) for name in names) for field, names in NAMES.items()}
_IDS = ("listing_id", "shopper", "session", "query_id")

_OTHER_WORDS = {
    EventType.IMPRESSION: "impressions viewport show shown",
    EventType.VIEW: "click click_through clickthrough clicked view_item product_view viewed pageview",
    EventType.SAVE: "add_to_cart addtocart cart add_to_basket add_to_wishlist favourite favorite like watch "
    "bookmark saved",
    EventType.CONTACT: "message enquiry inquiry call offer contact_seller",
    EventType.PURCHASE: "buy bought transaction order purchased sale",
    EventType.HIDE: "dislike dismiss not_interested hidden less_like_this",
}
TYPES = {kind.value: kind for kind in EventType} | {
    word: kind for kind, words in _OTHER_WORDS.items() for word in words.split()
}


@dataclass(frozen=True, slots=True)
class EventLimits:
    """Which times are taken: those in [now - oldest, now + ahead]; `oldest` None takes any past."""

    oldest: timedelta | None = None
    ahead: timedelta = timedelta(minutes=5)  # clocks differ


@dataclass(frozen=True, slots=True)
class RejectedEvent:
    """A row that is no event. Shopper and session, where it names them, are for erasing it with them."""

    rejection: Rejection
    shopper: str | None = None
    session: str | None = None


class _RefusedError(Exception):
    """Why the row at hand is refused: the field, its value, the reason."""


def clean_event(
    row: RawRow, limits: EventLimits, now: datetime, *, live: bool = False
) -> Event | RejectedEvent:
    """The event that `row` says, or why it says none.

    Args:
        row: as a source or a client has it.
        limits: which times are taken.
        now: aware; what 'the future' is measured from.
        live: the row was sent as it happened, so that without a time it happened now. A row of a log
            without a time is refused.
    """
    if row.fault is not None:
        return RejectedEvent(Rejection(Part.ROW, row.number, None, "row", row.text, row.fault))
    given = given_fields(row.values)
    try:
        return _event(given, limits, now if live else None, now)
    except _RefusedError as refused:
        field, value, reason, detail = refused.args
        ids = {name: _stored_id(given.get(name)) for name in ("listing_id", "shopper", "session")}
        rejection = Rejection(Part.ROW, row.number, ids["listing_id"], field, shown(value), reason, detail)
        return RejectedEvent(rejection, ids["shopper"], ids["session"])


def given_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """The raw values of a row by field; a field that it lacks is left out."""
    attributes = values.get("event_attributes")
    if isinstance(attributes, str):  # a table keeps the nested object as JSON
        try:
            values = {**values, "event_attributes": orjson.loads(attributes)}
        except orjson.JSONDecodeError:
            values = {name: value for name, value in values.items() if name != "event_attributes"}
    given = {}
    for field, paths in _PATHS.items():
        for name, path in paths:
            value = values.get(name)
            if value is None and len(path) > 1:
                value = _nested(values, path)
            if not is_missing(value) and not isinstance(value, Mapping):
                given[field] = value
                break
    return given


def _nested(values: Mapping[str, Any], path: tuple[str, ...]) -> Any:  # noqa: ANN401  a raw value
    value: Any = values
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _event(
    given: Mapping[str, Any], limits: EventLimits, time_if_none: datetime | None, now: datetime
) -> Event:
    kind = TYPES.get(text_of(given.get("type", "")).strip().lower())
    if kind is None:
        names = ", ".join(known.value for known in EventType)
        raise _RefusedError("type", given.get("type", ""), Reason.EVENT_TYPE_UNKNOWN, f"types are {names}")
    ids = {field: _id(field, given[field]) for field in _IDS if field in given}
    if "listing_id" not in ids:
        raise _RefusedError("listing_id", "", Reason.EVENT_WITHOUT_LISTING, "")
    if "shopper" not in ids and "session" not in ids:
        raise _RefusedError("shopper", "", Reason.EVENT_WITHOUT_SHOPPER, "")
    time = _time(given.get("time"), limits, time_if_none, now)
    position = _position(given["position"]) if "position" in given else None
    listing_id = ids.pop("listing_id")
    if "event_id" in given:
        event_id = _id("event_id", given["event_id"])
    else:
        event_id = _content_id(kind, listing_id, time, ids, position)
    return Event(event_id, kind, listing_id, time, **ids, position=position)


def _content_id(
    kind: EventType, listing_id: str, time: datetime, ids: Mapping[str, str], position: int | None
) -> str:
    """The id of an event that brings none: the same event sent twice has the same, and counts once."""
    known = [kind.value, listing_id, time.isoformat(), *(ids.get(name) for name in _IDS[1:]), position]
    return "c-" + blake2b(orjson.dumps(known), digest_size=16).hexdigest()


def _id(field: str, value: object) -> str:
    text = _stored_id(value)
    if text is None:
        detail = f"an id is a text or a number, of 1 to {LONGEST_ID} characters"
        raise _RefusedError(field, value, Reason.ID_UNUSABLE, detail)
    return text


def _stored_id(value: object) -> str | None:
    """An id as it is stored; None where `value` is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = (value if isinstance(value, str) else text_of(value)).strip()
    return text if 0 < len(text) <= LONGEST_ID and not UNSTORABLE.search(text) else None


def _time(value: object, limits: EventLimits, time_if_none: datetime | None, now: datetime) -> datetime:
    time = time_if_none if value is None else parse_date([value])
    if time is None:
        raise _RefusedError("time", "", Reason.EVENT_WITHOUT_TIME, "")
    if isinstance(time, Reason):
        detail = "a time is ISO 8601 with its zone, or seconds or milliseconds since 1970"
        raise _RefusedError("time", value, time, detail)
    if time > now + limits.ahead:
        detail = f"it is now {now.isoformat(timespec='seconds')}"
        raise _RefusedError("time", value, Reason.EVENT_IN_FUTURE, detail)
    if limits.oldest is not None and time < now - limits.oldest:
        detail = f"events are taken from {(now - limits.oldest).isoformat(timespec='seconds')} on"
        raise _RefusedError("time", value, Reason.EVENT_TOO_OLD, detail)
    return time


def _position(value: object) -> int:
    text = "" if isinstance(value, bool) else text_of(value).strip()
    if text.isascii() and text.isdigit() and 1 <= int(text[:8]) <= LAST_POSITION and len(text) < 8:
        return int(text)
    detail = f"positions count from 1, to {LAST_POSITION:,} at most"
    raise _RefusedError("position", value, Reason.POSITION_UNUSABLE, detail)
