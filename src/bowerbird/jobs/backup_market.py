"""A market written out whole, while it is served: store, photos, vectors, models, settings, categories.

The store is copied from one snapshot, as `migrate-store` copies it, into a file of SQLite whatever it came
from; photos are those that its listings name, which never change. So the backup is of one moment, and holds
no bytes of what was erased. It holds no secret: of API keys the hashes, and of the settings all but where
databases and services are.
"""

import sqlite3
import tempfile
import tomllib
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import tomli_w

from bowerbird.assembly import database_url, open_generations, open_photo_store
from bowerbird.errors import NotFoundError, UnavailableError
from bowerbird.jobs.import_market import LABELS_FILE
from bowerbird.progress import Progress
from bowerbird.settings import SETTINGS_FILE, Settings
from bowerbird.storage.backup_files import BackupManifest, BackupWriter
from bowerbird.storage.catalogue import Catalogue
from bowerbird.storage.database import Database, open_database, open_existing, sqlite_url
from bowerbird.storage.generations import CURRENT, Generation
from bowerbird.storage.manifest import FILE_NAME
from bowerbird.storage.photo_store import PhotoStore
from bowerbird.storage.store_copy import TableSum, copy_store

STORE_FILE = "catalogue.db"
SPLITS = "runs/splits"  # which listings no model has seen
# Where this market runs, not what it is; some of it is secret.
LEFT_OUT = ("database", "milvus", "photos.url", "photos.signed_seconds", "observing.otlp_endpoint")
PHOTOS_AT_ONCE = 1000
LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What was written, and where."""

    place: Path
    manifest: BackupManifest
    photos: int

    def payload(self) -> dict[str, Any]:
        """For a program."""
        return {
            "place": str(self.place),
            "revision": self.manifest.revision,
            "rows": sum(table.rows for table in self.manifest.tables),
            "files": len(self.manifest.files),
            "bytes": sum(about.bytes for about in self.manifest.files.values()),
            "photos": self.photos,
            "lost_photos": list(self.manifest.lost_photos),
            "generation": self.manifest.generation,
        }

    def lines(self) -> list[str]:
        """For a person."""
        told = self.payload()
        held = f"{told['rows']:,} rows at revision {told['revision']:,} and {told['photos']:,} photos"
        lines = [
            f"wrote {held}, {told['files']:,} files of {told['bytes'] / 1e6:,.1f} MB in all, to {self.place}",
            "where database, photos and other services are is not in it: set that anew where you restore it",
        ]
        if self.manifest.lost_photos:
            lines.append(
                f"{len(self.manifest.lost_photos):,} photos that listings name were not in the market"
            )
        if self.manifest.generation is None:
            lines.append(
                "the index is not in it: it is built anew by `bowerbird index`, or when first served"
            )
        return lines


def backup_market(
    settings: Settings, place: Path, now: datetime, progress: Progress, *, with_index: bool = False
) -> BackupReport:
    """Write all that a market is to `place`; it may be served and changed meanwhile.

    Args:
        settings: of the home.
        place: a new folder, or a new file whose name ends in .tar.
        now: aware.
        progress: the steps.
        with_index: the current index generation comes along; else it is built anew from the rest.

    Raises:
        NotFoundError: there is no such market.
        InputError: there is something at `place`.
        MismatchError: the copy of the store reads back otherwise.
        UnavailableError: the database, the photos or the disk do not answer; nothing is left at `place`.
    """
    with closing(open_existing(database_url(settings))) as source:
        writer = BackupWriter(place)
        try:
            return _written(writer, source, settings, now, progress, with_index)
        finally:
            writer.discard()


def _written(
    writer: BackupWriter,
    source: Database,
    settings: Settings,
    now: datetime,
    progress: Progress,
    with_index: bool,
) -> BackupReport:
    # The index first: what the store has beyond it is replayed.
    generation = _add_index(writer, settings) if with_index else None
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=writer.place.parent) as folder:
        path = Path(folder) / STORE_FILE
        with closing(open_database(sqlite_url(path))) as copy:
            tables = copy_store(source, copy, progress)
            catalogue = Catalogue(copy)
            revision, hashes = catalogue.revision(), _photos_of(catalogue)
        writer.add(STORE_FILE, path)
        photos, lost = _add_photos(writer, open_photo_store(settings), hashes, progress)
        _add_vectors(writer, settings.home, Path(folder), progress)
    progress.step("models and settings", None)
    writer.add_folder("models", settings.models)
    writer.add_folder(SPLITS, settings.home / SPLITS)
    if (settings.home / LABELS_FILE).is_file():
        writer.add(LABELS_FILE, settings.home / LABELS_FILE)
    if (settings.home / SETTINGS_FILE).is_file():
        writer.add(SETTINGS_FILE, _settings_without_places(settings.home / SETTINGS_FILE))
    manifest = _manifest(writer, now, revision, tables, lost, generation)
    writer.finish(manifest)
    return BackupReport(writer.place, manifest, photos)


def _manifest(
    writer: BackupWriter,
    now: datetime,
    revision: int,
    tables: list[TableSum],
    lost: list[str],
    generation: Generation | None,
) -> BackupManifest:
    name = None if generation is None else generation.name
    return BackupManifest(now, revision, tuple(tables), dict(writer.files), tuple(lost), name)


def _add_index(writer: BackupWriter, settings: Settings) -> Generation | None:
    """The current generation; none where there is none, or its vectors are in a cluster of Milvus."""
    generations = open_generations(settings)
    generation = generations.newest()
    if generation is None or settings.index.vector_index == "milvus":
        return None
    kept = generations.clone(generation, ".")  # so that nobody prunes it meanwhile
    try:
        for name in (FILE_NAME, *generation.manifest.files):
            # A clone has no lock files, which are empty.
            writer.add(f"index/{generation.name}/{name}", b"" if name.endswith(LOCK) else kept / name)
        writer.add(f"index/{CURRENT}", f"{generation.name}\n".encode())
    finally:
        generations.discard(kept)
    return generation


def _photos_of(catalogue: Catalogue) -> list[str]:
    found = {
        photo.content_hash
        for listings in catalogue.scan()
        for listing in listings
        for photo in listing.photos
    }
    return sorted(found)


def _add_photos(
    writer: BackupWriter, store: PhotoStore, hashes: list[str], progress: Progress
) -> tuple[int, list[str]]:
    """How many there were, and those that were not."""
    progress.step("photos", len(hashes))
    added = 0
    lost: list[str] = []
    for start in range(0, len(hashes), PHOTOS_AT_ONCE):
        some = hashes[start : start + PHOTOS_AT_ONCE]
        for content_hash, data in _read(store, some, lost):
            writer.add(f"photos/{content_hash[:2]}/{content_hash[2:4]}/{content_hash}.jpg", data)
            added += 1
        progress.advance(len(some))
    return added, lost


def _read(store: PhotoStore, hashes: list[str], lost: list[str]) -> list[tuple[str, bytes]]:
    try:
        return list(store.read_many(hashes))
    except NotFoundError:  # one by one, to tell which
        found = []
        for content_hash in hashes:
            try:
                found.append((content_hash, store.read(content_hash)))
            except NotFoundError:
                lost.append(content_hash)
        return found


def _add_vectors(writer: BackupWriter, home: Path, folder: Path, progress: Progress) -> None:
    """What the encoders made, copied by SQLite itself, since others may write to it."""
    stores = sorted((home / "embeddings").glob("*/vectors.db"))
    progress.step("vectors", len(stores))
    for path in stores:
        copy = folder / "vectors.db"
        try:
            with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
        except sqlite3.Error as error:
            raise UnavailableError(
                f"the vectors in {path} cannot be copied: {error}; delete the folder, run `bowerbird encode`"
            ) from error
        writer.add(path.relative_to(home).as_posix(), copy)
        copy.unlink()
        progress.advance(1)


def _settings_without_places(path: Path) -> bytes:
    stored = tomllib.loads(path.read_text("utf-8"))
    for name in LEFT_OUT:
        group, _, setting = name.rpartition(".")
        (stored.get(group, {}) if group else stored).pop(setting, None)
    return tomli_w.dumps(stored).encode()
