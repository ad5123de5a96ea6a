"""Stored photos, each named by the SHA-256 of its bytes: `ab/cd/<64 digits>.jpg` in a folder or a bucket."""

import hashlib
import re
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from bowerbird.errors import BowerbirdError, InputError, MismatchError, NotFoundError, UnavailableError
from bowerbird.storage.durable_file import disk_errors, make_folder_durably, write_durably

_HASH = re.compile(r"[0-9a-f]{64}")
_SUFFIX = ".jpg"
_FETCHED_AHEAD = 16  # a bucket answers in 10 ms or more, whatever the photo's size


class PhotoStore:
    """Photos in a local folder, or at any URL that fsspec knows (s3://bucket/photos).

    A photo never changes, since its name is its content; storing it again does nothing. Threads and
    processes may share one store.
    """

    def __init__(self, location: str | Path) -> None:
        """Raises InputError where no installed fsspec driver knows the location's protocol."""
        try:
            # Others write to a bucket too: what it held when it was listed says nothing.
            self._files, self._root = url_to_fs(str(location), use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise InputError(
                f"photos cannot be kept at {location}: {error}; give a folder, or a URL whose driver is "
                "installed (s3:// needs the extra bowerbird[s3])"
            ) from error
        self._local = isinstance(self._files, LocalFileSystem)
        self.location = str(location)

    def __contains__(self, content_hash: str) -> bool:
        path = self.path(content_hash)
        if self._local:
            return Path(path).is_file()
        with self._bucket_errors("looking for a photo"):
            return bool(self._files.isfile(path))

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        return self._local

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
        if content_hash in self:
            return
        if self._local:
            with disk_errors(f"storing a photo in {self._root}"):
                make_folder_durably(Path(path).parent)
                write_durably(Path(path), data)
        else:
            with self._bucket_errors("storing a photo"):
                self._files.pipe_file(path, data)

    def read(self, content_hash: str) -> bytes:
        """The bytes of a photo.

        Raises:
            InputError: `content_hash` is not 64 lower-case hexadecimal digits.
            NotFoundError: it is not here.
            UnavailableError: it cannot be read.
        """
        path = self.path(content_hash)
        try:
            if self._local:
                with disk_errors(f"reading a photo from {self._root}"):
                    return _read_file(path)
            with self._bucket_errors("reading a photo"):
                data: bytes = self._files.cat_file(path)
                return data
        except NotFoundError as error:
            raise NotFoundError(
                f"photo {content_hash} is not in {self._root}; import its listing again with --photos"
            ) from error

    def read_many(self, content_hashes: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Each hash with its photo's bytes, in order; of a bucket, some are fetched ahead, side by side.

        Raises:
            NotFoundError: one is not here.
            UnavailableError: one cannot be read.
        """
        if self._local or len(content_hashes) < 2:
            yield from ((content_hash, self.read(content_hash)) for content_hash in content_hashes)
            return
        coming: deque[tuple[str, Future[bytes]]] = deque()
        with ThreadPoolExecutor(_FETCHED_AHEAD) as pool:
            for content_hash in content_hashes:
                coming.append((content_hash, pool.submit(self.read, content_hash)))
                if len(coming) > _FETCHED_AHEAD:
                    yield _arrived(coming)
            while coming:
                yield _arrived(coming)

    def signed_url(self, content_hash: str, seconds: int) -> str:
        """An address at which anybody can read the photo from the bucket itself, for so many seconds.

        Raises:
            InputError: it is no bucket whose addresses can be signed.
            UnavailableError: the bucket's driver failed.
        """
        path = self.path(content_hash)
        with self._bucket_errors("signing a photo's address"):
            try:
                return str(self._files.sign(path, expiration=seconds))
            except NotImplementedError as error:
                raise InputError(
                    f"addresses of photos in {self._root} cannot be signed; set photos.signed_seconds to 0"
                ) from error

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
            return
        with self._bucket_errors("listing photos"):
            found = self._files.find(self._root)
        yield from found

    @contextmanager
    def _bucket_errors(self, doing: str) -> Iterator[None]:
        try:
            yield
        except BowerbirdError:
            raise
        except FileNotFoundError as error:
            raise NotFoundError(f"{doing} at {self._root} failed: it is not there") from error
        except Exception as error:
            # Every driver has errors of its own: the network's, the credentials', the bucket's.
            advice = "check that the store answers and takes this process's credentials"
            raise UnavailableError(
                f"{doing} at {self._root} failed: {error}; {advice}", outward=f"{doing} failed; {advice}"
            ) from error


def _read_file(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no {path}") from error


def _arrived(coming: deque[tuple[str, Future[bytes]]]) -> tuple[str, bytes]:
    content_hash, fetched = coming.popleft()
    return content_hash, fetched.result()
