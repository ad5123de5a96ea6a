"""Training the text classifier."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from bowerbird.commands.options import AsJson, Home
from bowerbird.evaluation.model_metrics import read_figures
from bowerbird.evaluation.report import table
from bowerbird.settings import load_settings
from bowerbird.terminal import out, print_json, progress_bars
from bowerbird.training.text_training import TextArchitecture

app = typer.Typer()


@app.command("text")
def text_command(
    architecture: Annotated[
        TextArchitecture,
        typer.Option(help="kernel: n-grams and sentence vectors; conv: convolutions; minilm: fine-tuned."),
    ] = TextArchitecture.KERNEL,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training listings, at most.")] = 8,
    batch_size: Annotated[int, typer.Option(min=2, help="Listings a step.")] = 32,
    learning_rate: Annotated[float, typer.Option(help="Of the new layers, at its highest.")] = 1e-3,
    patience: Annotated[int, typer.Option(min=0, help="Epochs without a better one until it stops.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Of the split, weights, order and dropout.")] = 0,
    resume: Annotated[
        bool | None,
        typer.Option("--resume/--fresh", help="Go on with a run, or begin anew.", show_default="unfinished"),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Learn root categories from words alone."""
    from bowerbird.training.text_training import TextTraining
    from bowerbird.training.train_text_classifier import train_text
    from bowerbird.training.training_data import load_training_data

    settings = load_settings(home)
    training = TextTraining(
        architecture=architecture,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        patience=patience,
        seed=seed,
    )
    with progress_bars() as bars:
        bars.step("reading the market", None)
        data = load_training_data(settings, seed=seed)
        model = train_text(settings, data, training, bars, resume=resume, trained_at=datetime.now(UTC))
    if as_json:
        print_json(
            {"fingerprint": model.fingerprint, "folder": str(model.folder), "metrics": dict(model.metrics)}
        )
        return
    out.print(table(read_figures(model.metrics)), soft_wrap=True)
    out.print(f"text classifier {model.fingerprint} is in use: {model.folder}", soft_wrap=True)
