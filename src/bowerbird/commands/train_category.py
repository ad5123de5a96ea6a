"""Training the category model."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from bowerbird.commands.options import AsJson, Home
from bowerbird.evaluation.model_metrics import read_figures
from bowerbird.evaluation.report import table
from bowerbird.settings import load_settings
from bowerbird.terminal import out, print_json, progress_bars

app = typer.Typer()


@app.command("category")
def category_command(
    precision: Annotated[
        float, typer.Option(min=0, max=1, help="Wanted share of right answers among those not called unsure.")
    ] = 0.9,
    folds: Annotated[int, typer.Option(min=2, max=50, help="Parts of the cross-fitting.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Of the split and the folds.")] = 0,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Learn to suggest categories, at root and leaf, from words, photos or both."""
    from bowerbird.training.category_training import CategoryTraining
    from bowerbird.training.train_category import train_category
    from bowerbird.training.training_data import load_training_data

    settings = load_settings(home)
    training = CategoryTraining(precision=precision, folds=folds, seed=seed)
    with progress_bars() as bars:
        bars.step("reading the market", None)
        data = load_training_data(settings, seed=seed)
        model = train_category(settings, data, training, bars, trained_at=datetime.now(UTC))
    if as_json:
        print_json(
            {"fingerprint": model.fingerprint, "folder": str(model.folder), "metrics": dict(model.metrics)}
        )
        return
    out.print(table(read_figures(model.metrics)), soft_wrap=True)
    out.print(f"category model {model.fingerprint} is in use: {model.folder}", soft_wrap=True)
