"""Training everything at once."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from bowerbird.commands.options import AsJson, Home
from bowerbird.evaluation.model_metrics import read_figures
from bowerbird.settings import load_settings
from bowerbird.terminal import out, print_json, progress_bars

app = typer.Typer()


@app.command("all")
def train_all_command(
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Also what was learned from these listings already.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the split and of every model.")] = 0,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Learn everything that this market's listings can teach, on frozen backbones."""
    from bowerbird.training.train_all import train_all

    with progress_bars() as bars:
        outcomes = list(train_all(load_settings(home), bars, seed=seed, fresh=fresh, now=datetime.now(UTC)))
    if as_json:
        print_json(
            [
                {
                    "kind": one.kind,
                    "model": one.model.fingerprint if one.model else None,
                    "learned": one.learned,
                    "lacking": one.lacking,
                    "seconds": round(one.seconds, 1),
                    "metrics": dict(one.model.metrics) if one.model else {},
                }
                for one in outcomes
            ]
        )
        return
    shown = Table(
        "model", "fingerprint", "took", "figure", "value", "baseline", box=None, header_style="bold"
    )
    for one in outcomes:
        if one.model is None:
            shown.add_row(one.kind, "not learned", "", one.lacking or "", "", "")
            continue
        took = f"{one.seconds:.0f} s" if one.learned else "learned before"
        figures = read_figures(one.model.metrics)
        if not figures:
            shown.add_row(one.kind, one.model.fingerprint, took, "", "", "")
            continue
        first = figures[0]
        baseline = "" if first.baseline is None else f"{first.baseline} {first.baseline_value:.3f}"
        name = f"{first.name}, {first.system}"
        shown.add_row(one.kind, one.model.fingerprint, took, name, f"{first.value:.3f}", baseline)
    out.print(shown)
    out.print(
        "`bowerbird evaluate models` reports all figures; `bowerbird models activate` chooses what is in use"
    )
