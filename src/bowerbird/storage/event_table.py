"""The whole log as parallel arrays, for what is fitted on it: a million events in seconds.

Sequences, ids and times are read as they are stored, without making an event of each.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sqlalchemy import bindparam, select

from bowerbird.market.event import EventType
from bowerbird.market.interactions import EVENT_TYPES, Interactions
from bowerbird.storage.database import Database
from bowerbird.storage.schema import events

_ROWS_AT_ONCE = 50_000
_DOINGS = (
    select(
        events.c.sequence,
        events.c.type,
        events.c.listing_id,
        events.c.time_us,
        events.c.shopper,
        events.c.session,
    )
    .where(
        events.c.sequence > bindparam("after"),
        events.c.sequence <= bindparam("upto"),
        events.c.type != EventType.IMPRESSION.value,
    )
    .order_by(events.c.sequence)
    .limit(bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class EventTable:
    """The events of one market, in bulk. Safe to share between threads."""

    database: Database

    def interactions(self, listings: Mapping[str, int], upto: int) -> Interactions:
        """The events up to the sequence `upto` with listings that have a number, but for impressions.

        Shoppers, and sessions where no shopper is named, are numbered as they come; nobody learns how.

        Raises:
            UnavailableError: the database does not answer.
        """
        types = {kind.value: code for code, kind in enumerate(EVENT_TYPES)}
        whose: dict[tuple[bool, str], int] = {}
        columns: list[list[int]] = [[], [], [], []]
        after = 0
        while True:
            with self.database.reading() as connection:
                rows = connection.execute(
                    _DOINGS, {"after": after, "upto": upto, "limit": _ROWS_AT_ONCE}
                ).all()
            for _, kind, listing_id, time_us, shopper, session in rows:
                listing = listings.get(listing_id)
                if listing is not None:
                    key = (shopper is None, shopper or session)
                    row = (whose.setdefault(key, len(whose)), listing, types[kind], time_us)
                    for column, value in zip(columns, row, strict=True):
                        column.append(value)
            if len(rows) < _ROWS_AT_ONCE:
                break
            after = rows[-1][0]
        shoppers, numbers, kinds, times = columns
        return Interactions(
            np.array(shoppers, np.int64),
            np.array(numbers, np.int64),
            np.array(kinds, np.int8),
            np.array(times, np.float64) / 1e6,
        )
