"""How every SQLite file of a home is opened: in WAL mode, each commit synced, waiting for other writers.

In WAL mode readers never wait. `synchronous=FULL` is the setting at which a commit that returned survives a
power cut, not only a kill.
"""

import sqlite3
import time

from bowerbird.errors import UnavailableError

BUSY_TIMEOUT_SECONDS = 30
_RETRY_SECONDS = 0.01


def configure(connection: sqlite3.Connection, *settings: str) -> None:
    """Leave transactions to the caller's own BEGIN and set WAL, FULL and the given pragmas.

    Raises:
        UnavailableError: the file system cannot hold a file in WAL mode, as network file systems cannot.
    """
    connection.isolation_level = None
    for setting in (f"busy_timeout = {1000 * BUSY_TIMEOUT_SECONDS}", "synchronous = FULL", *settings):
        connection.execute(f"PRAGMA {setting}")
    mode = _switched_to_wal(connection)
    if mode != "wal":
        raise UnavailableError(
            f"SQLite keeps its journal in mode {mode!r} here, not WAL; put the home on a local disk"
        )


def _switched_to_wal(connection: sqlite3.Connection) -> str:
    """The journal mode reached. The switch does not itself wait where several open a new file at once."""
    last_try = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            return str(connection.execute("PRAGMA journal_mode = WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > last_try:
                raise
        time.sleep(_RETRY_SECONDS)
