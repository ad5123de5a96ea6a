"""One door to every source: a location in, rows with their column map and photos out.

A source is a table file (CSV, JSON lines, Parquet), a folder or zip archive that holds one, an fsspec URL of
any of these, or a database URL with a query. The classic pair Products.csv + Images.csv is known by its
columns.
"""

from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import fsspec
from fsspec import AbstractFileSystem

from bowerbird.cleaning.column_map import (
    CLASSIC_IMAGE_COLUMNS,
    CLASSIC_PRODUCT_COLUMNS,
    ColumnMap,
    guess_column_map,
)
from bowerbird.cleaning.photo_source import PHOTO_SUFFIXES
from bowerbird.cleaning.reading_database import DatabaseRows
from bowerbird.cleaning.reading_files import (
    Files,
    FolderFiles,
    StorageOptions,
    ZipFiles,
    locate,
    open_files,
    storage_errors,
)
from bowerbird.cleaning.reading_rows import RowSource
from bowerbird.cleaning.reading_tables import table_rows
from bowerbird.errors import InputError, NotFoundError

_TABLE_SUFFIXES = (
    ".csv",
    ".tsv",
    ".jsonl",
    ".ndjson",
    ".parquet",
    ".csv.gz",
    ".tsv.gz",
    ".jsonl.gz",
    ".ndjson.gz",
)
_TABLE_DEPTH = 2  # a table may lie in a folder of the folder, as archives are often packed
_IMAGE_TABLES = ("Images.csv", "images.csv", "Images.csv.gz", "images.csv.gz")
_PHOTO_PLACES = ("images.zip", "photos.zip", "images", "photos")


@dataclass(frozen=True, slots=True)
class Source:
    """What an import reads.

    `images` is the classic set's second table. `photos` is where the source's own photos seem to lie (for
    `open_photos`), None where nothing looks like them. `state` is the size and the time of the file that
    holds the rows: another one means other contents. A database has none.
    """

    rows: RowSource
    column_map: ColumnMap
    images: RowSource | None = None
    photos: str | None = None
    state: str = ""


def open_source(
    location: str,
    *,
    query: str | None = None,
    column_map: ColumnMap | None = None,
    storage_options: StorageOptions | None = None,
) -> Source:
    """The source at `location`, its map checked against its columns, or guessed from them.

    Raises:
        NotFoundError: there is nothing there.
        UnavailableError: a driver or package is missing, or the store or database cannot be reached.
        InputError: it is no table, the map does not fit it, or no map was given and none can be guessed.
    """
    if _is_database(location):
        if not query:
            raise InputError("a database needs a query that selects one row a listing; give it with --query")
        return _mapped(DatabaseRows(location, query), column_map)
    if query:
        raise InputError(f"a query is for databases, but {location} is a file; leave the query out")
    filesystem, path = locate(location, storage_options)
    with storage_errors(location):
        if filesystem.isdir(path):
            files = open_files(location, storage_options)
            source = _from_files(files, column_map)
            table = source.rows.name.removeprefix(files.location).lstrip("/")
            return replace(source, state=_state(filesystem, f"{path.rstrip('/')}/{table}"))
        if path.lower().endswith(".zip"):
            source = _from_files(open_files(location, storage_options), column_map)
            return replace(source, state=_state(filesystem, path))
    rows, state = open_table(location, storage_options)
    source = replace(_mapped(rows, column_map), state=state)
    is_classic = _is_classic(rows)
    if not (is_classic or "photos" in source.column_map.columns):
        return source
    beside = _beside(location, storage_options)
    if beside is None:
        return source
    images = _images_table(beside, "") if is_classic else None
    return replace(source, images=images, photos=_photos_beside(beside, ""))


def open_table(location: str, storage_options: StorageOptions | None = None) -> tuple[RowSource, str]:
    """The rows of one table file, and the size and time by which its contents are known.

    Raises:
        NotFoundError: there is nothing there.
        UnavailableError: the store cannot be reached.
        InputError: it is no table.
    """
    filesystem, path = locate(location, storage_options)
    with storage_errors(location):
        if not filesystem.exists(path):
            raise NotFoundError(f"there is nothing at {location} to import; check the path")
        state = _state(filesystem, path)
    return table_rows(location, path, lambda: filesystem.open(path, "rb")), state


def _state(filesystem: AbstractFileSystem, path: str) -> str:
    about = filesystem.info(path)
    known = (about.get(name) for name in ("size", "mtime", "ETag", "LastModified"))
    return ", ".join(str(value) for value in known if value is not None)


def _is_database(location: str) -> bool:
    scheme = location.partition("://")[0]
    return "://" in location and scheme not in fsspec.available_protocols()


def _mapped(
    rows: RowSource, column_map: ColumnMap | None, images: RowSource | None = None, photos: str | None = None
) -> Source:
    if column_map is None:
        column_map = guess_column_map(rows.columns, rows.name)
    else:
        column_map.check(rows.columns, rows.name)
    return Source(rows, column_map, images, photos)


def _from_files(files: Files, column_map: ColumnMap | None) -> Source:
    tables = [name for name in files.names(_TABLE_DEPTH) if name.lower().endswith(_TABLE_SUFFIXES)]
    sources = {name: _table_in(files, name) for name in tables}
    classic = [name for name in tables if _is_classic(sources[name])]
    if len(classic) == 1:
        folder = classic[0].rpartition("/")[0]
        return _mapped(
            sources[classic[0]], column_map, _images_table(files, folder), _photos_beside(files, folder)
        )
    if len(tables) != 1:
        found = f"{len(tables)} tables ({', '.join(tables[:10])})" if tables else "no table"
        raise InputError(f"{files.location} holds {found}; name the one table file to import")
    folder = tables[0].rpartition("/")[0]
    return _mapped(sources[tables[0]], column_map, None, _photos_beside(files, folder))


def _beside(location: str, storage_options: StorageOptions | None) -> Files | None:
    """The files beside a table; None where folders cannot be listed, as on a web server."""
    folder = location.replace("\\", "/").rpartition("/")[0] or ("/" if location.startswith("/") else ".")
    filesystem, path = locate(folder, storage_options)
    with storage_errors(folder):
        return FolderFiles(folder, filesystem, path) if filesystem.isdir(path) else None


def _table_in(files: Files, name: str) -> RowSource:
    return table_rows(f"{files.location}/{name}", name, lambda: files.open(name))


def _is_classic(rows: RowSource) -> bool:
    return set(CLASSIC_PRODUCT_COLUMNS) <= set(rows.columns)


def _images_table(files: Files, folder: str) -> RowSource | None:
    """The classic set's second table in the same folder, by its name and columns."""
    for name in _IMAGE_TABLES:
        if files.has(path := _joined(folder, name)):
            rows = _table_in(files, path)
            if set(CLASSIC_IMAGE_COLUMNS) <= set(rows.columns):
                return rows
    return None


def _photos_beside(files: Files, folder: str) -> str | None:
    """Where photos lie beside a table: the archive itself, or a folder or archive of a usual name."""
    if isinstance(files, ZipFiles):
        is_photo = any(PurePosixPath(name).suffix.lower() in PHOTO_SUFFIXES for name in files.names())
        return files.location if is_photo else None
    for place in _PHOTO_PLACES:
        if files.has(path := _joined(folder, place)):
            return _joined(files.location.rstrip("/"), path)
    return None


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
