"""One store moved into another: from SQLite to PostgreSQL when a market outgrows a machine, or back."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from bowerbird.assembly import database_url
from bowerbird.progress import Progress
from bowerbird.settings import Settings
from bowerbird.storage.database import open_database, open_existing
from bowerbird.storage.store_copy import TableSum, copy_store


@dataclass(frozen=True, slots=True)
class Migration:
    """Which store became which, and what each table holds."""

    source: str  # its URL, without its password
    target: str
    tables: Sequence[TableSum]

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(table.rows for table in self.tables)

    def payload(self) -> dict[str, Any]:
        """For a program."""
        tables = {table.name: {"rows": table.rows, "digest": table.digest} for table in self.tables}
        return {"source": self.source, "target": self.target, "rows": self.rows, "tables": tables}

    def lines(self) -> list[str]:
        """For a person."""
        filled = [table for table in self.tables if table.rows]
        return [
            f"copied {self.rows:,} rows from {self.source} to {self.target}, and read them back the same:",
            *(f"  {table.name:<18}{table.rows:>12,}  {table.digest[:16]}" for table in filled),
            "what was written to the old store since the copy began is not in the new one;",
            "set `database` in bowerbird.toml, or BOWERBIRD_DATABASE, to the new one's URL to use it",
        ]


def migrate_store(
    settings: Settings, source_url: str | None, target_url: str, progress: Progress
) -> Migration:
    """Copy all tables of one store into another that is empty, and verify them.

    Args:
        settings: of the home, whose store is copied where `source_url` is None.
        source_url: the store to copy.
        target_url: the empty one, made where it is a file of SQLite.
        progress: the tables.

    Raises:
        NotFoundError: there is no store to copy.
        InputError: the target is not empty, or a URL cannot be used.
        MismatchError: what was written reads back otherwise; nothing was kept.
        UnavailableError: a database does not answer; nothing was kept.
    """
    with (
        closing(open_existing(source_url or database_url(settings))) as source,
        closing(open_database(target_url)) as target,
    ):
        return Migration(source.name, target.name, copy_store(source, target, progress))
