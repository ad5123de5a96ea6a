"""What visitors do on the pages becomes events: looks, saves, hides; and what the pages know of them."""

import logging
import re
from collections.abc import Mapping
from typing import Any

from fastapi import Request

from bowerbird.cleaning.event_rows import LAST_POSITION
from bowerbird.cleaning.reading_rows import RawRow
from bowerbird.errors import BowerbirdError, InputError, NotFoundError
from bowerbird.serving.event_front import EventFront
from bowerbird.serving.front import Front
from bowerbird.serving.visitor import Visitor, visitor_of

log = logging.getLogger(__name__)
SAVE, HIDE, LESS = "save", "hide", "less"
SAID = {
    SAVE: "Saved. What is shown follows it.",
    HIDE: "Hidden. It is not shown to you again.",
    LESS: "Less like this: it and what is most like it are hidden.",
}
_SAVED = 0.5  # the strength of a visit that was saved, at least
_LIKE_IT = 3  # listings most like one that 'less like this' hides with it
_QUERY_ID = re.compile(r"[0-9a-f]{32}")


class Visits:
    """The visitors of one market's pages. Safe between threads."""

    def __init__(self, front: Front, events: EventFront) -> None:
        self._front = front
        self._events = events
        self._serving = front.settings.serving

    def visitor(self, request: Request) -> Visitor:
        """Who sends `request`."""
        choices = self._choices()
        return visitor_of(request, followed=self._serving.follow_visitors, choices=choices)

    def saved(self, visitor: Visitor) -> frozenset[str]:
        """The listings that they saved, or more; none where the log does not answer."""
        try:
            attention = self._front.engine.tastes.attention(visitor.shopper, visitor.session)
        except BowerbirdError:  # the page says that it was made without taste
            return frozenset()
        return frozenset(one for one, visit in attention.visits.items() if visit.strength >= _SAVED)

    def looked_at(self, visitor: Visitor, listing_id: str, shown: Mapping[str, str]) -> None:
        """Log a look at a listing; `shown` may say 'from' which reply and 'at' which position."""
        if not visitor.is_followed:
            return
        try:
            self._log(visitor, "view", [listing_id], shown.get("from", ""), shown.get("at", ""))
        except BowerbirdError as error:  # who looks does not suffer from a log that fails
            log.error("a look at a listing was not logged: %s", error.message)

    def acted(self, visitor: Visitor, given: Mapping[str, str]) -> str:
        """Log what a visitor said of a listing by a button; what they are told.

        Raises:
            InputError: it is no such button.
            NotFoundError: there is no such listing.
            UnavailableError: the log does not answer.
        """
        kind, listing_id = given.get("type", ""), given.get("listing_id", "")
        if kind not in SAID or not visitor.is_followed:
            raise InputError(f"a listing is marked by {', '.join(SAID)}, but {kind[:20]!r} was given")
        self._front.engine.listing(listing_id)
        meant = [listing_id]
        if kind == LESS:
            meant += self._most_like(listing_id)
        shown = given.get("query_id", ""), given.get("position", "")
        self._log(visitor, SAVE if kind == SAVE else HIDE, meant, *shown)
        return SAID[kind]

    def _most_like(self, listing_id: str) -> list[str]:
        try:
            answer = self._front.engine.similar(listing_id, _LIKE_IT)
        except NotFoundError:  # stored, but not among what is searched
            return []
        return [hit.listing.listing_id for hit in answer.hits]

    def _log(self, visitor: Visitor, kind: str, listing_ids: list[str], query_id: str, position: str) -> None:
        whose = {"shopper": visitor.shopper, "session": visitor.session}
        shown: dict[str, Any] = {}
        if _QUERY_ID.fullmatch(query_id):
            shown["query_id"] = query_id
            if position.isascii() and position.isdigit() and 1 <= int(position[:8]) <= LAST_POSITION:
                shown["position"] = int(position[:8])
        rows = [
            # Only the listing itself stood there; those like it were not pointed at.
            RawRow(number, {"type": kind, "listing_id": one, **whose, **(shown if number == 1 else {})})
            for number, one in enumerate(listing_ids, 1)
        ]
        self._events.receive(rows)

    def _choices(self) -> list[tuple[str, int]]:
        most = self._serving.demo_shoppers
        if not most:
            return []
        try:
            return self._events.stores.log.busiest_shoppers(most)
        except BowerbirdError as error:
            log.error("the demo's shoppers could not be read: %s", error.message)
            return []
