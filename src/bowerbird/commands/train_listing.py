"""Training the listing encoder."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from bowerbird.commands.options import AsJson, Home
from bowerbird.evaluation.model_metrics import read_figures
from bowerbird.evaluation.report import table
from bowerbird.settings import load_settings
from bowerbird.terminal import out, print_json, progress_bars

app = typer.Typer()


@app.command("listing")
def listing_command(
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training listings.")] = 20,
    batch: Annotated[int, typer.Option(min=8, help="Listings a step.")] = 512,
    learning_rate: Annotated[float, typer.Option(min=1e-8, help="Its highest.")] = 1e-3,
    seed: Annotated[int, typer.Option(min=0, help="Of the split, the first weights and the order.")] = 0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew, even where a run was stopped.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Learn one space for photos, words and listings. A run that was stopped goes on."""
    from bowerbird.training.listing_training import ListingTraining
    from bowerbird.training.train_listing_encoder import train_listing_encoder
    from bowerbird.training.training_data import load_training_data

    settings = load_settings(home)
    training = ListingTraining(epochs=epochs, batch=batch, learning_rate=learning_rate, seed=seed)
    with progress_bars() as bars:
        bars.step("reading the market", None)
        data = load_training_data(settings, seed=seed)
        model = train_listing_encoder(
            settings, data, training, bars, trained_at=datetime.now(UTC), fresh=fresh
        )
    if as_json:
        print_json(
            {"fingerprint": model.fingerprint, "folder": str(model.folder), "metrics": dict(model.metrics)}
        )
        return
    out.print(table(read_figures(model.metrics)), soft_wrap=True)
    out.print(f"listing encoder {model.fingerprint} is in use: {model.folder}", soft_wrap=True)
    out.print(
        "run `bowerbird index` to encode the market by it; a running server takes that up", soft_wrap=True
    )
