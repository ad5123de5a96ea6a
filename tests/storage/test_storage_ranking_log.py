"""Served pages joined with what was done on them."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from bowerbird.market.event import Event, EventType
from bowerbird.ranking.page_record import PageRecord
from bowerbird.storage.database import open_database, sqlite_url
from bowerbird.storage.event_stores import EventStores
from bowerbird.storage.query_log import ServedPage
from bowerbird.storage.ranking_log import events_of, read_ranking_log
from drawn_features import table

START = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def stores(tmp_path) -> Iterator[EventStores]:
    with closing(EventStores.on(open_database(sqlite_url(tmp_path / "catalogue.db")))) as stores:
        yield stores


def page(query_id: str, minute: int, *ids: str, **fields) -> ServedPage:
    time = START + timedelta(minutes=minute)
    return ServedPage(query_id, fields.pop("surface", "search"), time, ids, len(ids), **fields)


def did(stores: EventStores, kind: EventType, listing_id: str, minute: int, **fields) -> None:
    fields = {"shopper": "ann"} | fields
    event_id = f"{kind}-{listing_id}-{minute}"
    stores.log.append([Event(event_id, kind, listing_id, START + timedelta(minutes=minute), **fields)])


def grades(stores: EventStores) -> dict[str, tuple[int, ...]]:
    return {one.page.query_id: one.grades for one in read_ranking_log(stores)}


def test_the_most_that_was_done_is_the_grade(stores):
    stores.queries.append([page("q1", 0, "a", "b", "c", "d", shopper="ann")])
    did(stores, EventType.VIEW, "a", 1, query_id="q1")
    did(stores, EventType.VIEW, "b", 2, query_id="q1")
    did(stores, EventType.PURCHASE, "b", 3, query_id="q1")
    did(stores, EventType.SAVE, "b", 4, query_id="q1")
    did(stores, EventType.IMPRESSION, "c", 5, query_id="q1")
    assert grades(stores) == {"q1": (1, 4, 0, 0)}
    assert [event.type for _, event in events_of(stores)].count(EventType.IMPRESSION) == 0


def test_what_follows_a_click_counts_for_its_page_without_naming_it(stores):
    stores.queries.append([page("q1", 0, "a", "b", shopper="ann"), page("q2", 9, "a", shopper="ann")])
    did(stores, EventType.VIEW, "a", 1, query_id="q1")
    did(stores, EventType.CONTACT, "a", 5)
    did(stores, EventType.CONTACT, "b", 6)  # never looked at from a page
    did(stores, EventType.CONTACT, "a", 7, shopper="bob")  # somebody else
    assert grades(stores) == {"q1": (3, 0), "q2": (0,)}


def test_what_is_hidden_was_not_liked(stores):
    stores.queries.append([page("q1", 0, "a", "b", shopper="ann")])
    did(stores, EventType.VIEW, "a", 1, query_id="q1")
    did(stores, EventType.HIDE, "a", 2, query_id="q1")
    assert grades(stores) == {"q1": (0, 0)}


def test_pages_come_by_time_and_by_surface(stores):
    stores.queries.append([page("late", 9, "a"), page("early", 1, "a"), page("feed", 5, "a", surface="feed")])
    assert [one.page.query_id for one in read_ranking_log(stores)] == ["early", "late"]
    assert [one.page.query_id for one in read_ranking_log(stores, "feed")] == ["feed"]


def test_records_are_read_and_damaged_ones_left_out(stores):
    record = PageRecord(("learned",), table(2))
    stores.queries.append(
        [
            page("q1", 0, "a", "b", features=record.encode()),
            page("q2", 1, "a", "b", features=b"damaged"),
            page("q3", 2, "a", features=record.encode()),  # of another length than the page
            page("q4", 3, "a"),
        ]
    )
    read = {one.page.query_id: one.record for one in read_ranking_log(stores)}
    assert np.array_equal(read["q1"].features, record.features, equal_nan=True)
    assert [read[name] for name in ("q2", "q3", "q4")] == [None, None, None]


def test_a_personal_order_makes_a_question_the_shoppers_own(stores):
    def asked(query_id, minute, ranker, shopper):
        record = PageRecord((ranker,), table(1)).encode()
        return page(query_id, minute, "a", words="sofa", features=record, shopper=shopper)

    stores.queries.append(
        [
            asked("q1", 0, "fusion", "ann"),
            asked("q2", 1, "fusion", "bob"),
            asked("q3", 2, "untrained", "ann"),
            asked("q4", 3, "untrained", "bob"),
            asked("q5", 4, "untrained", "bob"),
        ]
    )
    one, two, three, four, five = (page.question for page in read_ranking_log(stores))
    assert one == two
    assert len({one, three, four}) == 3
    assert four == five
