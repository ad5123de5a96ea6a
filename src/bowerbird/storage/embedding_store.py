"""Vectors by content hash, in one SQLite file an encoder: nothing is encoded twice.

Vectors are kept as float16, which halves the disk and moves a unit vector by less than 0.0005. The first
vector stored under a key stays, so `get` gives the same numbers for ever: an index made of what `get` returns
is the same whether a listing came live or in a rebuild, and whatever the batch it was encoded in.
"""

import re
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bowerbird.encoding.encoder import Vectors
from bowerbird.errors import InputError, MismatchError, NotFoundError, UnavailableError
from bowerbird.storage.sqlite_connection import configure

FILE_NAME = "vectors.db"
_KEYS_AT_ONCE = 500
_FINGERPRINT = re.compile(r"\w[\w.-]*")
_LARGEST = float(np.finfo(np.float16).max)

# Rows are appended and only the index of keys is random, so a cache of 64 MiB holds what a million keys need.
# Pages of 16 KiB hold several 1280-d vectors each.
_SETTINGS = ("page_size = 16384", "cache_size = -65536")
_ABOUT = "CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL)"
_VECTORS = (
    "CREATE TABLE IF NOT EXISTS vectors "
    "(id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, value BLOB NOT NULL)"
)


class EmbeddingStore:
    """The vectors that one encoder made. Threads may share a store, processes a file.

    Keys are content hashes: 32 to 64 hexadecimal digits.
    """

    def __init__(self, folder: Path, fingerprint: str, dimension: int) -> None:
        """Open, or make, `folder/<fingerprint>/vectors.db`.

        Raises:
            InputError: the fingerprint cannot name a folder.
            MismatchError: the file holds vectors of another dimension.
            UnavailableError: the file cannot be opened.
        """
        if not _FINGERPRINT.fullmatch(fingerprint):
            raise InputError(f"{fingerprint!r} is no encoder fingerprint; give letters and digits")
        self.fingerprint = fingerprint
        self.dimension = dimension
        self._path = folder / fingerprint / FILE_NAME
        self._lock = threading.Lock()
        with self._translated():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self._path, check_same_thread=False)
        try:
            with self._translated():
                self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def __len__(self) -> int:
        with self._reading() as connection:
            count: int = connection.execute("SELECT count(*) FROM vectors").fetchone()[0]
        return count

    def missing(self, keys: Sequence[str]) -> list[str]:
        """The `keys` that have no vector yet, each once, in order."""
        wanted = _positions(keys)
        for chunk in _chunks(list(wanted)):
            with self._reading() as connection:
                for (key,) in connection.execute(_in("SELECT key", chunk), chunk):
                    del wanted[key]
        return [key.hex() for key in wanted]

    def put(self, keys: Sequence[str], vectors: Vectors) -> None:
        """Store row i of (n, dimension) `vectors` under key i; a key that has a vector keeps it.

        Raises:
            InputError: as many keys as vectors are not given, or a value is not finite or over 65,504.
            MismatchError: the vectors are of another dimension.
            UnavailableError: they cannot be written.
        """
        if vectors.ndim != 2 or len(vectors) != len(keys):
            raise InputError(
                f"{len(keys)} keys were given for vectors of shape {vectors.shape}; give one a row"
            )
        if vectors.shape[1] != self.dimension:
            raise MismatchError(
                f"vectors of dimension {vectors.shape[1]} do not fit the store of encoder "
                f"{self.fingerprint}, which holds {self.dimension}; open their own encoder's store"
            )
        if not np.all(np.abs(vectors) <= _LARGEST):
            raise InputError(
                f"encoder {self.fingerprint} gave a value that is not finite or over {_LARGEST:.0f}; "
                "check its network"
            )
        halves = vectors.astype("<f2")
        rows = [(_binary(key), half.tobytes()) for key, half in zip(keys, halves, strict=True)]
        with self._writing() as connection:
            connection.executemany("INSERT OR IGNORE INTO vectors (key, value) VALUES (?, ?)", rows)

    def get(self, keys: Sequence[str]) -> Vectors:
        """(n, dimension) float32, row i for key i.

        Raises:
            NotFoundError: some keys have no vector.
            UnavailableError: the file cannot be read.
        """
        wanted = _positions(keys)
        found = np.empty((len(wanted), self.dimension), np.float32)
        count = 0
        for chunk in _chunks(list(wanted)):
            with self._reading() as connection:
                rows = connection.execute(_in("SELECT key, value", chunk), chunk).fetchall()
            count += len(rows)
            if rows:
                places = [wanted[key] for key, _ in rows]
                values = np.frombuffer(b"".join(value for _, value in rows), "<f2")
                found[places] = values.reshape(len(rows), self.dimension)
        if count < len(wanted):
            raise NotFoundError(
                f"{len(wanted) - count} of {len(wanted)} vectors of encoder {self.fingerprint} are not "
                "stored; run `bowerbird encode`"
            )
        if len(wanted) == len(keys):
            return found
        return found[[wanted[_binary(key)] for key in keys]]

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _prepare(self) -> None:
        configure(self._connection, *_SETTINGS)
        with self._writing() as connection:
            connection.execute(_ABOUT)
            connection.execute(_VECTORS)
            connection.execute("INSERT OR IGNORE INTO about VALUES ('dimension', ?)", (str(self.dimension),))
            stored = connection.execute("SELECT value FROM about WHERE name = 'dimension'").fetchone()[0]
        if int(stored) != self.dimension:
            raise MismatchError(
                f"the stored vectors of encoder {self.fingerprint} have dimension {stored}, but it now gives "
                f"{self.dimension}; delete {self._path.parent} and run `bowerbird encode`"
            )

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._translated():
            yield self._connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise UnavailableError(
                f"the vectors in {self._path} cannot be used: {error}; check the disk, its space and "
                "permissions, or delete the folder and run `bowerbird encode`"
            ) from error


def _binary(key: str) -> bytes:
    try:
        binary = bytes.fromhex(key)
    except ValueError:
        binary = b""
    if not 16 <= len(binary) <= 32:
        raise InputError(f"{key!r} is no content hash; give 32 to 64 hexadecimal digits")
    return binary


def _positions(keys: Sequence[str]) -> dict[bytes, int]:
    """The row of each key, counting each once, in order."""
    return {key: row for row, key in enumerate(dict.fromkeys(map(_binary, keys)))}


def _chunks(keys: list[bytes]) -> Iterator[list[bytes]]:
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        yield keys[start : start + _KEYS_AT_ONCE]


def _in(selection: str, keys: Sequence[bytes]) -> str:
    return f"{selection} FROM vectors WHERE key IN ({','.join('?' * len(keys))})"
