"""Opening a market's database: SQLite in WAL mode by default, PostgreSQL by its URL.

A transaction that committed survives a kill and a power cut. Readers never wait for a writer; writers wait
for one another.
"""

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

from bowerbird.errors import InputError, MismatchError, UnavailableError
from bowerbird.storage.sqlite_connection import configure

MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 7_290_001  # any number, the same in every bowerbird: PostgreSQL's advisory lock


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

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def sqlite_url(path: Path) -> str:
    """The URL of the SQLite file at `path`."""
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def open_database(url: str) -> Database:
    """The database at `url`, created where SQLite has none, its schema upgraded to this version's.

    Raises:
        InputError: `url` is not a database URL, or its driver is not installed.
        MismatchError: a newer bowerbird wrote the database.
        UnavailableError: it does not answer, or is not a database.
    """
    try:
        engine = create_engine(
            make_url(url),
            json_serializer=_to_json,
            json_deserializer=orjson.loads,
        )
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise InputError(
            f"{url!r} cannot be opened as a database ({error}); give sqlite:///PATH, or "
            "postgresql+psycopg://USER@HOST/NAME with the extra bowerbird[postgres]"
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
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with database.writing() as connection:
        if database.engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")  # looks again at the version, now alone


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
        raise UnavailableError(
            f"the database {engine.url.render_as_string()} failed: {cause}; "
            "check that it is there, not full and not held by another program, then try again"
        ) from error
