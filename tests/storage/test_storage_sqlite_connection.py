"""Files that SQLite cannot keep in WAL mode are refused, not opened with less."""

import sqlite3

import pytest

from bowerbird.errors import UnavailableError
from bowerbird.storage.sqlite_connection import configure


def test_where_wal_cannot_be_it_is_told():
    connection = sqlite3.connect(":memory:")
    with pytest.raises(
        UnavailableError, match="in mode 'memory' here, not WAL; put the home on a local disk"
    ):
        configure(connection)
    connection.close()
