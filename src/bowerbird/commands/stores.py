"""Moving what a market holds to another database, writing it out and putting it back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bowerbird.commands.options import AsJson, Home
from bowerbird.settings import load_settings
from bowerbird.terminal import out, print_json, progress_bars

app = typer.Typer()


@app.command("migrate-store")
def migrate_store(
    to: Annotated[str, typer.Option(help="URL of the empty database: postgresql://USER@HOST/NAME.")],
    source: Annotated[
        str | None, typer.Option("--from", help="URL of the one to copy.", show_default="this home's")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Copy catalogue, logs and keys into an empty database, whole or not at all, and verify them."""
    from bowerbird.jobs.migrate_store import migrate_store as job

    with progress_bars() as bars:
        migration = job(load_settings(home), source, to, bars)
    _tell(migration.payload(), migration.lines(), as_json)


@app.command()
def backup(
    to: Annotated[Path, typer.Option(help="The new folder, or the new .tar file, to write.")],
    with_index: Annotated[bool, typer.Option("--index", help="Take the index along too.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write the whole market out, as it is at one moment, while it is served."""
    from bowerbird.jobs.backup_market import backup_market

    with progress_bars() as bars:
        report = backup_market(load_settings(home), to, datetime.now(UTC), bars, with_index=with_index)
    _tell(report.payload(), report.lines(), as_json)


@app.command()
def restore(
    source: Annotated[Path, typer.Option("--from", help="The folder or .tar file of a backup.")],
    database: Annotated[
        str | None,
        typer.Option(
            help="URL of an empty database for catalogue, logs and keys.", show_default="in the home"
        ),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make a backup the market of a new home, and verify all of it."""
    from bowerbird.jobs.restore_market import restore_market

    with progress_bars() as bars:
        report = restore_market(load_settings(home), source, bars, database)
    _tell(report.payload(), report.lines(), as_json)


def _tell(payload: dict[str, Any], lines: list[str], as_json: bool) -> None:
    if as_json:
        print_json(payload)
        return
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)
