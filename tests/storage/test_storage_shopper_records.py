"""A shopper's rows, and only theirs, are read and erased; their bytes leave the files."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bowerbird.cleaning.event_rows import RejectedEvent
from bowerbird.cleaning.rejection import Part, Reason, Rejection
from bowerbird.errors import NotFoundError
from bowerbird.market.event import Event, EventType
from bowerbird.storage.database import Database, open_database, sqlite_url
from bowerbird.storage.event_stores import EventStores
from bowerbird.storage.query_log import ServedPage

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def event(name: str, shopper: str | None, session: str | None = None, **fields: object) -> Event:
    values = {"type": EventType.VIEW, "listing_id": "sofa", "time": NOON, **fields}
    return Event(name, shopper=shopper, session=session, **values)


def page(name: str, shopper: str | None, session: str | None = None, **fields: object) -> ServedPage:
    return ServedPage(
        name, "search", NOON, ("a", "b"), 9, name, {"sort": "newest"}, shopper, session, **fields
    )


def refused(value: str, shopper: str | None = None, session: str | None = None) -> RejectedEvent:
    return RejectedEvent(Rejection(Part.ROW, 1, None, "row", value, Reason.NOT_JSON), shopper, session)


@pytest.fixture
def stores(database: Database) -> EventStores:
    stores = EventStores.on(database)
    stores.log.append(
        [
            event("ann-1", "ann", "shared"),
            event("ann-2", "ann", "phone"),
            event("anonymous", None, "phone"),
            event("also-anonymous", None, "shared"),
            event("bob-1", "bob", "shared"),
            event("stranger", None, "elsewhere"),
        ]
    )
    stores.queries.append(
        [page("of-ann", "ann", "laptop"), page("of-laptop", None, "laptop"), page("of-bob", "bob", "shared")]
    )
    run = stores.imports.begin("log.csv", NOON)
    rejected = [refused("time", "ann"), refused("time", None, "phone"), refused("{ann broken"), refused("x")]
    stores.imports.batch(run.import_id, [], rejected, 4)
    return stores


def test_all_that_is_a_shoppers_is_read(stores: EventStores):
    record = stores.shoppers.read("ann")
    assert record.sessions == ("laptop", "phone", "shared")
    assert [one.event_id for one in record.events] == ["ann-1", "ann-2", "anonymous", "also-anonymous"]
    assert [one.query_id for one in record.pages] == ["of-ann", "of-laptop"]
    assert [one.value for one in record.rejections] == ["time", "time", "{ann broken"]
    assert record
    assert not stores.shoppers.read("nobody")
    assert not stores.shoppers.read("a\0b")


def test_erasing_takes_what_reading_finds_and_nothing_else(stores: EventStores):
    before = stores.log.state()
    erasure = stores.shoppers.erase("ann")
    assert (erasure.events, erasure.queries, erasure.rejections, erasure.rows) == (4, 2, 3, 9)
    assert erasure.sessions == ("laptop", "phone", "shared")
    assert not stores.shoppers.read("ann")
    assert [one.event.event_id for one in stores.log.since(0, 10)] == ["bob-1", "stranger"]
    assert [one.page.query_id for one in stores.queries.since(0, 10)] == ["of-bob"]
    assert stores.log.state().erasures == before.erasures + 1, "who follows the log is told"
    assert stores.log.state().sequence == before.sequence
    assert stores.shoppers.erase("ann").rows == 0
    assert stores.shoppers.erase("a\0b").rows == 0


def test_an_id_that_looks_like_a_pattern_erases_only_itself(stores: EventStores):
    assert stores.shoppers.erase("%").rows == 0
    assert stores.shoppers.erase("_").rows == 0


def test_scrubbing_runs_on_every_database(stores: EventStores):
    stores.shoppers.erase("ann")
    stores.shoppers.scrub("ann")
    assert len(stores.log) == 2


def test_what_expired_before_leaves_the_file_too(tmp_path: Path):
    """Expiry does not overwrite what it deletes: the bytes are found in the file, and it is written anew."""
    database = open_database(sqlite_url(tmp_path / "catalogue.db"))
    stores = EventStores.on(database)
    name = "shopper-7f3a9c51e2d84b60"
    stores.log.append([event(f"e{number}", name, time=NOON - timedelta(days=1)) for number in range(500)])
    stores.log.append([event("last", name), event("other", "bob")])
    stores.log.expire(NOON)
    stores.shoppers.erase(name)
    assert name.encode() in every_byte(tmp_path)
    stores.shoppers.scrub(name)
    assert name.encode() not in every_byte(tmp_path)
    assert b"bob" in every_byte(tmp_path)
    assert stores.log.of_shopper("bob")[0].event_id == "other"
    stores.close()


def every_byte(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.iterdir()))


def test_pages_come_back_as_they_were_given(stores: EventStores):
    given = page("full", "zoe", "s", first_position=21, features=b"\x00\xff")
    assert stores.queries.append([given, given]) == 1
    assert stores.queries.append([given]) == 0
    assert stores.queries.get(["full", "unknown"]) == {"full": given}
    assert stores.queries.of_shopper("zoe") == [given]
    assert len(stores.queries) == 4
    assert stores.queries.expire(NOON + timedelta(seconds=1)) == 4


def test_an_import_adds_up_and_is_taken_up(stores: EventStores):
    run = stores.imports.begin("other.csv", NOON)
    assert (
        stores.imports.batch(run.import_id, [event("n1", "x"), event("ann-1", "x")], [refused("r")], 3) == 1
    )
    taken_up = stores.imports.begin("other.csv", NOON)
    assert (taken_up.import_id, taken_up.position) == (run.import_id, 3)
    assert (taken_up.accepted, taken_up.duplicate, taken_up.rejected) == (1, 1, 1)
    assert stores.imports.reasons(run.import_id) == {Reason.NOT_JSON: 1}
    assert stores.imports.rejections(run.import_id)[0].value == "r"
    stores.imports.finish(run.import_id, NOON)
    assert stores.imports.begin("other.csv", NOON).position == 0
    with pytest.raises(NotFoundError, match="no import of events"):
        stores.imports.batch(run.import_id, [], [], 9)
    with pytest.raises(NotFoundError, match="there is no import of events 99"):
        stores.imports.get(99)
