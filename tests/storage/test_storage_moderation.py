"""Hiding over whatever is written, reports until they are settled, and the log of changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bowerbird.errors import InputError
from bowerbird.market.listing import Listing, Photo, Price, Status
from bowerbird.storage import reports
from bowerbird.storage.audit_log import AuditEntry, AuditLog
from bowerbird.storage.catalogue import Catalogue
from bowerbird.storage.database import Database
from bowerbird.storage.reports import Report, ReportReason, ReportStore, by_listing

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SOFA = Listing("sofa", "Red sofa", price=Price(100, "GBP"), status=Status.RESERVED)


def statuses(catalogue: Catalogue) -> dict[str, Status | None]:
    return {listing.listing_id: listing.status for listings in catalogue.scan() for listing in listings}


def test_a_hidden_listing_is_hidden_whatever_is_read_and_comes_back_as_it_was(catalogue: Catalogue):
    catalogue.upsert([SOFA, replace(SOFA, listing_id="lamp", title="Lamp", status=None)])
    before = catalogue.revision()
    assert catalogue.hide("sofa")
    assert catalogue.revision() == before + 1
    (change,) = catalogue.changes_since(before, 10)
    assert (change.listing_id, change.listing.status) == ("sofa", Status.HIDDEN)
    assert catalogue.get(["sofa"])["sofa"] == replace(SOFA, status=Status.HIDDEN)
    assert statuses(catalogue) == {"sofa": Status.HIDDEN, "lamp": None}
    assert catalogue.written("sofa").listing == SOFA
    assert [listing.listing_id for listing in catalogue.hidden(10)] == ["sofa"]
    assert catalogue.hide("sofa", False)
    assert catalogue.get(["sofa"])["sofa"] == SOFA
    assert catalogue.hidden(10) == []
    assert len(catalogue) == 2


def test_photos_of_hidden_listings_are_told_apart_and_every_change_of_them_is_marked(catalogue: Catalogue):
    photos = [Photo(name, name * 32, "0" * 16, 10, 10) for name in ("ab", "cd")]
    lamp = replace(SOFA, listing_id="lamp", photos=tuple(photos[1:]))
    catalogue.upsert([replace(SOFA, photos=tuple(photos[:1])), lamp])
    marks = [catalogue.hidden_mark()]
    assert catalogue.hidden_photos() == frozenset()
    catalogue.hide("lamp")
    marks.append(catalogue.hidden_mark())
    assert catalogue.hidden_photos() == {"cd" * 32}
    catalogue.upsert([replace(lamp, photos=tuple(photos))])
    marks.append(catalogue.hidden_mark())
    assert catalogue.hidden_photos() == {"ab" * 32, "cd" * 32}
    catalogue.upsert([replace(SOFA, title="Another")])
    assert catalogue.hidden_mark() == marks[-1]  # what is shown does not count
    catalogue.hide("lamp", False)
    marks.append(catalogue.hidden_mark())
    assert catalogue.hidden_photos() == frozenset()
    assert marks[0] == marks[3]
    assert len(set(marks)) == 3


def test_hiding_twice_is_one_change(catalogue: Catalogue):
    catalogue.upsert([SOFA])
    catalogue.hide("sofa")
    revision = catalogue.revision()
    assert catalogue.hide("sofa")
    assert catalogue.revision() == revision


def test_what_sellers_write_does_not_bring_a_hidden_listing_back(catalogue: Catalogue):
    catalogue.upsert([SOFA])
    catalogue.hide("sofa")
    catalogue.upsert([SOFA])  # nothing new
    catalogue.upsert([replace(SOFA, title="Redder sofa", status=Status.ACTIVE)])
    assert catalogue.get(["sofa"])["sofa"].status is Status.HIDDEN
    written = catalogue.written("sofa")
    assert catalogue.replace(written, replace(written.listing, title="Reddest sofa")) is not None
    assert catalogue.get(["sofa"])["sofa"].status is Status.HIDDEN
    catalogue.delete(["sofa"])
    assert not catalogue.hide("sofa")
    catalogue.upsert([SOFA])
    assert catalogue.get(["sofa"])["sofa"].status is Status.HIDDEN
    catalogue.hide("sofa", False)
    assert catalogue.get(["sofa"])["sofa"] == SOFA


def test_there_is_nothing_to_hide_or_change_of_a_stranger(catalogue: Catalogue):
    assert not catalogue.hide("nothing")
    assert catalogue.written("nothing") is None


def test_reports_are_open_until_they_are_settled(database: Database):
    store = ReportStore(database)
    said = [
        Report("sofa", ReportReason.SCAM, "asks for gift cards", NOON),
        Report("lamp", ReportReason.PHOTO, "", NOON, "photo-1"),
        Report("sofa", ReportReason.GONE, "", NOON),
    ]
    assert all(store.add(report) for report in said)
    assert store.open(10) == said[::-1]
    assert store.open(1) == said[2:]
    assert list(by_listing(store.open(10))) == ["sofa", "lamp"]
    assert store.settle("sofa", NOON) == 2
    assert store.settle("sofa", NOON) == 0
    assert store.open(10) == [said[1]]


def test_one_listing_takes_so_many_reports(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reports, "MOST_OPEN", 2)
    store = ReportStore(database)
    kept = [store.add(Report("sofa", ReportReason.OTHER, str(n), NOON)) for n in range(3)]
    assert kept == [True, True, False]
    assert store.add(Report("lamp", ReportReason.OTHER, "", NOON))
    with pytest.raises(InputError, match="NUL"):
        store.add(Report("lamp", ReportReason.OTHER, "a\0b", NOON))


def test_changes_are_told_by_what_and_by_whom_and_expire(database: Database):
    log = AuditLog(database)
    log.append("listing.bulk", ["sofa", "lamp"], "ab12", NOON)
    log.append("key.create", ["cd34"], None, NOON + timedelta(hours=1))
    log.append("listing.bulk", [], "ab12", NOON)
    assert log.latest(1) == [AuditEntry(NOON + timedelta(hours=1), "key.create", "cd34", None)]
    assert [entry.subject for entry in log.latest(10)] == ["cd34", "lamp", "sofa"]
    assert [entry.subject for entry in log.latest(10, key_id="ab12")] == ["lamp", "sofa"]
    assert [entry.action for entry in log.latest(10, subject="sofa")] == ["listing.bulk"]
    assert log.expire(NOON + timedelta(minutes=1)) == 2
    assert [entry.action for entry in log.latest(10)] == ["key.create"]
