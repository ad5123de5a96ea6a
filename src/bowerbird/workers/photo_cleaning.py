"""Photos as sellers left them -> photos in the store, in this process's threads or on a Ray cluster.

Machines of a cluster read from a bucket and store in a bucket themselves; what lies in a folder or an archive
of this machine is sent to them, and what is to lie in one comes back.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bowerbird.cleaning.photo import CleanPhoto, clean_photo
from bowerbird.cleaning.photo_source import PhotoSource, open_photos
from bowerbird.cleaning.rejection import Part, PhotoReference, Reason, Rejection, reject_photo
from bowerbird.errors import InputError, NotFoundError
from bowerbird.market.listing import Photo
from bowerbird.storage.photo_store import PhotoStore

if TYPE_CHECKING:  # Ray takes seconds to import, and most imports run here
    from bowerbird.workers.ray_cluster import RayCluster

# A list of outcomes for each list of references, in order; lists are asked for ahead where there is room.
CleanPhotos = Callable[[Iterable[Sequence[PhotoReference]]], Iterator[list[Photo | Rejection]]]
PHOTOS_AT_ONCE = 64  # of one machine: a second or so of its processor
BYTES_AT_ONCE = 16_000_000


@dataclass(frozen=True, slots=True)
class PhotoLimits:
    """Over which photos are refused."""

    max_pixels: int
    max_bytes: int


@dataclass(frozen=True, slots=True, eq=False)
class PhotoCleaner:
    """Reads, cleans and stores photos; without a source each is missing."""

    source: PhotoSource | None
    store: PhotoStore
    limits: PhotoLimits

    def clean_here(self, batches: Iterable[Sequence[PhotoReference]]) -> Iterator[list[Photo | Rejection]]:
        """The stored photos, or why there are none, by the threads of this process.

        Raises:
            UnavailableError: the source or the store cannot be reached; that is no fault of a photo.
        """
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            for references in batches:
                yield list(pool.map(self._clean, references))

    def clean_on(
        self, cluster: "RayCluster", batches: Iterable[Sequence[PhotoReference]]
    ) -> Iterator[list[Photo | Rejection]]:
        """The same by the machines of `cluster`."""
        outcomes: list[Photo | Rejection] = []
        for found in cluster.map(clean_batch, self._places(), self._raw_batches(batches)):
            outcomes += map(self._kept, found.outcomes)
            if found.is_last:
                yield outcomes
                outcomes = []

    def _clean(self, reference: PhotoReference) -> Photo | Rejection:
        raw = self._raw(reference)
        return raw if isinstance(raw, Rejection) else self._kept(_cleaned(raw, self.source, self.limits))

    def _kept(self, outcome: "CleanedPhoto | Photo | Rejection") -> Photo | Rejection:
        if isinstance(outcome, CleanedPhoto):
            self.store.put(outcome.photo.content_hash, outcome.data)
            return outcome.photo
        return outcome

    def _places(self) -> "Places":
        reads = self.source is not None and self.source.is_bucket
        return Places(
            self.limits,
            self.source.location if self.source is not None and reads else "",
            "" if self.store.is_local else self.store.location,
        )

    def _raw_batches(self, batches: Iterable[Sequence[PhotoReference]]) -> Iterator["RawBatch"]:
        """Cut where they hold many photos or bytes; an empty one stays, for its place in the order."""
        for references in batches:
            raw: list[RawPhoto | Rejection] = []
            size = 0
            for reference in references:
                one = self._raw(reference)
                length = len(one.data or b"") if isinstance(one, RawPhoto) else 0
                if raw and (len(raw) == PHOTOS_AT_ONCE or size + length > BYTES_AT_ONCE):
                    yield RawBatch(raw, is_last=False)
                    raw, size = [], 0
                raw.append(one)
                size += length
            yield RawBatch(raw, is_last=True)

    def _raw(self, reference: PhotoReference) -> "RawPhoto | Rejection":
        if self.source is None:
            return Rejection(
                Part.PHOTO,
                reference.row,
                reference.listing_id,
                "photos",
                reference.location,
                Reason.PHOTO_MISSING,
                "no photos were given; use --photos",
            )
        try:
            name = self.source.resolve(reference.location)
            return RawPhoto(reference, name, None if self.source.is_bucket else self.source.read_file(name))
        except (InputError, NotFoundError) as error:
            return reject_photo(reference, error)


@dataclass(frozen=True, slots=True)
class Places:
    """Where a machine reads and stores photos itself; empty where they are sent and sent back."""

    limits: PhotoLimits
    source_url: str
    store_url: str


@dataclass(frozen=True, slots=True, eq=False)
class RawPhoto:
    """A photo as the seller left it; no `data` where whoever cleans it reads it by `name`."""

    reference: PhotoReference
    name: str
    data: bytes | None


@dataclass(frozen=True, slots=True, eq=False)
class CleanedPhoto:
    """A photo that is still to be stored."""

    photo: Photo
    data: bytes


@dataclass(frozen=True, slots=True, eq=False)
class RawBatch:
    """What one machine cleans at a time; `is_last` of those that were asked for together."""

    photos: list[RawPhoto | Rejection]
    is_last: bool


@dataclass(frozen=True, slots=True, eq=False)
class CleanedBatch:
    """What became of a `RawBatch`; a photo alone is stored already."""

    outcomes: list[CleanedPhoto | Photo | Rejection]
    is_last: bool


def clean_batch(places: Places, batch: RawBatch) -> CleanedBatch:
    """Clean a batch, on one processor.

    Raises:
        UnavailableError: this machine cannot reach a bucket.
    """
    limits = places.limits
    source = open_photos(places.source_url, max_bytes=limits.max_bytes) if places.source_url else None
    store = PhotoStore(places.store_url) if places.store_url else None
    outcomes: list[CleanedPhoto | Photo | Rejection] = []
    for raw in batch.photos:
        outcome = raw if isinstance(raw, Rejection) else _cleaned(raw, source, limits)
        if store is not None and isinstance(outcome, CleanedPhoto):
            store.put(outcome.photo.content_hash, outcome.data)
            outcomes.append(outcome.photo)
        else:
            outcomes.append(outcome)
    return CleanedBatch(outcomes, batch.is_last)


def _cleaned(raw: RawPhoto, source: PhotoSource | None, limits: PhotoLimits) -> CleanedPhoto | Rejection:
    try:
        data = source.read_file(raw.name) if raw.data is None and source is not None else raw.data or b""
        clean: CleanPhoto = clean_photo(data, max_pixels=limits.max_pixels, max_bytes=limits.max_bytes)
    except (InputError, NotFoundError) as error:
        return reject_photo(raw.reference, error)
    return CleanedPhoto(clean.photo(raw.reference.photo_id), clean.data)
