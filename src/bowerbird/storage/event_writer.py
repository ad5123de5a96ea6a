"""The one thread of a process that writes its logs: whoever arrives while it commits shares the next commit.

A commit waits for the disk, for milliseconds, and SQLite lets one writer at a time. Requests that each
committed alone would queue up behind one another; together they take one wait. Events are acknowledged when
their commit returned. Pages served are noted without waiting, and dropped, counted, where too many wait.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from bowerbird.errors import UnavailableError
from bowerbird.market.event import Event
from bowerbird.storage.database import Database
from bowerbird.storage.event_log import LoggedEvent, append_events
from bowerbird.storage.query_log import ServedPage, append_pages

log = logging.getLogger(__name__)
PAGE_DELAY_SECONDS = 0.2  # a page waits at most so long for company, or for events to be committed with
_PAGES_AT_ONCE = 500
_EVENTS_AT_ONCE = 10_000

Logged = list[LoggedEvent | None]
_Batch = tuple[Sequence[Event], Future[Logged]]


class EventWriter:
    """Appends to the logs of one database. Its thread starts with the first thing to write."""

    def __init__(
        self, database: Database, page_capacity: int, on_drop: Callable[[int], None] | None = None
    ) -> None:
        self._database = database
        self._page_capacity = page_capacity
        self._batches: deque[_Batch] = deque()
        self._pages: deque[ServedPage] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._noted = 0  # pages so far, and how many of them were written or given up
        self._settled = 0
        self._flushing = 0
        self._closed = False
        self._on_drop = on_drop
        self.dropped_pages = 0

    @property
    def waiting_pages(self) -> int:
        """How many pages are noted and not yet written."""
        return len(self._pages)

    def append(self, given: Sequence[Event]) -> Logged:
        """`EventLog.append`, in a commit shared with others; returns when the events are on the disk.

        Raises:
            InputError: the time of an event does not say its zone; nothing was stored.
            UnavailableError: the database does not answer, or the writer is closed; nothing was stored.
        """
        done: Future[Logged] = Future()
        with self._changed:
            if self._closed:
                raise UnavailableError("the server is stopping; send the events again")
            self._batches.append((given, done))
            self._start()
            self._changed.notify_all()
        return done.result()

    def note(self, page: ServedPage) -> bool:
        """Have `page` written soon; False where it was dropped because too many wait."""
        with self._changed:
            if self._closed or len(self._pages) >= self._page_capacity:
                self._drop(1)
                return False
            self._pages.append(page)
            self._noted += 1
            self._start()
            if len(self._pages) == 1:  # the writer then waits for company by itself
                self._changed.notify_all()
        return True

    def flush(self) -> None:
        """Return when every page that was noted before is written; events are when `append` returns."""
        with self._changed:
            noted = self._noted
            self._flushing += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._settled >= noted)
            self._flushing -= 1

    def close(self) -> None:
        """Write what waits, and stop."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="bowerbird-events", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            batches, pages = self._next()
            if not batches and not pages:
                return
            self._write(batches, pages)
            with self._changed:
                self._settled += len(pages)
                self._changed.notify_all()

    def _next(self) -> tuple[list[_Batch], list[ServedPage]]:
        """What the next commit takes; nothing once closed and done."""
        with self._changed:
            self._changed.wait_for(lambda: self._batches or self._pages or self._closed)
            last = time.monotonic() + PAGE_DELAY_SECONDS
            while self._pages and not self._is_urgent() and (left := last - time.monotonic()) > 0:
                self._changed.wait(left)
            batches: list[_Batch] = []
            count = 0
            while self._batches and count < _EVENTS_AT_ONCE:
                batches.append(self._batches.popleft())
                count += len(batches[-1][0])
            pages = [self._pages.popleft() for _ in range(min(len(self._pages), _PAGES_AT_ONCE))]
            return batches, pages

    def _is_urgent(self) -> bool:
        return bool(self._batches or self._flushing or self._closed) or len(self._pages) >= _PAGES_AT_ONCE

    def _write(self, batches: list[_Batch], pages: list[ServedPage]) -> None:
        try:
            with self._database.writing() as connection:
                logged = [append_events(connection, given) for given, _ in batches]
                append_pages(connection, pages)
        except Exception as error:  # noqa: BLE001  whoever waits is told, and the thread goes on
            self._failed(batches, pages, error)
            return
        for (_, done), outcome in zip(batches, logged, strict=True):
            done.set_result(outcome)

    def _failed(self, batches: list[_Batch], pages: list[ServedPage], error: Exception) -> None:
        # Something may be wrong with one of them, which must not be held against the others.
        if batches and pages:
            self._write(batches, [])
            self._write([], pages)
            return
        if len(batches) > 1 and not isinstance(error, UnavailableError):
            for batch in batches:
                self._write([batch], [])
            return
        if pages:
            log.error("%d served pages were not logged", len(pages), exc_info=error)
            with self._changed:
                self._drop(len(pages))
        for _, done in batches:
            done.set_exception(error)

    def _drop(self, count: int) -> None:
        self.dropped_pages += count
        if self._on_drop is not None:
            self._on_drop(count)
