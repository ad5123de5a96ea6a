"""What taste reads of the log, on SQLite and PostgreSQL: the bulk way equals the way event by event."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from bowerbird.market.event import Event, EventType
from bowerbird.market.interactions import Interactions
from bowerbird.market.listing import Listing
from bowerbird.storage import event_table
from bowerbird.storage.catalogue import Catalogue
from bowerbird.storage.database import Database
from bowerbird.storage.event_log import EventLog
from bowerbird.storage.event_table import EventTable

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
NUMBERS = {f"sofa-{number}": number for number in range(4)}


def drawn_events(count: int) -> list[Event]:
    rng = np.random.default_rng(3)
    kinds = list(EventType)
    return [
        Event(
            f"e{number}",
            kinds[rng.integers(len(kinds))],
            f"sofa-{rng.integers(6)}",  # two of them have no number
            NOON + timedelta(seconds=int(rng.integers(1000)), microseconds=number),
            shopper=f"shopper-{rng.integers(5)}" if rng.random() < 0.7 else None,
            session=f"shopper-{rng.integers(3)}",
        )
        for number in range(count)
    ]


def test_the_table_equals_the_events_one_by_one(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(event_table, "_ROWS_AT_ONCE", 17)
    events = drawn_events(120)
    EventLog(database).append(events)
    upto = 100
    read = EventTable(database).interactions(NUMBERS, upto)
    kept = [
        event
        for event in events[:upto]
        if event.type is not EventType.IMPRESSION and event.listing_id in NUMBERS
    ]
    # A session and a shopper of one name are two.
    named = [event.shopper or f"session {event.session}" for event in kept]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(named))}
    expected = Interactions.of(
        kept, {one: 0 for event in kept for one in (event.shopper, event.session)}, NUMBERS
    )
    assert read.shoppers.tolist() == [numbers[name] for name in named]
    assert read.listings.tolist() == expected.listings.tolist()
    assert read.types.tolist() == expected.types.tolist()
    assert np.allclose(read.times, expected.times, atol=1e-6)
    assert len(EventTable(database).interactions(NUMBERS, 0)) == 0


def test_doings_are_the_latest_that_are_more_than_impressions(database: Database):
    log = EventLog(database)
    events = drawn_events(120)
    log.append(events)
    for name, session in (("shopper-1", False), ("shopper-2", True)):
        theirs = [
            (number, event)
            for number, event in enumerate(events, 1)
            if (event.session if session else event.shopper) == name
            and event.type is not EventType.IMPRESSION
            and number <= 90
        ]
        theirs.sort(key=lambda pair: (pair[1].time, pair[0]), reverse=True)
        read = log.doings(name, session=session, limit=5, upto=90)
        assert [(one.sequence, one.event) for one in read] == theirs[:5]


def test_the_busiest_shoppers_come_first(database: Database):
    log = EventLog(database)
    events = drawn_events(120)
    log.append(events)
    counts: dict[str, int] = {}
    for event in events:
        if event.shopper and event.type is not EventType.IMPRESSION:
            counts[event.shopper] = counts.get(event.shopper, 0) + 1
    expected = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    assert log.busiest_shoppers(3) == expected[:3]


def test_titles_are_those_of_live_listings(database: Database):
    catalogue = Catalogue(database)
    catalogue.upsert([Listing("a", "Red sofa"), Listing("b", "Blue lamp")])
    catalogue.delete(["b"])
    assert catalogue.all_titles() == {"a": "Red sofa"}
