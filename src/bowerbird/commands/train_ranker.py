"""Training the ranker of search."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from bowerbird.commands.options import AsJson, Home
from bowerbird.evaluation.model_metrics import read_figures
from bowerbird.evaluation.report import table
from bowerbird.settings import load_settings
from bowerbird.terminal import out, print_json, progress_bars

app = typer.Typer()


@app.command("ranker")
def ranker_command(
    naive: Annotated[
        bool, typer.Option("--naive", help="Take clicks as they are, whatever the position.")
    ] = False,
    replay: Annotated[
        bool,
        typer.Option(
            "--replay", help="Draw features anew for pages without (imported, or by older features)."
        ),
    ] = False,
    clip: Annotated[float, typer.Option(help="The highest weight of a click for its position.")] = 10.0,
    rounds: Annotated[
        int, typer.Option(min=1, help="Most trees; the validation pages say when to stop.")
    ] = 600,
    seed: Annotated[int, typer.Option(min=0, help="Of the trees and the intervals.")] = 0,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Learn the order of search from what shoppers clicked on, corrected for position."""
    from bowerbird.training.ranker_run import run_ranker_training
    from bowerbird.training.ranker_training import RankerTraining

    training = RankerTraining(naive=naive, clip=clip, rounds=rounds, seed=seed)
    with progress_bars() as bars:
        model = run_ranker_training(load_settings(home), training, bars, replay=replay, now=datetime.now(UTC))
    if as_json:
        print_json(
            {"fingerprint": model.fingerprint, "folder": str(model.folder), "metrics": dict(model.metrics)}
        )
        return
    out.print(table(read_figures(model.metrics)), soft_wrap=True)
    out.print(f"ranker {model.fingerprint} is in use: {model.folder}", soft_wrap=True)
