"""Recommendations as clients see them: what pages, API and command line all call."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from bowerbird.cleaning.event_rows import RejectedEvent, clean_event
from bowerbird.cleaning.reading_rows import RawRow
from bowerbird.engine import Engine
from bowerbird.errors import InputError
from bowerbird.market.event import Event
from bowerbird.recommending.feed import Feed, FeedRequest, Recommendation
from bowerbird.serving.front import Front
from bowerbird.serving.payloads import listing_card
from bowerbird.serving.served_pages import feed_page
from bowerbird.settings import Settings
from bowerbird.stages import event_limits

MOST_EVENTS = 200  # of one session, given with a request
_NOBODY = "given"  # whose events are given without a name; they are not stored


class FeedFront:
    """The feeds of one market. Safe between threads."""

    def __init__(
        self, engine: Engine, settings: Settings, front: Front, now: Callable[[], datetime] | None = None
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._front = front
        self._now = now or (lambda: datetime.now(UTC))

    def recommend(self, request: FeedRequest) -> dict[str, Any]:
        """The reply to a request, noted in the log of replies.

        Raises:
            InputError: the cursor is damaged.
        """
        feed = self._engine.recommend(request)
        self._front.telemetry.observe_stages({f"feed {stage}": ms for stage, ms in feed.stages.items()})
        if self._front.note_page is not None:
            self._front.note_page(feed_page(request, feed, self._now()))
        return feed_payload(feed)

    def events(self, given: Sequence[object], session: str | None) -> tuple[Event, ...]:
        """The events that a client sent along, which are read and not stored.

        Raises:
            InputError: one of them is none, or they are too many.
        """
        if len(given) > MOST_EVENTS:
            raise InputError(f"a session sends its latest {MOST_EVENTS} events, but {len(given)} were sent")
        limits, now, events = event_limits(self._settings), self._now(), []
        for number, values in enumerate(given, 1):
            if not isinstance(values, dict):
                raise InputError(f"event {number} is a JSON {type(values).__name__}; send an object")
            cleaned = clean_event(
                RawRow(number, {"session": session or _NOBODY, **values}), limits, now, live=True
            )
            if isinstance(cleaned, RejectedEvent):
                refused = cleaned.rejection
                detail = f"event {number}, {refused.field}: {refused.reason.text} (given: {refused.value!r})"
                raise InputError(f"an event is refused: {detail}", details=[detail])
            events.append(cleaned)
        return tuple(events)


def feed_payload(feed: Feed) -> dict[str, Any]:
    """A page of recommendations: the shape of a search reply, without facets."""
    return {
        "query_id": feed.query_id,
        "took_ms": round(feed.took_ms, 3),
        "total": feed.total,
        "personal": feed.personal,
        "hits": [_hit_payload(hit) for hit in feed.hits],
        "first_position": feed.first_position,
        "next_cursor": feed.next_cursor,
        "degraded": list(feed.degraded),
        "stages_ms": {stage: round(ms, 3) for stage, ms in feed.stages.items()},
    }


def _hit_payload(hit: Recommendation) -> dict[str, Any]:
    why = {
        "branches": [
            {"branch": source, "rank": None, "score": part} for source, part in hit.parts.items() if part
        ],
        "words": [],
        "photo": None,
        "text": hit.reason.text,
        "kind": hit.reason.kind.value,
        "listing_id": hit.reason.listing_id,
    }
    return {**listing_card(hit.listing), "score": hit.score, "why": why}
