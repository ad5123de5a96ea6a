"""The databases that the storage contract is tested on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bowerbird.storage.catalogue import Catalogue
from bowerbird.storage.database import Database, open_database, sqlite_url
from postgresql_server import PostgresqlServer


@pytest.fixture
def postgresql_url(postgresql: PostgresqlServer) -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    url = postgresql.create()
    yield url
    postgresql.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once for each kind that the contract holds for."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "catalogue.db")
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def catalogue(database: Database) -> Catalogue:
    return Catalogue(database)
