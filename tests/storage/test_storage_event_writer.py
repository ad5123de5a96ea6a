"""One thread writes for all who ask; nobody is told of what is not on the disk."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from bowerbird.errors import UnavailableError
from bowerbird.market.event import Event, EventType
from bowerbird.storage import event_writer
from bowerbird.storage.database import Database
from bowerbird.storage.event_log import EventLog
from bowerbird.storage.event_writer import EventWriter
from bowerbird.storage.query_log import QueryLog, ServedPage

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def event(name: str, session: str | None = "s") -> Event:
    return Event(name, EventType.VIEW, "sofa", NOON, session=session)


def page(name: str, total: object = 2) -> ServedPage:
    return ServedPage(name, "search", NOON, ("a", "b"), total, words="sofa")  # type: ignore[arg-type]


@pytest.fixture
def writer(database: Database) -> Iterator[EventWriter]:
    writer = EventWriter(database, page_capacity=5)
    yield writer
    writer.close()


def test_what_is_acknowledged_can_be_read(writer: EventWriter, database: Database):
    logged = writer.append([event("a"), event("b"), event("a")])
    assert [one and one.sequence for one in logged] == [1, 2, None]
    assert [one.event.event_id for one in EventLog(database).since(0, 10)] == ["a", "b"]


def test_requests_at_once_each_learn_of_their_own_events(writer: EventWriter, database: Database):
    def send(number: int) -> list[bool]:
        return [one is not None for one in writer.append([event(f"e{number}"), event("shared")])]

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(send, range(40)))
    assert all(own for own, _ in outcomes)
    assert sum(shared for _, shared in outcomes) == 1
    assert len(EventLog(database)) == 41


def test_pages_are_written_without_anybody_asking(writer: EventWriter, database: Database):
    assert writer.note(page("q1"))
    for _ in range(200):
        if len(QueryLog(database)):
            break
        threading.Event().wait(0.02)
    assert QueryLog(database).get(["q1"])["q1"] == page("q1")


def test_pages_that_wait_are_written_with_the_next_events_and_at_the_end(database: Database, monkeypatch):
    monkeypatch.setattr(event_writer, "PAGE_DELAY_SECONDS", 60.0)
    writer = EventWriter(database, page_capacity=5)
    writer.note(page("q1"))
    writer.append([event("a")])
    assert len(QueryLog(database)) == 1
    writer.note(page("q2"))
    writer.flush()
    assert len(QueryLog(database)) == 2
    writer.note(page("q3"))
    writer.close()
    assert len(QueryLog(database)) == 3


def test_too_many_pages_are_dropped_and_counted_and_no_event_is(database: Database, monkeypatch):
    monkeypatch.setattr(event_writer, "PAGE_DELAY_SECONDS", 60.0)
    writer = EventWriter(database, page_capacity=5)
    assert [writer.note(page(f"q{number}")) for number in range(7)] == [True] * 5 + [False] * 2
    assert (writer.waiting_pages, writer.dropped_pages) == (5, 2)
    assert writer.append([event("a")]) != [None]
    writer.close()
    assert (len(QueryLog(database)), writer.waiting_pages) == (5, 0)


def test_what_is_wrong_with_one_is_not_held_against_the_others(database: Database, monkeypatch):
    """A batch that the database cannot take fails alone, whoever it shared its commit with."""
    monkeypatch.setattr(event_writer, "PAGE_DELAY_SECONDS", 60.0)
    writer = EventWriter(database, page_capacity=5)
    writer.note(page("q1", total=object()))
    assert writer.append([event("a")])[0] is not None
    broken = event("b")
    object.__setattr__(broken, "time", None)
    barrier = threading.Barrier(4)

    def send(one: Event) -> object:
        barrier.wait()
        try:
            return writer.append([one])[0] is not None
        except AttributeError as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(send, [event("c"), broken, event("d"), event("e")]))
    assert isinstance(outcomes.pop(1), AttributeError)
    assert outcomes == [True] * 3
    assert writer.dropped_pages == 1
    writer.close()


def test_nothing_is_taken_once_it_is_closed(database: Database):
    writer = EventWriter(database, page_capacity=5)
    writer.close()
    assert writer.note(page("q1")) is False
    with pytest.raises(UnavailableError, match="stopping"):
        writer.append([event("a")])
    writer.flush()


def test_flushing_ends_though_events_keep_coming(writer: EventWriter, database: Database):
    stop = threading.Event()

    def send(name: str) -> None:
        number = 0
        while not stop.is_set():
            writer.append([event(f"{name}-{number}")])
            number += 1

    with ThreadPoolExecutor(3) as pool:
        for name in "abc":
            pool.submit(send, name)
        try:
            for number in range(3):
                writer.note(page(f"q{number}"))
                writer.flush()
                assert len(QueryLog(database)) == number + 1
        finally:
            stop.set()
