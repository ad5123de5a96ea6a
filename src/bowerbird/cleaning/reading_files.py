"""A folder, a zip archive or an object store, as one thing: names, and bytes by name.

Names are relative, parted by '/'.
"""

import gzip
import sys
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import IO, Any, Protocol

import fsspec
from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem

from bowerbird.errors import InputError, NotFoundError, UnavailableError

StorageOptions = dict[str, Any]
Open = Callable[[], AbstractContextManager[IO[bytes]]]


class Files(Protocol):
    """What tables and photos are read from."""

    @property
    def location(self) -> str:
        """Where it is, as the user wrote it."""

    @property
    def is_bucket(self) -> bool:
        """Whether it is a folder that another machine finds at the same location."""

    def names(self, depth: int | None = None) -> list[str]:
        """Every file, or every one at most `depth` names deep, sorted."""

    def has(self, name: str) -> bool:
        """Whether there is a file or a folder called `name`."""

    def open(self, name: str) -> IO[bytes]:
        """The bytes of `name`, as a stream for one thread.

        Raises:
            NotFoundError: there is no such file.
            InputError: the archive is damaged there.
        """

    def read(self, name: str, most: int) -> bytes:
        """The first `most` bytes of `name`; may be called from several threads.

        Raises:
            NotFoundError: there is no such file.
            InputError: the archive is damaged there.
        """


class FolderFiles:
    """The files under a local folder or a prefix of an object store."""

    def __init__(self, location: str, filesystem: AbstractFileSystem, root: str) -> None:
        self.location = location
        self.is_bucket = not isinstance(filesystem, LocalFileSystem)
        self._filesystem = filesystem
        self._root = root.rstrip("/")

    def names(self, depth: int | None = None) -> list[str]:
        """Every file, or every one at most `depth` names deep, sorted."""
        with storage_errors(self.location):
            paths = self._filesystem.find(self._root, maxdepth=depth)
        return sorted(str(path).removeprefix(self._root).lstrip("/") for path in paths)

    def has(self, name: str) -> bool:
        """Whether there is a file or a folder called `name`."""
        with storage_errors(self.location):
            return bool(self._filesystem.exists(f"{self._root}/{name}"))

    def open(self, name: str) -> IO[bytes]:
        """The bytes of `name`, as a stream; a name that climbs out of the folder is not found."""
        if ".." in PurePosixPath(name).parts:
            raise NotFoundError(f"{name!r} lies outside {self.location}")
        with storage_errors(f"{name} in {self.location}"):
            stream: IO[bytes] = self._filesystem.open(f"{self._root}/{name}", "rb")
        return stream

    def read(self, name: str, most: int) -> bytes:
        """The first `most` bytes of `name`."""
        with storage_errors(f"{name} in {self.location}"), self.open(name) as stream:
            return stream.read(most)


class ZipFiles:
    """The files in a zip archive, read in place."""

    def __init__(self, location: str, stream: IO[bytes]) -> None:
        self.location = location
        self.is_bucket = False
        weakref.finalize(self, stream.close)
        self._lock = Lock()  # zipfile counts its open members without one
        try:
            self._archive = zipfile.ZipFile(stream)
        except zipfile.BadZipFile as error:
            raise InputError(f"{location} is no whole zip archive ({error}); download it again") from error

    def names(self, depth: int | None = None) -> list[str]:
        """Every file, or every one at most `depth` names deep, sorted, without what macOS adds."""
        found = (info.filename for info in self._archive.infolist() if not info.is_dir())
        return sorted(
            name
            for name in found
            if not name.startswith("__MACOSX/") and (depth is None or name.count("/") < depth)
        )

    def has(self, name: str) -> bool:
        """Whether there is a file or a folder called `name`."""
        return any(held == name or held.startswith(f"{name}/") for held in self._archive.namelist())

    def open(self, name: str) -> IO[bytes]:
        """The bytes of `name`, as a stream for one thread."""
        try:
            return self._archive.open(name)
        except KeyError:
            raise NotFoundError(f"{self.location} holds no {name!r}") from None
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise InputError(f"{name} in {self.location} cannot be unpacked: {error}") from error

    def read(self, name: str, most: int) -> bytes:
        """The first `most` bytes of `name`."""
        with self._lock, storage_errors(f"{name} in {self.location}"), self.open(name) as stream:
            return stream.read(most)


def open_files(location: str, storage_options: StorageOptions | None = None) -> Files:
    """The files of a folder, a '.zip', or an fsspec URL of either, such as s3://bucket/photos.

    Raises:
        NotFoundError: there is nothing there.
        UnavailableError: the URL's kind needs an extra, or the store cannot be reached.
        InputError: it is a single file that is no zip archive.
    """
    filesystem, root = locate(location, storage_options)
    with storage_errors(location):
        if filesystem.isdir(root):
            return FolderFiles(location, filesystem, root)
        if not filesystem.exists(root):
            raise NotFoundError(
                f"there is nothing at {location}; give a folder, a zip archive or an s3:// URL"
            )
        stream = filesystem.open(root, "rb")
    return ZipFiles(location, stream)


def locate(location: str, storage_options: StorageOptions | None = None) -> tuple[AbstractFileSystem, str]:
    """The fsspec filesystem of `location` and the path in it; a local path becomes absolute.

    Raises:
        UnavailableError: the URL's kind needs an extra that is not installed.
        InputError: nothing speaks URLs of this kind.
    """
    url = location if "://" in location else Path(location).expanduser().resolve().as_uri()
    try:
        # A fresh instance lists afresh: fsspec's own would remember what the bucket held last time.
        filesystem, root = fsspec.url_to_fs(url, skip_instance_cache=True, **(storage_options or {}))
    except ImportError as error:
        kind = location.partition("://")[0]
        extra = "s3" if kind in ("s3", "s3a") else None
        remedy = (
            f"run pip install 'bowerbird[{extra}]'" if extra else f"install what fsspec asks for: {error}"
        )
        raise UnavailableError(
            f"{location} cannot be read: {kind}:// needs one more package; {remedy}"
        ) from error
    except ValueError as error:
        raise InputError(f"{location} is no place that can be read: {error}") from error
    return filesystem, root


@contextmanager
def storage_errors(what: str) -> Iterator[None]:
    """Turn what storage raises while `what` is read into our own errors."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise NotFoundError(f"there is no {what}") from error
    except PermissionError as error:
        raise UnavailableError(
            f"{what} may not be read: {error}; check the rights and the credentials"
        ) from error
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise InputError(f"{what} is damaged: {error}") from error
    except _store_errors() as error:
        raise UnavailableError(f"{what} cannot be read: {error}") from error


def _store_errors() -> tuple[type[Exception], ...]:
    """The system's errors and, where it is loaded at all, the S3 client's: no credentials, no server."""
    client = sys.modules.get("botocore.exceptions")
    return (OSError,) if client is None else (OSError, client.BotoCoreError)
