"""Where raw photos are: a folder, a zip archive or s3://, asked by the references that listings give."""

from collections import defaultdict
from functools import cached_property
from pathlib import PurePosixPath

from bowerbird.cleaning.reading_files import Files, StorageOptions, open_files
from bowerbird.errors import NotFoundError, TooLargeError

PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".mpo"}
)


class PhotoSource:
    """Raw photo bytes by reference; safe to read from several threads.

    A reference is a path in the source, with or without the source's own name in front ('photos/a/1.jpg' in
    photos/ or photos.zip), or else a file's name wherever it lies, or else its name without the suffix: the
    classic set names 'images/<id>.jpg' by id alone. A name that fits several files fits none.
    """

    def __init__(self, files: Files, *, max_bytes: int) -> None:
        self._files = files
        self._max_bytes = max_bytes

    @property
    def location(self) -> str:
        """Where it is, as the user wrote it."""
        return self._files.location

    def names(self) -> list[str]:
        """Every photo file held, sorted."""
        return self._listing[0]

    def resolve(self, reference: str) -> str:
        """The name of the file that `reference` means.

        Raises:
            NotFoundError: no file, or more than one.
        """
        path = reference.strip().replace("\\", "/").removeprefix("./").lstrip("/")
        names, by_name = self._listing
        own_name = PurePosixPath(self.location.replace("\\", "/")).stem
        for candidate in (path, path.removeprefix(f"{own_name}/")):
            if candidate in self._known:
                return candidate
        base = PurePosixPath(path).name
        found = by_name.get(base, [])
        if not found:
            raise NotFoundError(f"{self.location} holds no photo {reference!r}, among {len(names)}")
        if len(found) > 1:
            raise NotFoundError(
                f"{reference!r} fits {len(found)} photos in {self.location}, such as {found[0]} and "
                f"{found[1]}; name it by its path"
            )
        return found[0]

    @property
    def is_bucket(self) -> bool:
        """Whether another machine finds the same files at `location`."""
        return self._files.is_bucket

    def read(self, reference: str) -> bytes:
        """The bytes of the photo that `reference` means.

        Raises:
            NotFoundError: there is no such photo.
            TooLargeError: it is over `max_bytes`; no more than that is read.
            InputError: the archive is damaged there.
        """
        return self.read_file(self.resolve(reference))

    def read_file(self, name: str) -> bytes:
        """The bytes of the photo called `name`, as `resolve` gives it.

        Raises:
            NotFoundError: there is no such file.
            TooLargeError: it is over `max_bytes`; no more than that is read.
            InputError: the archive is damaged there.
        """
        data = self._files.read(name, self._max_bytes + 1)
        if len(data) > self._max_bytes:
            raise TooLargeError(
                f"photo {name} is over {self._max_bytes:,} bytes; make it smaller or raise the limit"
            )
        return data

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self._listing[0])

    @cached_property
    def _listing(self) -> tuple[list[str], dict[str, list[str]]]:
        """All photo names, and the paths that each file name and each bare stem fits."""
        names = [name for name in self._files.names() if PurePosixPath(name).suffix.lower() in PHOTO_SUFFIXES]
        by_name: defaultdict[str, list[str]] = defaultdict(list)
        for name in names:
            path = PurePosixPath(name)
            by_name[path.name].append(name)
            by_name[path.stem].append(name)
        return names, dict(by_name)


def open_photos(
    location: str, *, max_bytes: int, storage_options: StorageOptions | None = None
) -> PhotoSource:
    """The photos of a folder, a zip archive or an fsspec URL of either.

    Raises:
        NotFoundError: there is nothing there.
        UnavailableError: the URL's kind needs an extra, or the store cannot be reached.
        InputError: it is a single file that is no zip archive.
    """
    return PhotoSource(open_files(location, storage_options), max_bytes=max_bytes)
