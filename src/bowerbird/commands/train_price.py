"""Training the price model."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from bowerbird.commands.options import AsJson, Home
from bowerbird.evaluation.model_metrics import read_figures
from bowerbird.evaluation.report import table
from bowerbird.settings import load_settings
from bowerbird.terminal import out, print_json, progress_bars

app = typer.Typer()


@app.command("price")
def price_command(
    lowest: Annotated[
        float, typer.Option(help="Lower asking prices (major units) are not learned from.")
    ] = 1.0,
    highest: Annotated[float, typer.Option(help="Nor are higher ones.")] = 5000.0,
    folds: Annotated[int, typer.Option(min=2, max=50, help="Parts of the cross-fitting.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Of the split, the folds and the trees.")] = 0,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Learn to suggest prices: whether there is one, the median and an 80% range."""
    from bowerbird.training.price_training import PriceTraining
    from bowerbird.training.train_price import train_price
    from bowerbird.training.training_data import load_training_data

    settings = load_settings(home)
    training = PriceTraining(lowest=lowest, highest=highest, folds=folds, seed=seed)
    with progress_bars() as bars:
        bars.step("reading the market", None)
        data = load_training_data(settings, seed=seed)
        model = train_price(settings, data, training, bars, trained_at=datetime.now(UTC))
    if as_json:
        print_json(
            {"fingerprint": model.fingerprint, "folder": str(model.folder), "metrics": dict(model.metrics)}
        )
        return
    out.print(table(read_figures(model.metrics)), soft_wrap=True)
    out.print(f"price model {model.fingerprint} is in use: {model.folder}", soft_wrap=True)
