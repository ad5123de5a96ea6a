"""What a shopper did with a listing."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bowerbird.errors import InputError


class EventType(StrEnum):
    """The kinds of event, from seeing a listing in a page to buying it; hide says 'not for me'."""

    IMPRESSION = "impression"
    VIEW = "view"
    SAVE = "save"
    CONTACT = "contact"
    PURCHASE = "purchase"
    HIDE = "hide"


class Surface(StrEnum):
    """Where listings are shown to shoppers."""

    SEARCH = "search"
    FEED = "feed"
    SIMILAR = "similar"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that one shopper, or one anonymous session, did with one listing.

    `query_id` names the reply that showed the listing, and `position` where it stood there, counted from 1.
    """

    event_id: str
    type: EventType
    listing_id: str
    time: datetime  # aware, UTC
    shopper: str | None = None
    session: str | None = None
    query_id: str | None = None
    position: int | None = None

    def __post_init__(self) -> None:
        if self.shopper is None and self.session is None:
            raise InputError(f"event {self.event_id!r} names neither a shopper nor a session; give one")
        if self.time.tzinfo is None:
            raise InputError(
                f"the time {self.time.isoformat()} of event {self.event_id!r} does not say its zone; "
                "give it in UTC"
            )
        if self.position is not None and self.position < 1:
            raise InputError(
                f"positions count from 1, but event {self.event_id!r} has {self.position}; correct it"
            )
