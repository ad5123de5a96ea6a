"""Opening, upgrading and refusing databases."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from bowerbird.errors import InputError, MismatchError, UnavailableError
from bowerbird.storage.database import (
    MIGRATIONS,
    Database,
    migration_config,
    open_database,
    sqlite_url,
)
from bowerbird.storage.schema import catalogue_state, metadata


def test_the_migrations_make_exactly_the_schema_that_the_code_uses(database: Database):
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_opening_again_keeps_what_is_there(database_url: str):
    first = open_database(database_url)
    with first.writing() as connection:
        connection.execute(catalogue_state.update().values(revision=7))
    first.close()
    second = open_database(database_url)
    with second.reading() as connection:
        assert connection.execute(catalogue_state.select()).all() == [(1, 7, 0)]
    second.close()


def test_every_step_of_the_schema_can_be_taken_back_and_done_again(database: Database):
    steps = [step.revision for step in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]
    with database.writing() as connection:
        config = migration_config(connection)
        for earlier in [*steps[1:], "base"]:
            command.downgrade(config, earlier)
        assert inspect(connection).get_table_names() == ["alembic_version"]
    for step in reversed(steps):
        with database.writing() as connection:
            command.upgrade(migration_config(connection), step)
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_taking_a_step_back_leaves_what_it_did_not_make(database: Database):
    with database.writing() as connection:
        connection.execute(catalogue_state.update().values(revision=7))
        command.downgrade(migration_config(connection), "0001")
    with database.writing() as connection:
        command.upgrade(migration_config(connection), "head")
    with database.reading() as connection:
        assert connection.execute(catalogue_state.select()).all() == [(1, 7, 0)]


def test_a_snapshot_sees_nothing_that_is_written_after_its_first_read(database: Database):
    with database.snapshot() as before:
        assert before.execute(catalogue_state.select()).all() == [(1, 0, 0)]
        with database.writing() as connection:
            connection.execute(catalogue_state.update().values(revision=7))
        assert before.execute(catalogue_state.select()).all() == [(1, 0, 0)]
    with database.snapshot() as after:
        assert after.execute(catalogue_state.select()).all() == [(1, 7, 0)]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_url_of_postgresql_needs_no_driver(postgresql_url: str, scheme: str):
    url = scheme + postgresql_url[postgresql_url.index("://") :]
    with closing(open_database(url)) as database, database.reading() as connection:
        assert connection.execute(catalogue_state.select()).all() == [(1, 0, 0)]


def test_many_may_open_a_new_database_at_once(tmp_path: Path):
    for attempt in range(5):
        url = sqlite_url(tmp_path / f"{attempt}.db")
        with ThreadPoolExecutor(8) as pool:
            databases = list(pool.map(open_database, [url] * 8))
        with databases[0].reading() as connection:
            assert len(connection.execute(catalogue_state.select()).all()) == 1
        for database in databases:
            database.close()


def test_a_newer_schema_is_refused(database_url: str):
    database = open_database(database_url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(MismatchError, match=r"schema 9999, newer than .* upgrade bowerbird"):
        open_database(database_url)


def test_sqlite_commits_survive_kills_and_power_cuts(tmp_path: Path):
    database = open_database(sqlite_url(tmp_path / "catalogue.db"))
    with database.reading() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    database.close()
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_a_write_that_fails_leaves_nothing(database: Database):
    def fail() -> None:
        with database.writing() as connection:
            connection.execute(catalogue_state.update().values(revision=7))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.reading() as connection:
        assert connection.execute(catalogue_state.select()).all() == [(1, 0, 0)]


@pytest.mark.parametrize("url", ["nonsense", "oracle9://host/name", "mysql+aoeu://x"])
def test_what_is_no_database_url_is_refused(url: str):
    with pytest.raises(InputError, match="give sqlite:///PATH"):
        open_database(url)


def test_a_file_that_is_no_database_is_told(tmp_path: Path):
    (tmp_path / "catalogue.db").write_bytes(b"not a database " * 1000)
    with pytest.raises(UnavailableError, match="file is not a database"):
        open_database(sqlite_url(tmp_path / "catalogue.db"))


def test_the_schema_can_be_written_for_postgresql():
    for table in metadata.sorted_tables:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=postgresql.dialect()))
