"""The command line: every job and question of bowerbird, for people and (with --json) for programs."""

import logging
import sys
from typing import Annotated

import typer

from bowerbird import __version__
from bowerbird.commands import (
    evaluate,
    events,
    export,
    keys,
    market,
    models,
    recommend,
    search,
    serve,
    shopper,
    stores,
    suggest,
    train,
    tune,
)
from bowerbird.errors import BowerbirdError
from bowerbird.terminal import err, out

app = typer.Typer(
    name="bowerbird",
    help="Search and recommendation ranking for second-hand marketplaces.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
# In the order that --help lists them.
for subject in (
    market,
    events,
    search,
    recommend,
    suggest,
    train,
    tune,
    models,
    export,
    evaluate,
    shopper,
    keys,
    stores,
    serve,
):
    app.add_typer(subject.app)


def main() -> None:
    """Run the command line; the exit code comes from the tree in errors.py."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        app()
    except BowerbirdError as error:
        err.print(f"error: {error.message}", style="red", markup=False, soft_wrap=True)
        for detail in error.details[1:]:
            err.print(f"  {detail}", markup=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        err.print("stopped; run the same command again to go on")
        sys.exit(130)


def _version(wanted: bool) -> None:
    if wanted:
        out.print(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Search and recommendation ranking for second-hand marketplaces."""


if __name__ == "__main__":
    main()
