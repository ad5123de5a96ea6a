"""Opening a market's database: SQLite in WAL mode by default, PostgreSQL by its URL.

A transaction that committed survives a kill and a power cut. Readers never wait for a writer; writers wait
for one another.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bowerbird.errors import InputError, MismatchError, NotFoundError, UnavailableError
from bowerbird.storage.sqlite_connection import configure

MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 7_290_001  # any number, the same in every bowerbird: PostgreSQL's advisory lock
_POSTGRESQL = "postgresql+psycopg"
_PASSWORD = re.compile(r"(?<=\w):[^/@][^@]*@")  # a URL that is no URL may hold one all the same
# A process opens a database up to three times (catalogue, taste, web server), each with connections of its
# own, and a server lets in 100 unless told otherwise. One that the server ended while it lay idle is noticed
# before it is used.
_POSTGRESQL_POOL = {"pool_size": 4, "max_overflow": 4, "pool_pre_ping": True}


@dataclass(frozen=True, slots=True)
class Database:
    """An open database whose schema is the one this version knows. Safe to share between threads."""

    engine: Engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection in a transaction that is thrown away.

        Raises:
            UnavailableError: the database does not answer.
        """
        with _translated(self.engine), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection all of whose reads see one moment of the database, whatever others write meanwhile.

        Raises:
            UnavailableError: the database does not answer.
        """
        isolated = {"isolation_level": "REPEATABLE READ"} if self.is_postgresql else {}
        with _translated(self.engine), self.engine.connect() as connection:
            yield connection.execution_options(**isolated)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection in a transaction that commits at the end, or rolls back on any exception.

        Raises:
            UnavailableError: the database does not answer, or another writer held it for too long.
        """
        with _translated(self.engine), self.engine.connect() as connection:
            # SQLite takes the write lock at BEGIN: a lock taken later cannot wait its turn.
            writer = connection.execution_options(begin="BEGIN IMMEDIATE")
            with writer.begin():
                yield writer

    @property
    def name(self) -> str:
        """Its URL, without its password."""
        return self.engine.url.render_as_string()

    @property
    def is_postgresql(self) -> bool:
        """Whether it is one of a PostgreSQL server; else it is SQLite."""
        return self.engine.dialect.name == "postgresql"

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def sqlite_url(path: Path) -> str:
    """The URL of the SQLite file at `path`."""
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def open_existing(url: str) -> Database:
    """The database at `url`, as `open_database` opens it; a file of SQLite is not made.

    Raises:
        NotFoundError: there is no such file.
        InputError, MismatchError, UnavailableError: as `open_database` says.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        return open_database(url)  # which says what is wrong
    if parsed.get_backend_name() == "sqlite" and not Path(str(parsed.database)).is_file():
        raise NotFoundError(f"there is no file {parsed.database}; give the URL of an existing store")
    return open_database(url)


def open_database(url: str) -> Database:
    """The database at `url`, created where SQLite has none, its schema upgraded to this version's.

    Raises:
        InputError: `url` is not a database URL, or its driver is not installed.
        MismatchError: a newer bowerbird wrote the database.
        UnavailableError: it does not answer, or is not a database.
    """
    try:
        parsed = _with_driver(make_url(url))
        pool = _POSTGRESQL_POOL if parsed.drivername == _POSTGRESQL else {}
        engine = create_engine(parsed, json_serializer=_to_json, json_deserializer=orjson.loads, **pool)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        told = _PASSWORD.sub(":***@", f"{url!r} cannot be opened as a database ({error})")
        raise InputError(
            f"{told}; give sqlite:///PATH, or postgresql://USER@HOST/NAME with the extra bowerbird[postgres]"
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    database = Database(engine)
    try:
        _upgrade(database)
    except BaseException:
        database.close()
        raise
    return database


def migration_config(connection: Connection) -> Config:
    """What Alembic's commands need to move the schema on `connection`, in its transaction."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _upgrade(database: Database) -> None:
    script = ScriptDirectory(str(MIGRATIONS))
    head = script.get_current_head()
    with database.reading() as connection:
        version = MigrationContext.configure(connection).get_current_revision()
    if version == head:
        return
    known = {step.revision for step in script.walk_revisions()}
    if version is not None and version not in known:
        raise MismatchError(
            f"the database has schema {version}, newer than {head}, the newest this bowerbird knows; "
            "upgrade bowerbird, or restore a backup made by this version"
        )
    with database.writing() as connection:
        if database.is_postgresql:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        command.upgrade(migration_config(connection), "head")  # looks again at the version, now alone


def _with_driver(url: URL) -> URL:
    """URLs as hosts of databases give them name no driver; psycopg is the one that we bring."""
    return url.set(drivername=_POSTGRESQL) if url.drivername in ("postgres", "postgresql") else url


def _configure_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    configure(connection, "foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def _to_json(value: object) -> str:
    return orjson.dumps(value).decode()


@contextmanager
def _translated(engine: Engine) -> Iterator[None]:
    try:
        yield
    except (DBAPIError, PoolTimeoutError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else "all its connections are in use"
        advice = "check that it is there, not full and not held by another program, then try again"
        raise UnavailableError(
            f"the database {engine.url.render_as_string()} failed: {cause}; {advice}",
            outward=f"the database failed; {advice}",
        ) from error
