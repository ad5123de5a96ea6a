"""A market put back from a backup into a new home, every file and every table of it verified."""

import secrets
import shutil
import tomllib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from bowerbird.assembly import open_photo_store
from bowerbird.errors import InputError, MismatchError
from bowerbird.jobs.backup_market import STORE_FILE
from bowerbird.progress import Progress
from bowerbird.settings import SETTINGS_FILE, Settings
from bowerbird.storage.backup_files import BackupManifest, unpack
from bowerbird.storage.database import open_database, open_existing, sqlite_url
from bowerbird.storage.durable_file import disk_errors, make_folder_durably, sync
from bowerbird.storage.photo_store import PhotoStore
from bowerbird.storage.store_copy import copy_store, store_sums


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What came back, and where to."""

    home: Path
    database: str | None  # its URL without its password, where it is not in the home
    manifest: BackupManifest

    def payload(self) -> dict[str, Any]:
        """For a program."""
        return {
            "home": str(self.home),
            "database": self.database,
            "backed_up_at": self.manifest.created_at.isoformat(),
            "revision": self.manifest.revision,
            "rows": sum(table.rows for table in self.manifest.tables),
            "files": len(self.manifest.files),
            "generation": self.manifest.generation,
        }

    def lines(self) -> list[str]:
        """For a person."""
        told = self.payload()
        held = f"{told['rows']:,} rows at revision {told['revision']:,} and {told['files']:,} files"
        lines = [f"restored {held}, as of {told['backed_up_at']}, to {self.home}; all of it is verified"]
        if self.database is not None:
            lines.append(f"catalogue, logs and keys are in {self.database}")
        if self.manifest.generation is None:
            lines.append(f"build its index: bowerbird index --home {self.home}")
        return lines


def restore_market(
    settings: Settings, place: Path, progress: Progress, database: str | None = None
) -> RestoreReport:
    """Make the backup at `place` the market of a new home: all of it, or nothing but photos in a bucket.

    Args:
        settings: of the home; photos go to `photos.url`, where it is set, else into the home.
        place: the backup.
        progress: the steps.
        database: URL of an empty database for the store, which the home's file will name; by default the one
            that the settings name, else a file in the home.

    Raises:
        NotFoundError: there is no backup at `place`.
        InputError: the home, or the database, holds something already.
        MismatchError: the backup is damaged, or a newer bowerbird made it.
        UnavailableError: a disk, the database or the bucket does not answer.
    """
    home = settings.home
    if home.exists() and not (home.is_dir() and not any(home.iterdir())):
        raise InputError(f"{home} is not empty; give a new --home, or move what is there away")
    staged = home.with_name(f".{home.name}.restoring-{secrets.token_hex(4)}")
    with disk_errors(f"restoring to {home}"):
        make_folder_durably(home.parent)
        staged.mkdir()
        try:
            manifest, database = _restored(staged, place, settings, progress, database)
            if home.exists():
                home.rmdir()
            staged.rename(home)
            sync(home.parent)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    return RestoreReport(home, database, manifest)


def _restored(
    staged: Path, place: Path, settings: Settings, progress: Progress, given: str | None
) -> tuple[BackupManifest, str | None]:
    progress.step("unpacking and verifying files", None)
    manifest = unpack(place, staged)
    if settings.photos.url:
        _move_photos(staged / "photos", open_photo_store(settings), progress)
    if given is not None:
        _name_database(staged / SETTINGS_FILE, given)
    path, database = staged / STORE_FILE, None
    with closing(open_existing(sqlite_url(path))) as store:
        progress.step("verifying tables", None)
        found = {table.name: table for table in store_sums(store)}
        for table in manifest.tables:  # a newer schema may have more of them
            if found.get(table.name) != table:
                raise MismatchError(f"table {table.name} is not what was backed up; give another backup")
        url = given or settings.database
        if url:
            with closing(open_database(url)) as target:
                copy_store(store, target, progress)
                database = target.name
    if database is not None:
        path.unlink()
    return manifest, database


def _move_photos(folder: Path, store: PhotoStore, progress: Progress) -> None:
    paths = sorted(folder.rglob("*.jpg"))
    progress.step("photos", len(paths))
    for path in paths:
        store.put(path.stem, path.read_bytes())
        progress.advance(1)
    shutil.rmtree(folder, ignore_errors=True)


def _name_database(path: Path, url: str) -> None:
    stored = tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
    path.write_text(tomli_w.dumps({**stored, "database": url}), "utf-8")
