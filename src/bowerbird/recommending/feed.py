"""A page of recommendations, each with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bowerbird.market.event import Event
from bowerbird.market.listing import Listing


class ReasonKind(StrEnum):
    """What speaks most for a recommendation."""

    LOOKED_AT = "looked_at"  # it is like something that the shopper looked at
    WENT_ON = "went_on"  # others went on to it from something that the shopper looked at
    POPULAR = "popular"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a listing is recommended, in words, and the listing that it is for, where it is for one."""

    kind: ReasonKind
    text: str
    listing_id: str | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One listing of a feed. `parts` are what each source added to the score."""

    listing: Listing
    score: float
    reason: Reason
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FeedRequest:
    """Who asks for a feed. `events` are read with those of the log, and not stored."""

    shopper: str | None = None
    session: str | None = None
    events: tuple[Event, ...] = ()
    limit: int = 24
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """The reply to a request; `personal` is False where nothing is known of whoever asks.

    `first_position` is where the page starts in the whole feed, counted from 1. `stages` are milliseconds.
    """

    query_id: str
    hits: tuple[Recommendation, ...]
    total: int
    personal: bool
    took_ms: float
    stages: Mapping[str, float]
    next_cursor: str | None = None
    first_position: int = 1
    degraded: tuple[str, ...] = ()
