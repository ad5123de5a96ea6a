"""Counts over the latest part of both logs, on SQLite and PostgreSQL, against counting row by row."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from bowerbird.market.event import Event, EventType
from bowerbird.storage.database import Database
from bowerbird.storage.event_stores import EventStores
from bowerbird.storage.log_tally import (
    LITTLE,
    WHOLE_LOG,
    AskedWords,
    DayTally,
    LogTally,
    LogWindow,
    SearchTally,
    start_of,
)
from bowerbird.storage.query_log import ServedPage
from bowerbird.storage.ranking_log import read_ranking_log

START = datetime(2026, 1, 5, 23, 0, tzinfo=UTC)


@pytest.fixture
def stores(database: Database) -> EventStores:
    return EventStores.on(database)


def page(number: int, words: str, total: int, hour: int = 0, **fields) -> ServedPage:
    time = START + timedelta(hours=hour)
    return ServedPage(f"q{number}", fields.pop("surface", "search"), time, ("a",), total, words, **fields)


def event(number: int, kind: EventType, hour: int = 0) -> Event:
    return Event(f"e{number}", kind, "a", START + timedelta(hours=hour), shopper="ann")


def test_words_are_counted_whatever_their_case_and_further_pages_once(stores: EventStores):
    stores.queries.append(
        [
            page(1, "Red sofa", 9),
            page(2, " red sofa ", 0),
            page(3, "red sofa", 9, first_position=25),
            page(4, "unicorn", 0),
            page(5, "unicorn", 0),
            page(6, "lamp", LITTLE - 1),
            page(7, "lamp", LITTLE),
            page(8, "lamp", LITTLE),
            page(9, "", 30),
            page(10, "sofa", 0, surface="similar"),
        ]
    )
    tally = LogTally(stores.database)
    lamp, sofa, unicorn = (
        AskedWords("lamp", 3, 0, 1),
        AskedWords("red sofa", 2, 1, 0),
        AskedWords("unicorn", 2, 2, 0),
    )
    assert tally.asked(WHOLE_LOG, 10) == [lamp, sofa, unicorn]
    assert tally.asked(WHOLE_LOG, 1) == [lamp]
    assert tally.poorly_answered(WHOLE_LOG, 10) == [unicorn, sofa, lamp]
    assert tally.searches(WHOLE_LOG) == SearchTally(searches=8, nothing=3, little=1, wordless=1)


def test_a_day_is_one_of_utc_and_empty_days_are_left_out(stores: EventStores):
    stores.queries.append([page(1, "a", 1, 0), page(2, "", 1, 1, surface="feed"), page(3, "a", 1, 1)])
    stores.log.append(
        [event(1, EventType.VIEW, 1), event(2, EventType.VIEW, 1), event(3, EventType.HIDE, 80)]
    )
    first, second, last = date(2026, 1, 5), date(2026, 1, 6), date(2026, 1, 9)
    days = LogTally(stores.database).days(WHOLE_LOG, 28)
    assert days == [
        DayTally(first, {"search": 1}, {}),
        DayTally(second, {"search": 1, "feed": 1}, {EventType.VIEW: 2}),
        DayTally(last, {}, {EventType.HIDE: 1}),
    ]
    assert LogTally(stores.database).days(WHOLE_LOG, 2) == days[1:]


def test_a_window_holds_the_latest_rows_only(stores: EventStores):
    numbers = np.random.default_rng(0)
    pages = [page(n, "x" * int(numbers.integers(1, 4)), int(numbers.integers(9)), n) for n in range(300)]
    stores.queries.append(pages)
    stores.log.append([event(n, EventType.VIEW, n) for n in range(300)])
    tally = LogTally(stores.database)
    window = tally.window(200, 100)
    assert (window.replies_after, window.events_after, window.cut) == (100, 200, True)
    assert not tally.window(300, 300).cut
    counted = Counter(one.words for one in pages[100:])
    assert {one.words: one.searches for one in tally.asked(window, 9)} == counted
    days = tally.days(window, 28)
    assert sum(day.events.get(EventType.VIEW, 0) for day in days) == 100
    late = start_of(days[-3:], window)
    since = [one for one in pages if one.time >= late.start]
    assert late.start.hour == 0
    assert tally.searches(late).searches == len(since) < 200
    assert [one.page for one in read_ranking_log(stores, window=late)] == since


def test_clicks_before_a_window_are_not_read(stores: EventStores):
    stores.queries.append([page(1, "a", 1, shopper="ann"), page(2, "a", 1, shopper="ann")])
    views = [Event(f"e{n}", EventType.VIEW, "a", START, shopper="ann", query_id=f"q{n}") for n in (1, 2)]
    stores.log.append(views)
    assert [one.grades for one in read_ranking_log(stores)] == [(1,), (1,)]
    window = LogWindow(events_after=1)
    assert [one.grades for one in read_ranking_log(stores, window=window)] == [(0,), (1,)]


def test_an_empty_log_counts_to_nothing(stores: EventStores):
    tally = LogTally(stores.database)
    window = tally.window(10, 10)
    assert tally.days(window, 28) == tally.asked(window, 9) == tally.poorly_answered(window, 9) == []
    assert tally.searches(start_of([], window)) == SearchTally(0, 0, 0, 0)


def test_erasing_a_shopper_is_counted(stores: EventStores):
    tally = LogTally(stores.database)
    stores.queries.append([page(1, "secret", 1, shopper="ann")])
    before = tally.erasures()
    stores.shoppers.erase("ann")
    assert tally.erasures() > before
    assert tally.asked(WHOLE_LOG, 9) == []
