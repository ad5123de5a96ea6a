"""The databases that the storage contract is tested on."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bowerbird.errors import UnavailableError
from bowerbird.storage.catalogue import Catalogue
from bowerbird.storage.database import Database, open_database, sqlite_url


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL server of the tests' own, without a database name."""
    program = shutil.which("postgres")
    if program is None:
        pytest.skip("PostgreSQL is not installed: there is no `postgres` on the PATH")
    programs = Path(program).resolve().parent
    # The server refuses to be root; its package made a user for it.
    as_user = {"user": "postgres"} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="bowerbird-postgresql-"))
    if as_user:
        shutil.chown(folder, as_user["user"])
    data = folder / "data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **as_user}
    subprocess.run([programs / "initdb", "-D", data, "-U", "tester", "-A", "trust"], check=True, **quiet)
    options = ("-k", folder, "-c", "listen_addresses=", "-c", "fsync=off")
    server = subprocess.Popen([programs / "postgres", "-D", data, *options], **quiet)
    try:
        url = f"postgresql+psycopg://tester@/postgres?host={folder}"
        _wait_for(url)
        yield url
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)
        shutil.rmtree(folder)


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            with closing(open_database(url)):
                return
        except UnavailableError:
            time.sleep(0.1)
    pytest.fail("PostgreSQL did not start within 20 seconds")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once for each kind that the contract holds for."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "catalogue.db")
    server = create_engine(request.getfixturevalue("postgresql"), isolation_level="AUTOCOMMIT")
    name = f"market_{secrets.token_hex(6)}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = server.url.set(database=name).render_as_string(hide_password=False)
    server.dispose()
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def catalogue(database: Database) -> Catalogue:
    return Catalogue(database)
