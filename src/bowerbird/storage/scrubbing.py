"""Making the bytes of deleted rows leave the disk, not only the tables.

SQLite zeroes what is deleted under `secure_delete`, but not what expired without it before, and the
write-ahead log keeps old pages until it is cut. So the log is cut, the file is searched for the bytes, and
only where some are left is it written anew (VACUUM). PostgreSQL's dead rows are given up to be overwritten;
its archives and backups, like copies of a home, are their owner's.
"""

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection

from bowerbird.errors import UnavailableError
from bowerbird.storage.database import Database
from bowerbird.storage.sqlite_connection import BUSY_TIMEOUT_SECONDS

_CHUNK = 8_000_000
_RETRY_SECONDS = 0.05


def zero_deleted(connection: Connection) -> None:
    """Have what this connection deletes overwritten with zeros, where the database can."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")


def scrub(database: Database, texts: Sequence[str], tables: Sequence[str]) -> None:
    """Rid the database's files of `texts`, whose rows in `tables` are deleted already.

    Raises:
        UnavailableError: another program reads or writes the database and did not stop in time.
    """
    raw = database.engine.raw_connection()
    try:
        driver = raw.driver_connection
        if isinstance(driver, sqlite3.Connection):
            _scrub_sqlite(driver, Path(str(database.engine.url.database)), [text.encode() for text in texts])
            return
    finally:
        raw.close()
    autocommitting = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with autocommitting.connect() as connection:
        for table in tables:
            connection.exec_driver_sql(f"VACUUM {table}")


def _scrub_sqlite(driver: sqlite3.Connection, path: Path, wanted: list[bytes]) -> None:
    _cut_write_ahead_log(driver)
    if _holds(path, wanted):
        try:
            driver.execute("VACUUM")
        except sqlite3.OperationalError as error:
            raise UnavailableError(
                f"the rows are erased, but {path.name} cannot be written anew ({error}); make room on the "
                "disk or stop the program that holds it, then erase again"
            ) from error
        _cut_write_ahead_log(driver)


def _cut_write_ahead_log(driver: sqlite3.Connection) -> None:
    """Move the log into the file and cut it to nothing; waits for those who still read from it."""
    last_try = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        if time.monotonic() > last_try:
            raise UnavailableError(
                "the rows are erased, but another program has read the database for "
                f"{BUSY_TIMEOUT_SECONDS} seconds, so old pages are still in its log; stop it and erase again"
            )
        time.sleep(_RETRY_SECONDS)


def _holds(path: Path, wanted: list[bytes]) -> bool:
    """Whether any of `wanted` is among the bytes of the file, read in pieces that overlap."""
    overlap = max(map(len, wanted), default=0)
    tail = b""
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            piece = tail + piece
            if any(text in piece for text in wanted):
                return True
            tail = piece[-overlap:]
    return False
