"""The databases that the storage contract is tested on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bowerbird.storage.catalogue import Catalogue
from bowerbird.storage.database import Database, open_database, sqlite_url


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once for each kind that the contract holds for."""
    return {"sqlite": sqlite_url(tmp_path / "catalogue.db")}[request.param]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def catalogue(database: Database) -> Catalogue:
    return Catalogue(database)
