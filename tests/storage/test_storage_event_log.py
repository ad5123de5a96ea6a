"""The contract of the event log, on SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bowerbird.errors import InputError
from bowerbird.market.event import Event, EventType
from bowerbird.market.listing import Listing
from bowerbird.storage import event_log
from bowerbird.storage.catalogue import Catalogue
from bowerbird.storage.database import Database, open_database, sqlite_url
from bowerbird.storage.event_log import EventLog

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def viewed(number: int, shopper: str | None = "ann", session: str | None = None, **fields: object) -> Event:
    values = {
        "type": EventType.VIEW,
        "listing_id": f"sofa-{number}",
        "time": NOON + timedelta(minutes=number),
    }
    return Event(f"e{number}", shopper=shopper, session=session, **{**values, **fields})


@pytest.fixture
def log(database: Database) -> EventLog:
    return EventLog(database)


def test_an_event_comes_back_as_it_was_given(log: EventLog):
    full = viewed(1, session="s1", query_id="q1", position=3, time=NOON + timedelta(microseconds=123_457))
    bare = viewed(2, shopper=None, session="s2")
    assert [logged.sequence for logged in log.append([full, bare])] == [1, 2]
    assert [(one.sequence, one.event) for one in log.since(0, 10)] == [(1, full), (2, bare)]
    assert len(log) == 2


def test_the_same_event_sent_twice_counts_once(log: EventLog):
    first = viewed(1)
    assert log.append([first, viewed(1, type=EventType.SAVE), viewed(2)])[1] is None
    assert log.append([viewed(2), viewed(3)])[0] is None
    assert [one.event.event_id for one in log.since(0, 10)] == ["e1", "e2", "e3"]
    assert log.since(0, 1)[0].event == first  # the first one counts
    assert log.state().sequence == 3


def test_since_reads_on_where_the_last_batch_ended(log: EventLog):
    log.append([viewed(number) for number in range(7)])
    read: list[str] = []
    sequence = 0
    while batch := log.since(sequence, 3):
        read += [one.event.event_id for one in batch]
        sequence = batch[-1].sequence
    assert read == [f"e{number}" for number in range(7)]
    log.append([viewed(9)])
    assert [one.event.event_id for one in log.since(sequence, 3)] == ["e9"]


def test_a_shopper_and_a_session_are_read_latest_first_by_the_time_of_the_event(log: EventLog):
    log.append([viewed(3), viewed(1), viewed(2), viewed(4, shopper="bob", session="s"), viewed(5, None, "s")])
    assert [event.event_id for event in log.of_shopper("ann")] == ["e3", "e2", "e1"]
    assert [event.event_id for event in log.of_shopper("ann", limit=2)] == ["e3", "e2"]
    assert [event.event_id for event in log.of_session("s")] == ["e5", "e4"]
    assert log.of_shopper("nobody") == []


def test_events_of_one_moment_are_read_latest_logged_first(log: EventLog):
    log.append([viewed(number, time=NOON) for number in range(3)])
    assert [event.event_id for event in log.of_shopper("ann")] == ["e2", "e1", "e0"]


def test_writers_at_once_give_out_no_sequence_twice(log: EventLog):
    def write(writer: int) -> None:
        for turn in range(5):
            log.append([viewed(writer * 100 + turn * 2), viewed(writer * 100 + turn * 2 + 1), viewed(9999)])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    logged = log.since(0, 1000)
    assert [one.sequence for one in logged] == list(range(1, 4 * 10 + 2))
    assert len({one.event.event_id for one in logged}) == len(logged) == len(log)


def test_what_is_deleted_gives_no_sequence_back(log: EventLog):
    log.append([viewed(1), viewed(2)])
    assert log.expire(NOON + timedelta(days=1)) == 2
    assert log.append([viewed(3)])[0].sequence == 3


def test_only_events_before_the_day_expire(log: EventLog, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(event_log, "EXPIRED_AT_ONCE", 2)
    log.append([viewed(number) for number in (5, 1, 6, 2, 7, 3, 8)])
    assert log.expire(NOON + timedelta(minutes=5)) == 3
    assert [one.event.event_id for one in log.since(0, 10)] == ["e5", "e6", "e7", "e8"]
    assert log.expire(NOON) == 0


def test_a_listing_that_is_deleted_is_unknown(log: EventLog, database: Database):
    catalogue = Catalogue(database)
    catalogue.upsert([Listing("a", "A sofa"), Listing("b", "A sofa")])
    catalogue.delete(["b"])
    assert log.unknown_listings(["a", "b", "c", "a\0"]) == {"b", "c", "a\0"}
    assert log.unknown_listings([]) == set()


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(InputError, match="zone"):
        viewed(1, time=datetime(2026, 5, 1))  # noqa: DTZ001  the fault
    with pytest.raises(InputError, match="neither a shopper nor a session"):
        viewed(1, None)
    with pytest.raises(InputError, match="count from 1"):
        viewed(1, position=0)


text = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=20)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.builds(
            Event,
            event_id=text,
            type=st.sampled_from(EventType),
            listing_id=text,
            time=st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
            shopper=text,
            session=st.none() | text,
            query_id=st.none() | text,
            position=st.none() | st.integers(1, 10**6),
        ),
        max_size=8,
    )
)
def test_every_log_is_its_events_without_repeats_in_order(tmp_path_factory, given_events: list[Event]):
    database = open_database(sqlite_url(tmp_path_factory.mktemp("log") / "catalogue.db"))
    log = EventLog(database)
    for event in given_events:
        log.append([event])
    expected: dict[str, Event] = {}
    for event in given_events:
        expected.setdefault(event.event_id, event)
    assert [one.event for one in log.since(0, 100)] == list(expected.values())
    database.close()
