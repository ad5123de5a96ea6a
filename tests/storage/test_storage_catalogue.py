"""The catalogue against a dict with a journal, and what its tailers may rely on."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bowerbird.errors import InputError
from bowerbird.market.listing import Listing, Photo, Price, Status
from bowerbird.storage.catalogue import Catalogue, Change
from bowerbird.storage.database import open_database, sqlite_url
from bowerbird.storage.listing_changes import UpsertResult

AHEAD, BEHIND = (timezone(timedelta(hours=hours)) for hours in (14, -12))

words = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=12)
photos = st.builds(
    Photo,
    words,
    st.text("0123456789abcdef", min_size=64, max_size=64),
    st.text("0123456789abcdef", min_size=16, max_size=16),
    st.integers(1, 10_000),
    st.integers(1, 10_000),
)
listings = st.builds(
    Listing,
    listing_id=words,
    title=words,
    description=words,
    category=st.lists(words, max_size=3).map(tuple),
    price=st.none() | st.builds(Price, st.integers(0, 2**63 - 1), st.sampled_from(["GBP", "EUR"])),
    place=st.none() | words,
    latitude=st.none() | st.floats(-90, 90),
    longitude=st.none() | st.floats(-180, 180),
    status=st.none() | st.sampled_from(Status),
    seller_id=st.none() | words,
    created_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    photos=st.lists(photos, max_size=3).map(tuple),
    attributes=st.lists(st.tuples(words, words), max_size=3).map(tuple),
)


def sofa(n: int, title: str = "Sofa") -> Listing:
    photo = Photo(f"photo-{n}", f"{n:064x}", "0" * 16, 640, 480)
    return Listing(f"sofa-{n}", title, price=Price(100 * n, "GBP"), photos=(photo,))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(listings, max_size=4))
def test_what_goes_in_comes_out(catalogue: Catalogue, market: list[Listing]):
    catalogue.upsert(market)
    expected = {listing.listing_id: listing for listing in market}
    assert catalogue.get(list(expected)) == expected


# The slow obvious catalogue: a dict of listings and a list of every change.
operations = st.lists(
    st.tuples(
        st.sampled_from(["upsert", "delete"]), st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)))
    ),
    max_size=8,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operations)
def test_it_equals_a_dict_with_a_journal(tmp_path_factory: pytest.TempPathFactory, steps):
    database = open_database(sqlite_url(tmp_path_factory.mktemp("catalogue") / "catalogue.db"))
    catalogue, live, journal, revision = Catalogue(database), {}, {}, 0
    for action, numbers in steps:
        batch = {f"sofa-{n}": sofa(n, f"Sofa {version}") for n, version in numbers}
        if action == "upsert":
            catalogue.upsert([sofa(n, f"Sofa {version}") for n, version in numbers])
            changes = {key: value for key, value in batch.items() if live.get(key) != value}
            live.update(changes)
        else:
            catalogue.delete(list(batch))
            changes = {key: None for key in batch if live.pop(key, None)}
        for listing_id, listing in changes.items():
            revision += 1
            journal.pop(listing_id, None)
            journal[listing_id] = Change(revision, listing_id, listing)
        assert catalogue.revision() == revision
        assert len(catalogue) == len(live)
    assert catalogue.changes_since(0, 1000) == list(journal.values())
    assert [listing for batch in catalogue.scan(batch=2) for listing in batch] == [
        change.listing for change in journal.values() if change.listing
    ]
    assert sorted(catalogue.all_ids()) == sorted(live)
    database.close()


def test_an_upsert_says_what_it_did_and_unchanged_listings_keep_their_revision(catalogue: Catalogue):
    assert catalogue.upsert([sofa(1), sofa(2)]) == UpsertResult(2, created=2, changed=0, unchanged=0)
    assert catalogue.upsert([sofa(1), sofa(2)]) == UpsertResult(2, created=0, changed=0, unchanged=2)
    assert catalogue.upsert([sofa(1), sofa(2, "Couch"), sofa(3)]) == UpsertResult(4, 1, 1, 1)
    assert [change.revision for change in catalogue.changes_since(0, 10)] == [1, 3, 4]


def test_every_field_counts_as_a_change(catalogue: Catalogue):
    full = Listing(
        listing_id="1",
        title="Sofa",
        description="Red",
        category=("Home", "Sofas"),
        price=Price(100, "GBP"),
        place="Leeds",
        latitude=53.8,
        longitude=-1.5,
        status=Status.ACTIVE,
        seller_id="ann",
        created_at=datetime(2024, 5, 1, tzinfo=UTC),
        photos=(Photo("p", "0" * 64, "0" * 16, 1, 2),),
        attributes=(("colour", "red"),),
    )
    changes = {
        "title": "Couch",
        "description": "Blue",
        "category": ("Home", "Couches"),
        "price": Price(100, "EUR"),
        "place": None,
        "latitude": 53.9,
        "longitude": -1.6,
        "status": Status.SOLD,
        "seller_id": "bob",
        "created_at": datetime(2024, 5, 1, 0, 0, 0, 1, tzinfo=UTC),
        "photos": (Photo("p", "0" * 64, "0" * 16, 1, 3),),
        "attributes": (("colour", "blue"),),
    }
    catalogue.upsert([full])
    for name, value in changes.items():
        assert catalogue.upsert([full]).unchanged == 1
        assert catalogue.upsert([replace(full, **{name: value})]).changed == 1, name
        assert catalogue.upsert([full]).changed == 1, name
    assert set(changes) == set(Listing.__slots__) - {"listing_id"}


def test_the_same_moment_in_another_zone_is_no_change(catalogue: Catalogue):
    noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    catalogue.upsert([replace(sofa(1), created_at=noon)])
    elsewhere = noon.astimezone(timezone(timedelta(hours=5)))
    assert catalogue.upsert([replace(sofa(1), created_at=elsewhere)]).unchanged == 1


def test_of_a_listing_given_twice_the_last_counts(catalogue: Catalogue):
    assert catalogue.upsert([sofa(1, "first"), sofa(1, "last")]).created == 1
    assert catalogue.get(["sofa-1"])["sofa-1"].title == "last"


def test_a_deleted_listing_is_gone_but_tailers_see_it_go(catalogue: Catalogue):
    catalogue.upsert([sofa(1), sofa(2)])
    assert catalogue.delete(["sofa-1", "sofa-1", "unknown"]) == 3
    assert catalogue.delete(["sofa-1"]) == 3
    assert catalogue.get(["sofa-1", "sofa-2"]) == {"sofa-2": sofa(2)}
    assert catalogue.changes_since(2, 10) == [Change(3, "sofa-1", None)]
    assert catalogue.upsert([sofa(1)]) == UpsertResult(4, created=1, changed=0, unchanged=0)
    assert catalogue.changes_since(2, 10) == [Change(4, "sofa-1", sofa(1))]


def test_changes_come_in_pages(catalogue: Catalogue):
    catalogue.upsert([sofa(n) for n in range(5)])
    seen, revision = [], 0
    while page := catalogue.changes_since(revision, 2):
        assert len(page) <= 2
        seen += [change.listing_id for change in page]
        revision = page[-1].revision
    assert seen == [f"sofa-{n}" for n in range(5)]


def test_a_scan_and_a_replay_together_miss_nothing(catalogue: Catalogue):
    catalogue.upsert([sofa(n) for n in range(10)])
    upto = catalogue.revision()
    found = {}
    for number, batch in enumerate(catalogue.scan(batch=3, upto=upto)):
        found.update((listing.listing_id, listing) for listing in batch)
        catalogue.upsert([sofa(9 - number, "changed meanwhile"), sofa(100 + number)])
        catalogue.delete([f"sofa-{number}"])
    for change in catalogue.changes_since(upto, 1000):
        found.pop(change.listing_id, None)
        if change.listing:
            found[change.listing_id] = change.listing
    assert found == catalogue.get(catalogue.all_ids())


def test_more_ids_than_one_statement_takes(catalogue: Catalogue):
    market = [sofa(n) for n in range(2500)]
    assert catalogue.upsert(market).created == 2500
    assert catalogue.upsert(market).unchanged == 2500
    assert len(catalogue.get([listing.listing_id for listing in market])) == 2500
    assert catalogue.delete([listing.listing_id for listing in market]) == 5000
    assert len(catalogue) == 0


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (Listing("1", "lone \ud800 surrogate"), "cannot be stored.*clean it first"),
        (Listing("1", "NUL \0 here"), "NUL character"),
        (Listing("1", "dear", price=Price(2**63, "GBP")), "price 9223372036854775808, over the largest"),
        (Listing("1", "zoneless", created_at=datetime(2024, 5, 1)), "does not say its zone"),  # noqa: DTZ001
        (Listing("1", "old", created_at=datetime(1, 1, 1, tzinfo=AHEAD)), "outside the years 1 to 9999"),
        (Listing("1", "far", created_at=datetime(9999, 12, 31, 23, tzinfo=BEHIND)), "outside the years"),
    ],
)
def test_what_no_database_keeps_is_refused_whole(catalogue: Catalogue, broken: Listing, reason: str):
    with pytest.raises(InputError, match=reason):
        catalogue.upsert([sofa(1), broken])
    assert (len(catalogue), catalogue.revision()) == (0, 0)


def test_a_backslash_before_u0000_is_no_nul(catalogue: Catalogue):
    catalogue.upsert([Listing("1", r"C:\u0000")])
    assert catalogue.get(["1"])["1"].title == r"C:\u0000"


def test_writers_take_turns_and_a_tailer_misses_nothing(tmp_path: Path):
    """Three writers, each with a database of its own, and a tailer that follows by revision."""
    url = sqlite_url(tmp_path / "catalogue.db")
    databases = [open_database(url) for _ in range(4)]
    results: list[int] = []

    def write(writer: int) -> None:
        catalogue = Catalogue(databases[writer])
        pairs = ([sofa(1000 * writer + n), sofa(1000 * writer + n + 500)] for n in range(20))
        results.extend(catalogue.upsert(pair).revision for pair in pairs)

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(3)]
    for thread in writers:
        thread.start()
    tailer, seen = Catalogue(databases[3]), []
    while len(seen) < 120:
        after = seen[-1] if seen else 0
        seen += [change.revision for change in tailer.changes_since(after, 7)]
    for thread in writers:
        thread.join()
    assert seen == list(range(1, 121))
    assert sorted(results) == list(range(2, 121, 2))
    for database in databases:
        database.close()


def test_an_id_that_no_database_keeps_belongs_to_no_listing(catalogue: Catalogue):
    catalogue.upsert([sofa(1)])
    odd = ["a\0b", "\ud800"]
    assert catalogue.get(odd) == {}
    assert catalogue.changes_of(odd) == []
    assert catalogue.delete(odd) == catalogue.revision()
    assert len(catalogue) == 1


def test_the_changes_of_some_listings_are_their_last_in_order(catalogue: Catalogue):
    catalogue.upsert([sofa(1), sofa(2), sofa(3)])
    catalogue.delete(["sofa-1"])
    changes = catalogue.changes_of(["sofa-1", "sofa-3", "sofa-4"])
    assert [(change.listing_id, change.listing) for change in changes] == [
        ("sofa-3", sofa(3)),
        ("sofa-1", None),
    ]
    assert changes == [change for change in catalogue.changes_since(0, 10) if change.listing_id != "sofa-2"]


def test_a_replacement_counts_only_in_the_place_of_what_it_was_made_from(catalogue: Catalogue):
    # Not every number comes back as it went in: what was read is known by its revision.
    first = replace(sofa(1), latitude=5, longitude=-0.0)
    catalogue.upsert([first])
    dear, cheap = (replace(first, price=Price(minor, "GBP")) for minor in (900, 5))
    read = catalogue.changes_of(["sofa-1"])[0]
    assert catalogue.replace(read, dear).changed == 1
    assert catalogue.replace(read, cheap) is None
    assert catalogue.get(["sofa-1"])["sofa-1"] == dear
    read = catalogue.changes_of(["sofa-1"])[0]
    with pytest.raises(InputError, match="keep its id"):
        catalogue.replace(read, sofa(2))
    catalogue.delete(["sofa-1"])
    assert catalogue.replace(read, cheap) is None
    assert len(catalogue) == 0
