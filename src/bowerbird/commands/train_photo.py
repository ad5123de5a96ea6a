"""Training the photo classifier."""

import typer

app = typer.Typer()
