"""Read a source, clean it, store listings and photos; every row and photo is accepted or kept as rejected.

Each batch commits its listings, its rejections and how far it got in one transaction, after its photos are on
the disk. A run that was killed is taken up where it stood when the same source is imported again.
"""

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from bowerbird.assembly import create_home, open_catalogue, open_photo_store
from bowerbird.cleaning.category import CategoryLabels
from bowerbird.cleaning.clean import CleanRow, RepeatedIds, clean_row
from bowerbird.cleaning.column_map import load_column_map
from bowerbird.cleaning.photo_list import PhotoList
from bowerbird.cleaning.photo_source import open_photos
from bowerbird.cleaning.reading import Source, open_source
from bowerbird.cleaning.reading_rows import RawRow
from bowerbird.cleaning.rejection import Part, PhotoReference, Reason, Rejection
from bowerbird.market.listing import Listing, Photo
from bowerbird.progress import Progress
from bowerbird.settings import Settings
from bowerbird.storage.catalogue import Catalogue
from bowerbird.storage.import_log import ImportRun
from bowerbird.workers.connection import cluster_at
from bowerbird.workers.photo_cleaning import CleanPhotos, PhotoCleaner, PhotoLimits

BATCH = 200
LABELS_FILE = "categories.json"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. rows_read = rows_accepted + rejected rows; likewise for photos."""

    source: str
    rows_read: int
    rows_accepted: int
    photos_read: int
    photos_accepted: int
    created: int
    changed: int
    unchanged: int
    deleted: int
    resumed_at: int
    reasons: dict[Reason, int]

    def payload(self) -> dict[str, Any]:
        """The report as JSON."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {**fields, "reasons": {reason.value: count for reason, count in self.reasons.items()}}

    def lines(self) -> list[str]:
        """The report for a person."""
        resumed = [f"taken up at row {self.resumed_at:,}"] if self.resumed_at else []
        rows_rejected = self.rows_read - self.rows_accepted
        photos_rejected = self.photos_read - self.photos_accepted
        counted = [
            f"rows: {self.rows_read:,} = {self.rows_accepted:,} accepted + {rows_rejected:,} rejected",
            f"photos: {self.photos_read:,} = {self.photos_accepted:,} kept + {photos_rejected:,} rejected",
            f"catalogue: {self.created:,} created, {self.changed:,} changed, {self.unchanged:,} unchanged",
            f"deleted: {self.deleted:,}",
        ]
        reasons = [f"  {count:7,}  {reason.text}" for reason, count in self.reasons.items()]
        return resumed + counted + (["left out or left unknown:", *reasons] if reasons else [])


def import_market(
    settings: Settings,
    location: str,
    progress: Progress,
    *,
    photos: str | None = None,
    map_file: Path | None = None,
    query: str | None = None,
    delete_missing: bool = False,
    on: str | None = None,
) -> ImportReport:
    """Import the source at `location` into the home.

    Args:
        settings: the home and its limits.
        location: a table, folder, archive or database URL.
        progress: told the steps and rows.
        photos: where the photos are; None takes those beside the source.
        map_file: a column map; None guesses by the columns' names.
        query: the SQL of a database source.
        delete_missing: delete the listings that the source no longer has.
        on: the address of a Ray cluster that cleans the photos; None is this process.

    Raises:
        InputError: the source, the map or the photos cannot be read as what they should be.
        NotFoundError: one of them is not there.
    """
    column_map = None if map_file is None else load_column_map(map_file)
    source = open_source(location, query=query, column_map=column_map)
    where = photos or source.photos
    photo_source = None if where is None else open_photos(where, max_bytes=settings.photos.max_bytes)
    create_home(settings)
    limits = PhotoLimits(settings.photos.max_pixels, settings.photos.max_bytes)
    cleaner = PhotoCleaner(photo_source, open_photo_store(settings), limits)
    name = _run_name(location, query, source, where)
    with closing(open_catalogue(settings)) as catalogue, _cleaning(cleaner, on, progress) as clean:
        run = catalogue.imports.begin(name, datetime.now(UTC))
        batches = _Import(catalogue, run, source, clean, settings.currency)
        batches.run_all(progress)
        catalogue.finish_import(run.run_id, datetime.now(UTC), delete_missing=delete_missing)
        _write_labels(catalogue, settings.home / LABELS_FILE)
        return batches.report(location)


@contextmanager
def _cleaning(cleaner: PhotoCleaner, on: str | None, progress: Progress) -> Iterator[CleanPhotos]:
    if on is None:
        yield cleaner.clean_here
        return
    with cluster_at(on, progress) as cluster:
        yield partial(cleaner.clean_on, cluster)


@dataclass(frozen=True, slots=True)
class _RowBatch:
    """Rows cleaned together; `references` are the photos of the clean ones, in order."""

    raw: list[RawRow]
    clean: list[CleanRow]
    rejections: list[Rejection]
    references: list[tuple[PhotoReference, ...]]


class _Import:
    """One run over a source, batch by batch."""

    def __init__(
        self, catalogue: Catalogue, run: ImportRun, source: Source, clean: CleanPhotos, currency: str
    ) -> None:
        self._catalogue = catalogue
        self._run = run
        self._source = source
        self._clean_photos = clean
        self._map = replace(source.column_map, currency=source.column_map.currency or currency)
        self._listed = None if source.images is None else PhotoList(source.images)
        self._repeated = RepeatedIds()
        self._photos: dict[str, int] = {}  # accepted photos by listing
        self._rows = 0

    def run_all(self, progress: Progress) -> None:
        """Clean and store every row, those that an earlier try did not reach."""
        progress.step("importing", self._source.rows.count())
        ahead: deque[_RowBatch] = deque()  # whose photos are being cleaned

        def references() -> Iterator[list[PhotoReference]]:
            for batch in self._batches_left(progress):
                ahead.append(batch)
                yield [reference for named in batch.references for reference in named]

        for photos in self._clean_photos(references()):
            batch = ahead.popleft()
            self._store(batch, photos)
            progress.advance(len(batch.raw))
        self._reject_strays(position=self._rows + 1)

    def report(self, location: str) -> ImportReport:
        """What the run did, from the log and the rows seen."""
        imports = self._catalogue.imports
        run, rejected = imports.run(self._run.run_id), imports.parts(self._run.run_id)
        accepted = sum(self._photos.values())
        return ImportReport(
            source=location,
            rows_read=self._rows,
            rows_accepted=self._rows - rejected.get(Part.ROW, 0),
            photos_read=accepted + rejected.get(Part.PHOTO, 0),
            photos_accepted=accepted,
            created=run.created,
            changed=run.changed,
            unchanged=run.unchanged,
            deleted=run.deleted,
            resumed_at=self._run.position,
            reasons=imports.reasons(run.run_id),
        )

    def _batches_left(self, progress: Progress) -> Iterator[_RowBatch]:
        """The rows that an earlier try did not reach, cleaned."""
        rows = self._source.rows.rows()
        while raw := list(islice(rows, BATCH)):
            self._rows += len(raw)
            if raw[-1].number <= self._run.position:
                self._note_done(raw)
                progress.advance(len(raw))
                continue
            outcomes = [clean_row(row, self._map) for row in raw]
            clean = [outcome for outcome in outcomes if isinstance(outcome, CleanRow)]
            rejections = [outcome for outcome in outcomes if isinstance(outcome, Rejection)]
            yield _RowBatch(raw, clean, rejections, [self._references(row) for row in clean])

    def _store(self, batch: _RowBatch, outcomes: list[Photo | Rejection]) -> None:
        photos, rejections = iter(outcomes), batch.rejections
        listings: dict[str, Listing] = {}
        for row, named in zip(batch.clean, batch.references, strict=True):
            listing_id, found = row.listing.listing_id, list(islice(photos, len(named)))
            kept, refused = _parted(found)
            if listing_id in self._repeated:
                # The photos that an images table lists were refused with the first row already.
                _, refused = _parted(found[: len(row.photos)])
            rejections += [*row.notes, *refused]
            if replaced := self._repeated.accept(listing_id, row.row):
                earlier = listings.get(listing_id) or self._catalogue.get([listing_id]).get(listing_id)
                rejections += [replaced, *self._replaced_photos(replaced, earlier)]
            listings[listing_id] = replace(row.listing, photos=tuple(kept))
            self._photos[listing_id] = len(kept)
        self._catalogue.import_batch(
            self._run.run_id,
            list(listings.values()),
            rejections,
            position=batch.raw[-1].number,
            seen=[rejection.listing_id for rejection in rejections if rejection.listing_id],
        )

    def _note_done(self, batch: list[RawRow]) -> None:
        """Remember what an earlier try stored of these rows, so that counts and repeated ids are right."""
        clean = [row for row in (clean_row(raw, self._map) for raw in batch) if isinstance(row, CleanRow)]
        for row in clean:
            self._repeated.accept(row.listing.listing_id, row.row)
        stored = self._catalogue.get([row.listing.listing_id for row in clean])
        self._photos.update((listing_id, len(listing.photos)) for listing_id, listing in stored.items())

    def _references(self, row: CleanRow) -> tuple[PhotoReference, ...]:
        listed = () if self._listed is None else self._listed.of(row.listing.listing_id)
        return (*row.photos, *listed)

    def _replaced_photos(self, replaced: Rejection, earlier: Listing | None) -> list[Rejection]:
        """The photos that only the replaced row named."""
        if earlier is None:
            return []
        again = () if self._listed is None else self._listed.of(earlier.listing_id)
        kept = {reference.photo_id for reference in again}
        return [
            replace(replaced, part=Part.PHOTO, field="photos", value=photo.photo_id)
            for photo in earlier.photos
            if photo.photo_id not in kept
        ]

    def _reject_strays(self, position: int) -> None:
        """Keep the photos that no accepted listing has."""
        if self._listed is None or self._run.position >= position:
            return
        strays = [*self._listed.rejections, *self._listed.of_unknown(self._repeated)]
        self._catalogue.import_batch(self._run.run_id, [], strays, position=position)


def _parted(outcomes: Sequence[Photo | Rejection]) -> tuple[list[Photo], list[Rejection]]:
    kept: list[Photo] = []
    refused: list[Rejection] = []
    for outcome in outcomes:
        if isinstance(outcome, Photo):
            kept.append(outcome)
        else:
            refused.append(outcome)
    return kept, refused


def _run_name(location: str, query: str | None, source: Source, photos: str | None) -> str:
    """Names the contents too, so that a source that changed is read from its start."""
    how = hashlib.sha256(repr((query, source.column_map, photos)).encode()).hexdigest()[:16]
    return "\n".join((location, source.state, how))


def _write_labels(catalogue: Catalogue, path: Path) -> None:
    """The label encoder and decoder of the market's categories."""
    paths = {listing.category for batch in catalogue.scan() for listing in batch if listing.category}
    if paths:
        CategoryLabels.of(sorted(paths)).save(path)
