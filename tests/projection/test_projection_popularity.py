"""Popularity follows both logs: pages that were served, and what was done on them; each counts once."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from bowerbird.assembly import open_event_stores
from bowerbird.engine import Engine
from bowerbird.market.event import Event, EventType
from bowerbird.projection.listing_numbers import ListingNumbers
from bowerbird.projection.popularity_counts import PopularityCounts
from bowerbird.settings import Settings
from bowerbird.storage.event_stores import EventStores
from bowerbird.storage.popularity_log import PopularityLog
from bowerbird.storage.query_log import ServedPage
from bowerbird.training.replayed_popularity import ReplayedPopularity

START = datetime(2026, 2, 1, tzinfo=UTC)
SHOWN = ("red-sofa", "blue-sofa", "gone")


def page(number: int) -> ServedPage:
    return ServedPage(f"q{number}", "search", START + timedelta(minutes=number), SHOWN, 3, first_position=1)


def event(kind: str, listing: str, number: int, query: str | None = None, place: int | None = None) -> Event:
    time = START + timedelta(minutes=number, seconds=30)
    return Event(f"{kind}{number}{listing}", EventType(kind), listing, time, "ann", None, query, place)


@pytest.fixture
def stores(settings: Settings) -> Iterator[EventStores]:
    with closing(open_event_stores(settings)) as stores:
        yield stores


def counts(engine: Engine, *listings: str) -> np.ndarray:
    index = engine.projection.current.index
    rows = np.array([index.row(one) for one in listings], np.int64)
    return engine.tastes.counts(rows, index)


def test_what_is_shown_and_done_is_counted_once(engine: Engine, stores: EventStores):
    stores.queries.append([page(0), page(1)])
    stores.log.append(
        [
            event("impression", "red-sofa", 1, "q1", 1),  # which the page of the log says already
            event("impression", "blue-sofa", 1, "elsewhere", 4),
            event("view", "red-sofa", 1, "q1", 1),
            event("view", "blue-sofa", 1),
            event("save", "red-sofa", 1),
            event("contact", "red-sofa", 1),
            event("hide", "red-sofa", 1),
            event("view", "gone", 1),
        ]
    )
    found = counts(engine, "red-sofa", "blue-sofa", "red-lamp")
    assert found[:, :3] == pytest.approx(np.array([[2, 1, 2], [3, 1, 0], [0, 0, 0]]), abs=1e-3)
    assert found[:, 3] == pytest.approx(np.ones(3))  # one click tells nobody apart


def test_counts_follow_the_logs_and_the_index(engine: Engine, stores: EventStores):
    assert counts(engine, "red-sofa")[0, :3] == pytest.approx([0, 0, 0])
    stores.queries.append([page(0)])
    stores.log.append([event("view", "red-sofa", 0, "q0", 1)])
    engine.tastes.refresh()
    engine.tastes.refresh()
    assert counts(engine, "red-sofa")[0, :3] == pytest.approx([1, 1, 0], abs=1e-3)
    index = engine.projection.current.index
    red = np.array([index.row("red-sofa")])
    whole = PopularityCounts(ListingNumbers())
    assert np.isnan(whole.counts(red, index)).all()  # before the logs were read


def test_another_order_of_rows_is_read_by_id(engine: Engine):
    index = engine.projection.current.index
    numbers = ListingNumbers()
    rows = np.array([3, 0, 2])
    assert numbers.numbers_of(index, rows).tolist() == [-1, -1, -1]
    numbers.follow(index)
    by_id = [numbers.by_id[index.columns.listing_ids[row]] for row in rows]
    assert numbers.numbers_of(index, rows).tolist() == by_id
    numbers._of_rows = (None, numbers._of_rows[1])  # as if another generation were followed
    assert numbers.numbers_of(index, rows).tolist() == by_id


def test_the_past_is_counted_to_a_moment(engine: Engine, stores: EventStores):
    stores.queries.append([page(1), page(0)])  # logs are not in the order of time
    stores.log.append([event("view", "red-sofa", 1, "q1", 1), event("view", "red-sofa", 0, "q0", 1)])
    index = engine.projection.current.index
    numbers = ListingNumbers()
    numbers.follow(index)
    replayed = ReplayedPopularity(numbers, PopularityLog(stores.database))
    red, seen = np.array([index.row("red-sofa")]), []
    for seconds in (0, 1, 60, 61, 120):
        replayed.until(START.timestamp() + seconds)
        seen.append(replayed.counted.counts(red, index)[0, :2].tolist())
    assert np.array(seen) == pytest.approx(np.array([[0, 0], [1, 0], [1, 1], [2, 1], [2, 2]]), abs=1e-3)
    assert replayed.counted.counts(red, index) == pytest.approx(counts(engine, "red-sofa"), abs=1e-5)
