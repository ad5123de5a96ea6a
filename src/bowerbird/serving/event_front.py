"""The logs of shoppers as clients see them: events in, one status a row; a shopper's data out and away."""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from bowerbird.cleaning.event_rows import RejectedEvent, clean_event
from bowerbird.cleaning.reading_rows import RawRow
from bowerbird.cleaning.rejection import Rejection
from bowerbird.errors import BowerbirdError, InputError, NotFoundError, TooLargeError
from bowerbird.jobs.erase_shopper import erase_shopper, erasure_payload, record_payload
from bowerbird.jobs.expire_events import CarefulClock, careful_clock, expire_events
from bowerbird.serving.telemetry import Telemetry
from bowerbird.settings import Settings
from bowerbird.stages import event_limits
from bowerbird.storage.event_log import LoggedEvent
from bowerbird.storage.event_stores import EventStores
from bowerbird.storage.event_writer import EventWriter
from bowerbird.storage.query_log import ServedPage

log = logging.getLogger(__name__)
EXPIRE_EVERY_SECONDS = 3600.0


class EventListener(Protocol):
    """What keeps something of shoppers in memory, such as their taste or answers made for them."""

    def received(self, events: Sequence[LoggedEvent]) -> None:
        """These events were logged and are about to be acknowledged."""

    def forget(self, shopper: str, sessions: Sequence[str]) -> None:
        """Keep nothing of this shopper, nor of the sessions that were theirs."""


class EventFront:
    """The logs of one home. Safe between threads."""

    def __init__(
        self,
        stores: EventStores,
        settings: Settings,
        telemetry: Telemetry,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.stores = stores
        self.settings = settings
        self.listeners: list[EventListener] = []
        self._telemetry = telemetry
        self._now = now or (lambda: datetime.now(UTC))
        dropped = telemetry.dropped_pages
        self._writer = EventWriter(stores.database, settings.events.waiting_pages, dropped.inc)
        telemetry.waiting_pages.set_function(lambda: self._writer.waiting_pages)
        self._stopped = threading.Event()
        self._expiry = threading.Thread(target=self._expire, name="bowerbird-expiry", daemon=True)

    def start(self) -> None:
        """Delete what is too old, at once and every hour."""
        if self.settings.events.keep_days:
            self._expiry.start()

    def close(self) -> None:
        """Write what waits, and let go of the database."""
        self._stopped.set()
        if self._expiry.is_alive():
            self._expiry.join()
        self._writer.close()
        self.stores.close()

    def receive(self, rows: Sequence[RawRow]) -> dict[str, Any]:
        """Log the events among `rows`; when this returns those accepted are on the disk.

        A listing that the catalogue does not have is accepted and said: its event may be on the way before
        it, or after it was deleted.

        Raises:
            TooLargeError: there are too many rows.
            UnavailableError: the database does not answer; nothing was logged.
        """
        limit = self.settings.serving.max_bulk_rows
        if len(rows) > limit:
            raise TooLargeError(
                f"a bulk call takes at most {limit} rows, but {len(rows)} were sent; split it"
            )
        limits, now = event_limits(self.settings), self._now()
        outcomes = [clean_event(row, limits, now, live=True) for row in rows]
        events = [outcome for outcome in outcomes if not isinstance(outcome, RejectedEvent)]
        logged = self._writer.append(events) if events else []
        new = [one for one in logged if one is not None]
        for listener in self.listeners:
            listener.received(new)
        unknown = (
            self.stores.log.unknown_listings([event.listing_id for event in events]) if events else set()
        )
        self._count(accepted=len(new), duplicate=len(logged) - len(new), rejected=len(rows) - len(events))
        statuses = iter(logged)
        replies = [
            _rejected(outcome.rejection)
            if isinstance(outcome, RejectedEvent)
            else _status(number, outcome.event_id, next(statuses), outcome.listing_id in unknown)
            for number, outcome in enumerate(outcomes, 1)
        ]
        return {
            "accepted": len(new),
            "duplicate": len(logged) - len(new),
            "rejected": len(rows) - len(events),
            "unknown_listings": len(unknown),
            "rows": replies,
        }

    def receive_one(self, values: dict[str, Any]) -> dict[str, Any]:
        """Log one event.

        Raises:
            InputError: it is none.
            UnavailableError: the database does not answer; nothing was logged.
        """
        reply = self.receive([RawRow(1, values)])
        row = reply["rows"][0]
        if row["status"] == "rejected":
            raise InputError(f"the event is refused: {row['message']}", details=[row["reason"]])
        return reply

    def note(self, page: ServedPage) -> None:
        """Have a page that was served logged soon; where too many wait it is dropped, and counted."""
        self._writer.note(page)

    def record(self, shopper: str) -> dict[str, Any]:
        """All that is stored about a shopper.

        Raises:
            NotFoundError: nothing is.
        """
        self._writer.flush()
        record = self.stores.shoppers.read(shopper)
        if not record:
            raise NotFoundError(f"nothing is stored about a shopper {shopper!r}; check the id")
        return record_payload(shopper, record)

    def erase(self, shopper: str) -> dict[str, Any]:
        """Erase all that is stored about a shopper, on the disk and in memory; of a stranger, nothing.

        Raises:
            UnavailableError: another program holds the database; the message says what is done.
        """
        self._writer.flush()
        return erasure_payload(shopper, erase_shopper(self.stores, shopper, forget=self._forget))

    def _forget(self, shopper: str, sessions: Sequence[str]) -> None:
        for listener in self.listeners:
            listener.forget(shopper, sessions)

    def _count(self, **outcomes: int) -> None:
        for outcome, count in outcomes.items():
            self._telemetry.events.labels(outcome).inc(count)

    def _expire(self) -> None:
        clock: CarefulClock | None = None
        while True:
            try:
                clock = clock or careful_clock(self.stores, self._now())
                expire_events(self.stores, self.settings.events.keep_days, clock.believed(self._now()))
            except BowerbirdError as error:
                log.error("old events could not be deleted: %s", error.message)
            if self._stopped.wait(EXPIRE_EVERY_SECONDS):
                return


def _rejected(rejection: Rejection) -> dict[str, Any]:
    said = f" ({rejection.detail})" if rejection.detail else ""
    return {
        "row": rejection.row,
        "event_id": None,
        "status": "rejected",
        "reason": rejection.reason.value,
        "message": f"{rejection.field}: {rejection.reason.text}{said}: {rejection.value!r} was given",
    }


def _status(row: int, event_id: str, logged: LoggedEvent | None, unknown: bool) -> dict[str, Any]:
    status: dict[str, Any] = {
        "row": row,
        "event_id": event_id,
        "status": "duplicate" if logged is None else "accepted",
    }
    return {**status, "unknown_listing": True} if unknown else status
