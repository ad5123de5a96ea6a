"""Options that many commands share."""

from pathlib import Path
from typing import Annotated

import typer

Home = Annotated[
    Path | None,
    typer.Option("--home", help="The workspace; else BOWERBIRD_HOME, else ./market.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on.", show_default="8000")]
On = Annotated[
    str | None,
    typer.Option(
        "--on",
        help="Ray cluster that does the work: ray://HOST:10001, or HOST:6379 on one of its machines.",
        show_default="this process",
    ),
]
