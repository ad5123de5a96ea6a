"""Stored photos, each named by the SHA-256 of its bytes: `ab/cd/<64 digits>.jpg` in a folder or a bucket."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from bowerbird.errors import InputError, MismatchError, NotFoundError
from bowerbird.storage.durable_file import disk_errors, make_folder_durably, write_durably

_HASH = re.compile(r"[0-9a-f]{64}")
_SUFFIX = ".jpg"


class PhotoStore:
    """Photos in a local folder, or at any URL that fsspec knows (s3://bucket/photos).

    A photo never changes, since its name is its content; storing it again does nothing. Threads and
    processes may share one store.
    """

    def __init__(self, location: str | Path) -> None:
        """Raises InputError where no installed fsspec driver knows the location's protocol."""
        try:
            self._files, self._root = url_to_fs(str(location))
        except (ImportError, ValueError) as error:
            raise InputError(
                f"photos cannot be kept at {location}: {error}; give a folder, or a URL whose driver is "
                "installed (s3:// needs the extra bowerbird[s3])"
            ) from error
        self._local = isinstance(self._files, LocalFileSystem)

    def __contains__(self, content_hash: str) -> bool:
        path = self.path(content_hash)
        return Path(path).is_file() if self._local else bool(self._files.isfile(path))

    def put(self, content_hash: str, data: bytes) -> None:
        """Store a photo; on the disk when this returns.

        Raises:
            InputError: `content_hash` is not 64 lower-case hexadecimal digits.
            MismatchError: `data` hashes to something else.
            UnavailableError: it cannot be written.
        """
        path = self.path(content_hash)
        actual = hashlib.sha256(data).hexdigest()
        if actual != content_hash:
            raise MismatchError(
                f"the photo given as {content_hash} hashes to {actual}; hash the very bytes that are stored"
            )
        with disk_errors(f"storing a photo in {self._root}"):
            if content_hash in self:
                return
            if self._local:
                make_folder_durably(Path(path).parent)
                write_durably(Path(path), data)
            else:
                self._files.pipe_file(path, data)

    def read(self, content_hash: str) -> bytes:
        """The bytes of a photo.

        Raises:
            InputError: `content_hash` is not 64 lower-case hexadecimal digits.
            NotFoundError: it is not here.
            UnavailableError: it cannot be read.
        """
        path = self.path(content_hash)
        with disk_errors(f"reading a photo from {self._root}"):
            try:
                data: bytes = Path(path).read_bytes() if self._local else self._files.cat_file(path)
            except FileNotFoundError as error:
                raise NotFoundError(
                    f"photo {content_hash} is not in {self._root}; import its listing again with --photos"
                ) from error
        return data

    def path(self, content_hash: str) -> str:
        """Where the photo is or would be: a local path, or a path of the store's file system.

        Raises:
            InputError: `content_hash` is not 64 lower-case hexadecimal digits.
        """
        if not _HASH.fullmatch(content_hash):
            raise InputError(f"{content_hash!r} is no content hash; give 64 lower-case hexadecimal digits")
        return f"{self._root}/{content_hash[:2]}/{content_hash[2:4]}/{content_hash}{_SUFFIX}"

    def hashes(self) -> Iterator[str]:
        """The content hash of every stored photo, in no order."""
        for path in self._paths():
            name = str(path).rpartition("/")[2].removesuffix(_SUFFIX)
            if _HASH.fullmatch(name):
                yield name

    def _paths(self) -> Iterator[Any]:
        if self._local:
            yield from Path(self._root).glob(f"??/??/*{_SUFFIX}")
        elif self._files.isdir(self._root):
            yield from self._files.find(self._root)
