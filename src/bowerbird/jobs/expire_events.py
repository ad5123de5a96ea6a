"""Deleting what is older than the home keeps it."""

from datetime import datetime, timedelta

from bowerbird.storage.event_stores import EventStores


def expire_events(stores: EventStores, keep_days: float, now: datetime) -> int:
    """Delete the events and served pages of more than `keep_days` days ago; how many there were.

    0 days keeps everything.
    """
    if not keep_days:
        return 0
    before = now - timedelta(days=keep_days)
    return stores.log.expire(before) + stores.queries.expire(before)
