"""Imports: counts, resume position, rejections, deletion of what is missing."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bowerbird.cleaning.rejection import Part, Reason, Rejection
from bowerbird.errors import InputError, NotFoundError, UnavailableError
from bowerbird.market.listing import Listing
from bowerbird.storage.catalogue import Catalogue

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
LATER = datetime(2024, 5, 1, 13, tzinfo=UTC)


def titled(*ids: str) -> list[Listing]:
    return [Listing(listing_id, f"Title of {listing_id}") for listing_id in ids]


def rejection(row: int, reason: Reason = Reason.MISSING_TITLE) -> Rejection:
    return Rejection(Part.ROW, row, f"listing-{row}", "title", "", reason)


def test_a_batch_counts_and_moves_the_position(catalogue: Catalogue):
    run = catalogue.imports.begin("a.csv", NOON)
    assert (run.source, run.started_at, run.finished_at, run.position) == ("a.csv", NOON, None, 0)
    catalogue.import_batch(run.run_id, titled("1", "2"), [rejection(3)], position=3)
    catalogue.import_batch(run.run_id, titled("1", "4"), [rejection(5)], position=6)
    catalogue.finish_import(run.run_id, LATER)
    assert catalogue.imports.run(run.run_id) == replace(
        run, finished_at=LATER, position=6, created=3, unchanged=1, rejected=2
    )


def test_an_unfinished_import_is_taken_up_and_a_finished_one_is_not(catalogue: Catalogue):
    first = catalogue.imports.begin("a.csv", NOON)
    catalogue.import_batch(first.run_id, titled("1"), [], position=1)
    resumed = catalogue.imports.begin("a.csv", LATER)
    assert resumed == replace(first, position=1, created=1)
    assert catalogue.imports.begin("b.csv", LATER).run_id != first.run_id
    catalogue.finish_import(first.run_id, LATER)
    again = catalogue.imports.begin("a.csv", LATER)
    assert (again.run_id != first.run_id, again.position) == (True, 0)
    assert [run.run_id for run in catalogue.imports.runs()] == [3, 2, 1]
    assert [run.run_id for run in catalogue.imports.runs(limit=1)] == [3]


def test_a_batch_is_stored_whole_or_not_at_all(catalogue: Catalogue):
    run = catalogue.imports.begin("a.csv", NOON)
    unsupported = replace(rejection(2), row=2**70)  # over what the database's integers hold
    with pytest.raises((OverflowError, UnavailableError)):
        catalogue.import_batch(run.run_id, titled("1"), [unsupported], position=2)
    assert (len(catalogue), catalogue.revision()) == (0, 0)
    assert catalogue.imports.run(run.run_id) == run


def test_rejections_are_read_back_in_pages_and_by_reason(catalogue: Catalogue):
    run = catalogue.imports.begin("a.csv", NOON)
    other = catalogue.imports.begin("b.csv", NOON)
    kept = [rejection(row) for row in range(5)]
    kept.append(Rejection(Part.PHOTO, 9, None, "photos", "x.jpg", Reason.PHOTO_BROKEN, "truncated"))
    catalogue.import_batch(run.run_id, [], kept[:4], position=4)
    catalogue.import_batch(run.run_id, [], kept[4:], position=6)
    catalogue.import_batch(other.run_id, [], [rejection(1)], position=1)
    imports = catalogue.imports
    assert imports.rejections(run.run_id) == kept
    assert imports.rejections(run.run_id, limit=2, offset=3) == kept[3:5]
    assert list(imports.reasons(run.run_id).items()) == [(Reason.MISSING_TITLE, 5), (Reason.PHOTO_BROKEN, 1)]
    assert imports.parts(run.run_id) == {Part.ROW: 5, Part.PHOTO: 1}


def test_raw_values_that_no_database_keeps_are_escaped(catalogue: Catalogue):
    run = catalogue.imports.begin("a.csv", NOON)
    broken = Rejection(Part.ROW, 1, "id \ud800", "title", "NUL \0 and \udcff", Reason.NOT_UTF8)
    catalogue.import_batch(run.run_id, [], [broken], position=1)
    assert catalogue.imports.rejections(run.run_id) == [
        Rejection(Part.ROW, 1, r"id \ud800", "title", r"NUL \0 and \udcff", Reason.NOT_UTF8)
    ]


def test_delete_missing_keeps_what_the_import_met(catalogue: Catalogue):
    catalogue.upsert(titled("old", "kept", "broken now", "of a killed batch"))
    run = catalogue.imports.begin("a.csv", NOON)
    catalogue.import_batch(run.run_id, titled("of a killed batch", "new"), [], position=2)
    run = catalogue.imports.begin("a.csv", LATER)  # killed, and taken up
    catalogue.import_batch(run.run_id, titled("kept"), [rejection(4)], position=4, seen=["broken now"])
    revision = catalogue.finish_import(run.run_id, LATER, delete_missing=True)
    assert revision == catalogue.revision() == 6
    assert sorted(catalogue.all_ids()) == ["broken now", "kept", "new", "of a killed batch"]
    assert catalogue.changes_since(5, 10)[0].listing_id == "old"
    assert catalogue.imports.run(run.run_id).deleted == 1


def test_an_import_that_met_nothing_cannot_empty_the_catalogue(catalogue: Catalogue):
    catalogue.upsert(titled("1"))
    run = catalogue.imports.begin("empty.csv", NOON)
    with pytest.raises(InputError, match=r"met no listing.*would empty the catalogue"):
        catalogue.finish_import(run.run_id, LATER, delete_missing=True)
    assert catalogue.all_ids() == ["1"]
    assert catalogue.imports.run(run.run_id).finished_at is None


def test_without_delete_missing_nothing_is_deleted(catalogue: Catalogue):
    catalogue.upsert(titled("1"))
    run = catalogue.imports.begin("a.csv", NOON)
    catalogue.import_batch(run.run_id, titled("2"), [], position=1)
    assert catalogue.finish_import(run.run_id, LATER) == 2
    assert sorted(catalogue.all_ids()) == ["1", "2"]


def test_only_a_running_import_takes_batches(catalogue: Catalogue):
    run = catalogue.imports.begin("a.csv", NOON)
    catalogue.finish_import(run.run_id, LATER)
    for run_id in (run.run_id, 99):
        with pytest.raises(NotFoundError, match=f"no import {run_id} is running"):
            catalogue.import_batch(run_id, titled("1"), [], position=1)
        with pytest.raises(NotFoundError, match=f"no import {run_id} is running"):
            catalogue.finish_import(run_id, LATER)
    assert len(catalogue) == 0
    with pytest.raises(NotFoundError, match="there is no import 99"):
        catalogue.imports.run(99)
