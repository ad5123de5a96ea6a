"""Deleting what is older than the home keeps it, by a clock that cannot leap ahead.

A clock that is set years ahead by mistake would make all that shoppers did look old, and what is deleted does
not come back. So time is believed to be at most the latest that the logs knew when the clock was started, and
what has passed since. After a long pause of the whole market old rows stay until a start that finds new ones.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from bowerbird.storage.event_log import latest_time
from bowerbird.storage.event_stores import EventStores
from bowerbird.storage.log_sequence import EVENTS, QUERIES

log = logging.getLogger(__name__)
SLACK = timedelta(days=1)


class CarefulClock:
    """Time that does not leap ahead.

    Args:
        latest: when something was logged last; None of empty logs.
        now: what the clock says at the start.
        seconds: from anywhere, whatever the clock is set to.
    """

    def __init__(
        self, latest: datetime | None, now: datetime, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._latest = now if latest is None else latest
        self._seconds = seconds
        self._started = seconds()
        self._said = False

    def believed(self, now: datetime) -> datetime:
        """What the clock says, `now`, unless it is too far ahead."""
        most = self._latest + timedelta(seconds=self._seconds() - self._started) + SLACK
        if now > most and not self._said:
            self._said = True
            log.warning(
                "the clock says %s, and the latest in the logs is of %s: nothing after %s is deleted for its "
                "age; set the clock, or if it is right restart bowerbird once something new is logged",
                f"{now:%Y-%m-%d %H:%M}",
                f"{self._latest:%Y-%m-%d %H:%M}",
                f"{most:%Y-%m-%d}",
            )
        return min(now, most)


def careful_clock(stores: EventStores, now: datetime) -> CarefulClock:
    """The clock of these logs, started."""
    times = [latest_time(stores.database, log) for log in (EVENTS, QUERIES)]
    return CarefulClock(max((latest for latest in times if latest is not None), default=None), now)


def expire_events(stores: EventStores, keep_days: float, now: datetime) -> int:
    """Delete the events and served pages of more than `keep_days` days ago; how many there were.

    0 days keeps everything.
    """
    if not keep_days:
        return 0
    before = now - timedelta(days=keep_days)
    return stores.log.expire(before) + stores.queries.expire(before)
