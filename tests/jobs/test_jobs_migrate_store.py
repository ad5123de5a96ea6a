"""A home's store moved to PostgreSQL and back, by the command line."""

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bowerbird.assembly import open_catalogue
from bowerbird.errors import InputError, NotFoundError
from bowerbird.jobs.migrate_store import migrate_store
from bowerbird.market.listing import Listing
from bowerbird.progress import Silent
from bowerbird.settings import Settings, load_settings
from bowerbird.storage.database import sqlite_url
from postgresql_server import PostgresqlServer


@pytest.fixture
def few(tmp_path: Path) -> Settings:
    """A home of three listings, one of which is gone."""
    settings = load_settings(tmp_path / "home")
    settings.home.mkdir()
    with closing(open_catalogue(settings)) as catalogue:
        catalogue.upsert([Listing(name, f"A {name}") for name in ("sofa", "lamp", "tent")])
        catalogue.delete(["lamp"])
    return settings


def changes(settings: Settings) -> list:
    with closing(open_catalogue(settings)) as catalogue:
        return catalogue.changes_since(0, 100)


def test_a_store_goes_to_postgresql_and_back(few: Settings, postgresql: PostgresqlServer, tmp_path: Path):
    url, back = postgresql.create(), tmp_path / "back.db"
    command = [sys.executable, "-m", "bowerbird.cli", "migrate-store", "--home", str(few.home), "--to", url]
    said = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "200"}
    )
    assert "copied 6 rows" in said.stdout
    assert "listings                     3" in said.stdout
    assert changes(load_settings(few.home, database=url)) == changes(few)
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == InputError.exit_code
    assert "is not empty" in again.stderr
    moved = migrate_store(few, url, sqlite_url(back), Silent())
    assert changes(load_settings(few.home, database=sqlite_url(back))) == changes(few)
    first = migrate_store(few, None, sqlite_url(tmp_path / "third.db"), Silent())
    assert moved.tables == first.tables
    assert json.dumps(moved.payload())
    postgresql.drop(url)


def test_a_home_without_a_store_has_none_to_copy(tmp_path: Path):
    with pytest.raises(NotFoundError, match=r"there is no file .*catalogue\.db"):
        migrate_store(load_settings(tmp_path / "none"), None, sqlite_url(tmp_path / "to.db"), Silent())
    assert list(tmp_path.iterdir()) == []


def test_no_password_is_told(few: Settings):
    with pytest.raises(InputError) as told:
        migrate_store(few, None, "oracle9://scott:tiger@host/name", Silent())
    assert "tiger" not in told.value.message
    assert "scott:***@host" in told.value.message
