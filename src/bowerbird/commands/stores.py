"""Moving what a market holds to another database."""

from typing import Annotated

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
    if as_json:
        print_json(migration.payload())
        return
    for line in migration.lines():
        out.print(line, markup=False, soft_wrap=True)
