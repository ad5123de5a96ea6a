"""What drawn shoppers did in a synthetic market: looks at, and saves of, neighbours of a few listings.

Each shopper has one to three interests, a drawn listing each, and looked at what the market holds nearest to
it by words, so that there is a taste to find, and people who met the same listings.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np

from bowerbird.engine import Engine
from bowerbird.market.event import Event, EventType
from bowerbird.storage.event_log import EventLog

CENTRES = 300  # listings that interests are about
NEAR = 400  # listings about each, that a shopper picks from
MOST_INTERESTS = 3
DAYS = 20.0
SAVED_SHARE = 0.2
_EVENTS_AT_ONCE = 10_000


def shopper_name(number: int) -> str:
    """The id of a drawn shopper."""
    return f"shopper-{number}"


def fill_log(engine: Engine, log: EventLog, shoppers: int, events: int, seed: int, now: datetime) -> None:
    """Log `events` events of each of `shoppers` shoppers; nothing where the log has events already.

    Raises:
        UnavailableError: the log does not answer.
    """
    if len(log):
        return
    batch: list[Event] = []
    for event in _drawn(engine, shoppers, events, np.random.default_rng([seed, 3]), now):
        batch.append(event)
        if len(batch) == _EVENTS_AT_ONCE:
            log.append(batch)
            batch = []
    if batch:
        log.append(batch)


def _drawn(
    engine: Engine, shoppers: int, events: int, rng: np.random.Generator, now: datetime
) -> Iterator[Event]:
    index = engine.projection.current.index
    ids = index.columns.listing_ids
    centres = rng.choice(len(ids), min(CENTRES, len(ids)), replace=False)
    _, kinds = index.texts.search(index.texts.vectors(centres), min(NEAR, len(ids)))
    for number in range(shoppers):
        mine = kinds[rng.choice(len(kinds), rng.integers(1, MOST_INTERESTS + 1), replace=False)]
        looked = mine[rng.integers(len(mine), size=events), rng.integers(mine.shape[1], size=events)]
        ages, saved = rng.uniform(0, DAYS, events), rng.random(events) < SAVED_SHARE
        for place, row in enumerate(looked.tolist()):
            kind = EventType.SAVE if saved[place] else EventType.VIEW
            time = now - timedelta(days=float(ages[place]))
            yield Event(f"{number}-{place}", kind, ids[row], time, shopper=shopper_name(number))
