"""Rows of a query, from any database that SQLAlchemy speaks to."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from bowerbird.cleaning.reading_rows import RawRow
from bowerbird.errors import InputError, UnavailableError

BATCH = 1_000


class DatabaseRows:
    """Rows of `query` at `url`, streamed. Give the query an ORDER BY: row numbers must mean the same twice.

    Raises:
        InputError: the URL cannot be parsed, or no database is called so.
        UnavailableError: the database's driver is not installed.
    """

    def __init__(self, url: str, query: str) -> None:
        # SQLAlchemy would take ':30' in a query for a parameter; a colon after a backslash it leaves alone.
        self._query = query.strip().rstrip(";").replace(":", r"\:")
        try:
            self.name = make_url(url).render_as_string(hide_password=True)
            self._engine = create_engine(url, poolclass=NullPool)
        except (ArgumentError, NoSuchModuleError) as error:
            raise InputError(
                f"the source is no file, and no database URL such as postgresql+psycopg://host/name: {error}"
            ) from error
        except ModuleNotFoundError as error:
            extra = " or run pip install 'bowerbird[postgres]'" if url.startswith("postgres") else ""
            raise UnavailableError(
                f"the driver of {self.name} is missing ({error}); install it{extra}"
            ) from error

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of the query.

        Raises:
            UnavailableError: the database cannot be reached or refuses the query.
        """
        with self._connected() as connection:
            return tuple(connection.execute(text(self._query)).keys())

    def rows(self, after: int = 0) -> Iterator[RawRow]:
        """The rows numbered above `after`."""
        with self._connected() as connection:
            streaming = connection.execution_options(stream_results=True, yield_per=BATCH)
            for number, values in enumerate(streaming.execute(text(self._query)).mappings(), 1):
                if number > after:
                    yield RawRow(number, dict(values))

    def count(self) -> int:
        """How many rows there are."""
        with self._connected() as connection:
            counting = f"SELECT count(*) FROM ({self._query}) AS source"  # noqa: S608 - the owner's own query
            return int(connection.execute(text(counting)).scalar_one())

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise UnavailableError(f"{self.name} could not answer the query: {error}") from error
