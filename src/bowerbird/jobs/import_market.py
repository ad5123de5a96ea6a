"""Read a source, clean it, store listings and photos; every row and photo is accepted or kept as rejected.

Each batch commits its listings, its rejections and how far it got in one transaction, after its photos are on
the disk. A run that was killed is taken up where it stood when the same source is imported again.
"""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from bowerbird.assembly import create_home, open_catalogue, open_photo_store
from bowerbird.cleaning.category import CategoryLabels
from bowerbird.cleaning.clean import CleanRow, RepeatedIds, clean_row
from bowerbird.cleaning.column_map import load_column_map
from bowerbird.cleaning.photo import clean_photo
from bowerbird.cleaning.photo_list import PhotoList
from bowerbird.cleaning.photo_source import PhotoSource, open_photos
from bowerbird.cleaning.reading import Source, open_source
from bowerbird.cleaning.reading_rows import RawRow
from bowerbird.cleaning.rejection import Part, PhotoReference, Reason, Rejection, reject_photo
from bowerbird.errors import InputError, NotFoundError
from bowerbird.intake import PhotoSettings
from bowerbird.market.listing import Listing, Photo
from bowerbird.progress import Progress
from bowerbird.settings import Settings
from bowerbird.storage.catalogue import Catalogue
from bowerbird.storage.import_log import ImportRun
from bowerbird.storage.photo_store import PhotoStore

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

    Raises:
        InputError: the source, the map or the photos cannot be read as what they should be.
        NotFoundError: one of them is not there.
    """
    column_map = None if map_file is None else load_column_map(map_file)
    source = open_source(location, query=query, column_map=column_map)
    where = photos or source.photos
    photo_source = None if where is None else open_photos(where, max_bytes=settings.photos.max_bytes)
    create_home(settings)
    cleaner = PhotoCleaner(photo_source, open_photo_store(settings), settings.photos)
    name = _run_name(location, query, source, where)
    with closing(open_catalogue(settings)) as catalogue:
        run = catalogue.imports.begin(name, datetime.now(UTC))
        batches = _Import(catalogue, run, source, cleaner, settings.currency)
        batches.run_all(progress)
        catalogue.finish_import(run.run_id, datetime.now(UTC), delete_missing=delete_missing)
        _write_labels(catalogue, settings.home / LABELS_FILE)
        return batches.report(location)


class PhotoCleaner:
    """Reads, cleans and stores photos; without a source each is missing."""

    def __init__(self, source: PhotoSource | None, store: PhotoStore, limits: PhotoSettings) -> None:
        self._source = source
        self._store = store
        self._limits = limits

    def clean(self, reference: PhotoReference) -> Photo | Rejection:
        """The stored photo, or why there is none.

        Raises:
            UnavailableError: the source or the store cannot be reached; that is no fault of this photo.
        """
        if self._source is None:
            detail = "no photos were given; use --photos"
            return Rejection(
                Part.PHOTO,
                reference.row,
                reference.listing_id,
                "photos",
                reference.location,
                Reason.PHOTO_MISSING,
                detail,
            )
        try:
            data = self._source.read(reference.location)
            clean = clean_photo(data, max_pixels=self._limits.max_pixels, max_bytes=self._limits.max_bytes)
        except (InputError, NotFoundError) as error:
            return reject_photo(reference, error)
        self._store.put(clean.content_hash, clean.data)
        return clean.photo(reference.photo_id)


class _Import:
    """One run over a source, batch by batch."""

    def __init__(
        self, catalogue: Catalogue, run: ImportRun, source: Source, cleaner: PhotoCleaner, currency: str
    ) -> None:
        self._catalogue = catalogue
        self._run = run
        self._source = source
        self._cleaner = cleaner
        self._map = replace(source.column_map, currency=source.column_map.currency or currency)
        self._listed = None if source.images is None else PhotoList(source.images)
        self._repeated = RepeatedIds()
        self._photos: dict[str, int] = {}  # accepted photos by listing
        self._rows = 0

    def run_all(self, progress: Progress) -> None:
        """Clean and store every row, those that an earlier try did not reach."""
        total = self._source.rows.count()
        progress.step("importing", total)
        rows = self._source.rows.rows()
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            while batch := list(islice(rows, BATCH)):
                self._rows += len(batch)
                if batch[-1].number <= self._run.position:
                    self._note_done(batch)
                else:
                    self._do(batch, pool)
                progress.advance(len(batch))
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

    def _do(self, batch: list[RawRow], pool: ThreadPoolExecutor) -> None:
        outcomes = [clean_row(row, self._map) for row in batch]
        rejections = [outcome for outcome in outcomes if isinstance(outcome, Rejection)]
        clean = [outcome for outcome in outcomes if isinstance(outcome, CleanRow)]
        references = [self._references(row) for row in clean]
        photos = pool.map(self._cleaner.clean, [reference for named in references for reference in named])
        listings: dict[str, Listing] = {}
        for row, named in zip(clean, references, strict=True):
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
            position=batch[-1].number,
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
