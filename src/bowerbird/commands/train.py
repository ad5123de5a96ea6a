"""Learning from the market's own listings, a command a model."""

import typer

from bowerbird.commands import train_photo

app = typer.Typer(name="train", help="Learn from the market's own photos and words.", no_args_is_help=True)
# In the order that --help lists them.
for subject in (train_photo,):
    app.add_typer(subject.app)
