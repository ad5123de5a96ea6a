"""A store copied into another, on every pair of databases, and what is refused."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, update

from bowerbird.cleaning.rejection import Part, Reason, Rejection
from bowerbird.errors import InputError, MismatchError, NotFoundError
from bowerbird.market.event import Event, EventType
from bowerbird.market.listing import Listing, Photo, Price
from bowerbird.progress import Silent
from bowerbird.storage import store_copy
from bowerbird.storage.catalogue import Catalogue
from bowerbird.storage.database import Database, open_database, open_existing, sqlite_url
from bowerbird.storage.event_stores import EventStores
from bowerbird.storage.query_log import ServedPage
from bowerbird.storage.schema import api_keys, listings, metadata
from bowerbird.storage.store_copy import copy_store, store_sums

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def listing(number: int) -> Listing:
    return Listing(
        f"L{number:03d}",
        f"Sofa {number} 'quoted' \\u0000 £ 漢字",
        description="long\nand\ttabbed " * 20,
        category=("Home & Garden", "Sofas") if number % 2 else (),
        price=Price(number * 1_000_000_007, "GBP") if number % 3 else None,
        place="Leeds",
        latitude=53.8 + number / 7 if number % 4 == 1 else None,
        longitude=-1.5 if number % 4 == 1 else None,
        created_at=NOW - timedelta(microseconds=number),
        photos=(Photo(f"p{number}", "ab" * 32, "cd" * 8, 640, 480),),
        attributes=(("colour", "red"), ("legs", "4")),
    )


def fill(database: Database) -> None:
    """A row in every table, and more than one batch of listings' rows and of events."""
    catalogue, stores = Catalogue(database), EventStores.on(database)
    run = catalogue.imports.begin("a.csv", NOW)
    refused = [Rejection(Part.ROW, 7, None, "title", "", Reason.MISSING_TITLE)]
    catalogue.import_batch(run.run_id, [listing(number) for number in range(40)], refused, 40, seen=["gone"])
    catalogue.delete(["L003"])
    stores.log.append(
        [
            Event(f"e{n}", EventType.VIEW, f"L{n % 40:03d}", NOW, shopper="ann", session=None, query_id="q1")
            for n in range(70)
        ]
    )
    stores.queries.append(
        [
            ServedPage(
                "q1", "search", NOW, ("L001", "L002"), 2, "sofa", {"sort": "newest"}, features=b"\x00\xff"
            )
        ]
    )
    key = {"name": "shop", "scopes": ["read"], "secret_hash": bytes(32), "created_at_us": 1}
    with database.writing() as connection:
        connection.execute(insert(api_keys), {"key_id": "b", "parent": None, **key})
        connection.execute(insert(api_keys), {"key_id": "a", "parent": "b", **key})


@pytest.fixture
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_copy, "ROWS_AT_ONCE", 16)


@pytest.fixture
def filled(database: Database, _small_batches: None) -> Database:
    fill(database)
    return database


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, postgresql, tmp_path: Path) -> Iterator[Database]:
    url = sqlite_url(tmp_path / "target.db") if request.param == "sqlite" else postgresql.create()
    with closing(open_database(url)) as opened:
        yield opened
    if request.param == "postgresql":
        postgresql.drop(url)


def test_a_copy_holds_what_the_store_held(filled: Database, target: Database):
    sums = copy_store(filled, target, Silent())
    assert sums == store_sums(filled) == store_sums(target)
    rows = {one.name: one.rows for one in sums}
    assert (rows["listings"], rows["events"], rows["queries"], rows["api_keys"]) == (40, 70, 1, 2)
    before, after = Catalogue(filled), Catalogue(target)
    assert after.revision() == before.revision() == 41
    assert after.changes_since(0, 100) == before.changes_since(0, 100)
    logs = EventStores.on(filled), EventStores.on(target)
    assert logs[1].log.since(0, 100) == logs[0].log.since(0, 100)
    assert logs[1].queries.since(0, 100) == logs[0].queries.since(0, 100)


def test_a_copy_goes_on_where_the_store_ended(filled: Database, target: Database):
    copy_store(filled, target, Silent())
    catalogue, log = Catalogue(target), EventStores.on(target).log
    assert catalogue.upsert([listing(1), listing(50)]).revision == 42
    assert catalogue.imports.begin("b.csv", NOW).run_id == 2
    (logged,) = log.append([Event("new", EventType.VIEW, "L001", NOW, shopper="bob")])
    assert logged is not None
    assert logged.sequence == 71


def test_a_store_that_holds_something_is_no_target(filled: Database, target: Database):
    Catalogue(target).upsert([listing(1)])
    before = store_sums(target)
    with pytest.raises(InputError, match=r"is not empty: its table catalogue_state holds 1 rows; give a new"):
        copy_store(filled, target, Silent())
    assert store_sums(target) == before


def test_what_reads_back_otherwise_is_not_kept(
    filled: Database, target: Database, monkeypatch: pytest.MonkeyPatch
):
    copied = store_copy._copy_table

    def spoilt(reading, writing, table, progress):
        found = copied(reading, writing, table, progress)
        if table is listings:
            writing.execute(update(listings).where(listings.c.listing_id == "L001").values(place="Hull"))
        return found

    empty = store_sums(target)
    monkeypatch.setattr(store_copy, "_copy_table", spoilt)
    with pytest.raises(MismatchError, match=r"table listings was read as 40 rows .* nothing was kept"):
        copy_store(filled, target, Silent())
    assert store_sums(target) == empty


def test_a_copy_is_of_one_moment(filled: Database, target: Database, monkeypatch: pytest.MonkeyPatch):
    before, copied = store_sums(filled), store_copy._copy_table

    def meanwhile(reading, writing, table, progress):
        Catalogue(filled).upsert([listing(100 + metadata.sorted_tables.index(table))])
        return copied(reading, writing, table, progress)

    monkeypatch.setattr(store_copy, "_copy_table", meanwhile)
    assert copy_store(filled, target, Silent()) == before
    assert Catalogue(filled).revision() > 41


def test_sums_tell_any_change_but_the_order(filled: Database):
    def sum_of_listings() -> str:
        return next(one.digest for one in store_sums(filled) if one.name == "listings")

    before = sum_of_listings()
    swap = {"L001": "x", "L002": "L001", "x": "L002"}
    with filled.writing() as connection:
        for old, new in swap.items():
            connection.execute(update(listings).where(listings.c.listing_id == old).values(listing_id=new))
    assert sum_of_listings() != before
    with filled.writing() as connection:
        assert connection.scalar(select(func.count()).select_from(listings)) == 40


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path):
    with pytest.raises(NotFoundError, match="there is no file"):
        open_existing(sqlite_url(tmp_path / "none.db"))
    assert list(tmp_path.iterdir()) == []
