"""Learning from the market's own listings, a command a model."""

import typer

from bowerbird.commands import (
    train_all,
    train_category,
    train_listing,
    train_photo,
    train_price,
    train_ranker,
    train_text,
)

app = typer.Typer(
    name="train", help="Learn from the market's own photos, words and clicks.", no_args_is_help=True
)
# In the order that --help lists them.
for subject in (train_photo, train_text, train_category, train_price, train_listing, train_ranker, train_all):
    app.add_typer(subject.app)
