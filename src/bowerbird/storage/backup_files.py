"""The files of a backup: a folder, or one .tar, with a manifest of every file's size and SHA-256.

A backup is written beside its place and takes it in one step, whole and on the disk; what a kill leaves is
never mistaken for one. Unpacking takes plain files only, under names that stay below the folder, and compares
every one of them with the manifest.
"""

import hashlib
import io
import re
import shutil
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from bowerbird import __version__
from bowerbird.errors import InputError, MismatchError, NotFoundError
from bowerbird.storage.durable_file import disk_errors, sync
from bowerbird.storage.manifest import FileSum, checksum
from bowerbird.storage.store_copy import TableSum

MANIFEST_FILE = "manifest.json"
TAR = ".tar"
FORMAT = 1
_PART = re.compile(r"(?!\.\.?$)[\w.,@+ -]+")
_UNFINISHED = ".unfinished"


@dataclass(frozen=True, slots=True)
class BackupManifest:
    """What a backup holds: when it was taken, the tables of its store, its files by their names."""

    created_at: datetime
    revision: int  # of the catalogue
    tables: tuple[TableSum, ...]
    files: Mapping[str, FileSum]
    lost_photos: tuple[str, ...]  # content hashes that listings name and the market did not have
    generation: str | None  # of the index, where it came along
    bowerbird_version: str = __version__

    def to_json(self) -> bytes:
        """The manifest as it stands in its file."""
        return orjson.dumps({"format": FORMAT, **asdict(self)}, option=orjson.OPT_INDENT_2)

    @classmethod
    def read(cls, path: Path) -> "BackupManifest":
        """The manifest at `path`.

        Raises:
            MismatchError: it is missing, damaged, or of a later format.
        """
        try:
            fields = orjson.loads(path.read_bytes())
            if fields.pop("format") != FORMAT:
                raise MismatchError(
                    "the backup was made by a newer bowerbird; upgrade bowerbird to restore it"
                )
            fields["created_at"] = datetime.fromisoformat(fields["created_at"])
            fields["tables"] = tuple(TableSum(**table) for table in fields["tables"])
            fields["files"] = {name: FileSum(**about) for name, about in fields["files"].items()}
            fields["lost_photos"] = tuple(fields["lost_photos"])
            return cls(**fields)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise MismatchError(
                f"this is no whole backup: its {MANIFEST_FILE} cannot be read ({error}); give another one"
            ) from error


class BackupWriter:
    """Takes the files of one backup, then its manifest.

    Args:
        place: the folder, or the file whose name ends in .tar, that the backup becomes.
    """

    def __init__(self, place: Path) -> None:
        """Raises InputError where something is at `place` already."""
        if place.exists() and not (place.is_dir() and not any(place.iterdir())):
            raise InputError(f"there is something at {place} already; give a new folder, or a new .tar file")
        self.place = place
        self.files: dict[str, FileSum] = {}
        self._unfinished = place.with_name(f".{place.name}{_UNFINISHED}")
        self._tar: tarfile.TarFile | None = None
        with disk_errors(f"writing {place}"):
            _remove(self._unfinished)
            self._unfinished.parent.mkdir(parents=True, exist_ok=True)
            if place.suffix == TAR:
                # Closed by `finish` or `discard`.
                self._tar = tarfile.open(self._unfinished, "w", format=tarfile.PAX_FORMAT)  # noqa: SIM115
            else:
                self._unfinished.mkdir()

    def add(self, name: str, content: bytes | Path) -> None:
        """Put bytes, or a copy of a file, into the backup under `name`, with '/' between its parts.

        Raises:
            InputError: the name would not be unpacked.
            UnavailableError: the disk does not take it.
        """
        if not _is_safe(name):
            raise InputError(f"{name!r} cannot be in a backup; rename the file")
        with disk_errors(f"writing {name} to {self.place}"):
            if isinstance(content, bytes):
                self.files[name] = self._put(name, io.BytesIO(content), len(content))
                return
            with content.open("rb") as file:
                self.files[name] = self._put(name, file, content.stat().st_size)

    def add_folder(self, name: str, folder: Path) -> None:
        """Put all files of a folder into the backup, but for hidden ones and what is in hidden folders."""
        for path in sorted(folder.rglob("*")):
            parts = path.relative_to(folder).parts
            if path.is_file() and not any(part.startswith(".") for part in parts):
                self.add("/".join((name, *parts)), path)

    def finish(self, manifest: BackupManifest) -> None:
        """Put in the manifest, and the whole in its place."""
        self.add(MANIFEST_FILE, manifest.to_json())
        with disk_errors(f"writing {self.place}"):
            if self._tar is not None:
                self._tar.close()
                sync(self._unfinished)
            elif self.place.exists():
                self.place.rmdir()  # an empty one, as was looked at
            self._unfinished.rename(self.place)
            sync(self.place.parent)

    def discard(self) -> None:
        """Remove what was written, where it did not become a backup."""
        if self._tar is not None:
            self._tar.close()
        _remove(self._unfinished)

    def _put(self, name: str, content: BinaryIO, size: int) -> FileSum:
        summed = _Summed(content)
        if self._tar is not None:
            about = tarfile.TarInfo(name)
            about.size = size
            self._tar.addfile(about, summed)
        else:
            path = self._unfinished / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                shutil.copyfileobj(summed, file)
            sync(path)
        return FileSum(summed.digest.hexdigest(), size)


class _Summed:
    """A file that hashes what is read of it."""

    def __init__(self, file: BinaryIO) -> None:
        self.digest = hashlib.sha256()
        self._file = file

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


def unpack(place: Path, folder: Path) -> BackupManifest:
    """Lay the files of a backup out in an empty folder, and verify every one of them.

    Raises:
        NotFoundError: there is no backup at `place`.
        MismatchError: a file is missing, differs, is not in the manifest, or has a name that leads elsewhere.
        UnavailableError: the disk does not take it.
    """
    with disk_errors(f"unpacking {place}"):
        if place.is_dir():
            paths = ((path.relative_to(place).as_posix(), path) for path in sorted(place.rglob("*")))
            _copy(((name, path) for name, path in paths if path.is_file()), folder)
        elif place.is_file():
            _extract(place, folder)
        else:
            raise NotFoundError(
                f"there is no backup at {place}; give the folder or the .tar that was written"
            )
    manifest = BackupManifest.read(folder / MANIFEST_FILE)
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    odd = found.symmetric_difference({*manifest.files, MANIFEST_FILE})
    if odd:
        raise MismatchError(f"the backup is not whole: {min(odd)} is missing, or should not be there")
    for name, expected in manifest.files.items():
        if checksum(folder / name) != expected:
            raise MismatchError(f"the backup is damaged: {name} is not what was backed up; give another one")
    (folder / MANIFEST_FILE).unlink()
    return manifest


def _copy(files: Iterable[tuple[str, Path]], folder: Path) -> None:
    for name, path in files:
        with path.open("rb") as file:
            _lay_out(name, file, folder)


def _extract(place: Path, folder: Path) -> None:
    try:
        with tarfile.open(place, "r:") as tar:
            for member in tar:
                file = tar.extractfile(member) if member.isreg() else None
                if file is None:
                    raise MismatchError(
                        f"the backup holds {member.name!r}, which is no plain file; give another"
                    )
                _lay_out(member.name, file, folder)
    except tarfile.TarError as error:
        raise MismatchError(f"{place} is no whole backup: {error}; give another one") from error


def _lay_out(name: str, file: Any, folder: Path) -> None:  # noqa: ANN401  whatever can be read
    if not _is_safe(name):
        raise MismatchError(f"the backup holds {name!r}, a name that leads elsewhere; give another one")
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as target:
        shutil.copyfileobj(file, target)


def _is_safe(name: str) -> bool:
    return all(_PART.fullmatch(part) for part in name.split("/"))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
