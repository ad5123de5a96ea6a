"""Learning from the market's own listings, a command a model."""

import typer

from bowerbird.commands import train_category, train_photo, train_price

app = typer.Typer(name="train", help="Learn from the market's own photos and words.", no_args_is_help=True)
# In the order that --help lists them.
for subject in (train_photo, train_category, train_price):
    app.add_typer(subject.app)
