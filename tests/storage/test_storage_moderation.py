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
    assert catalogue.hidden.hide("sofa")
    assert catalogue.revision() == before + 1
    (change,) = catalogue.changes_since(before, 10)
    assert (change.listing_id, change.listing.status) == ("sofa", Status.HIDDEN)
    assert catalogue.get(["sofa"])["sofa"] == replace(SOFA, status=Status.HIDDEN)
    assert statuses(catalogue) == {"sofa": Status.HIDDEN, "lamp": None}
    assert catalogue.written("sofa").listing == SOFA
    assert [listing.listing_id for listing in catalogue.hidden.listings(10)] == ["sofa"]
    assert catalogue.hidden.hide("sofa", False)
    assert catalogue.get(["sofa"])["sofa"] == SOFA
    assert catalogue.hidden.listings(10) == []
    assert len(catalogue) == 2


def test_photos_of_hidden_listings_are_told_apart_and_every_change_of_them_is_marked(catalogue: Catalogue):
    photos = [Photo(name, name * 32, "0" * 16, 10, 10) for name in ("ab", "cd")]
    lamp = replace(SOFA, listing_id="lamp", photos=tuple(photos[1:]))
    catalogue.upsert([replace(SOFA, photos=tuple(photos[:1])), lamp])
    marks = [catalogue.hidden.mark()]
    assert catalogue.hidden.content_hashes() == frozenset()
    catalogue.hidden.hide("lamp")
    marks.append(catalogue.hidden.mark())
    assert catalogue.hidden.content_hashes() == {"cd" * 32}
    catalogue.upsert([replace(lamp, photos=tuple(photos))])
    marks.append(catalogue.hidden.mark())
    assert catalogue.hidden.content_hashes() == {"ab" * 32, "cd" * 32}
    catalogue.upsert([replace(SOFA, title="Another")])
    assert catalogue.hidden.mark() == marks[-1]  # what is shown does not count
    catalogue.hidden.hide("lamp", False)
    marks.append(catalogue.hidden.mark())
    assert catalogue.hidden.content_hashes() == frozenset()
    assert marks[0] == marks[3]
    assert len(set(marks)) == 3


def test_a_photo_is_hidden_by_its_content_whatever_is_written(catalogue: Catalogue):
    front, back = (Photo(name, name * 32, "0" * 16, 10, 10) for name in ("ab", "cd"))
    sofa = replace(SOFA, photos=(front, back))
    catalogue.upsert([sofa, replace(sofa, listing_id="other")])
    before, mark = catalogue.revision(), catalogue.hidden.mark()
    assert catalogue.hidden.hide_photo("sofa", front.content_hash)
    assert catalogue.hidden.hide_photo("sofa", front.content_hash), "again changes nothing"
    (change,) = catalogue.changes_since(before, 10)
    assert (change.revision, change.listing) == (before + 1, replace(sofa, photos=(back,)))
    assert catalogue.get(["sofa", "other"])["other"].photos == (front, back), "of this listing alone"
    assert catalogue.hidden.content_hashes() == {front.content_hash}
    assert catalogue.hidden.mark() != mark
    assert catalogue.written("sofa").listing == sofa
    again = replace(front, photo_id="renamed")
    catalogue.upsert([replace(sofa, title="Another", photos=(back, again))])
    assert catalogue.get(["sofa"])["sofa"].photos == (back,)
    catalogue.hidden.hide_photo("sofa", back.content_hash)
    assert catalogue.get(["sofa"])["sofa"].photos == ()
    assert catalogue.hidden.photos(10) == [("sofa", back.content_hash), ("sofa", front.content_hash)]
    for photo in (front, back):
        assert catalogue.hidden.hide_photo("sofa", photo.content_hash, False)
    assert catalogue.get(["sofa"])["sofa"].photos == (back, again)
    assert (catalogue.hidden.photos(10), catalogue.hidden.mark()) == ([], mark)
    assert not catalogue.hidden.hide_photo("nothing", front.content_hash)


def test_hiding_twice_is_one_change(catalogue: Catalogue):
    catalogue.upsert([SOFA])
    catalogue.hidden.hide("sofa")
    revision = catalogue.revision()
    assert catalogue.hidden.hide("sofa")
    assert catalogue.revision() == revision


def test_what_sellers_write_does_not_bring_a_hidden_listing_back(catalogue: Catalogue):
    catalogue.upsert([SOFA])
    catalogue.hidden.hide("sofa")
    catalogue.upsert([SOFA])  # nothing new
    catalogue.upsert([replace(SOFA, title="Redder sofa", status=Status.ACTIVE)])
    assert catalogue.get(["sofa"])["sofa"].status is Status.HIDDEN
    written = catalogue.written("sofa")
    assert catalogue.replace(written, replace(written.listing, title="Reddest sofa")) is not None
    assert catalogue.get(["sofa"])["sofa"].status is Status.HIDDEN
    catalogue.delete(["sofa"])
    assert not catalogue.hidden.hide("sofa")
    catalogue.upsert([SOFA])
    assert catalogue.get(["sofa"])["sofa"].status is Status.HIDDEN
    catalogue.hidden.hide("sofa", False)
    assert catalogue.get(["sofa"])["sofa"] == SOFA


def test_there_is_nothing_to_hide_or_change_of_a_stranger(catalogue: Catalogue):
    assert not catalogue.hidden.hide("nothing")
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
