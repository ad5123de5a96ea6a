"""Searching for settings that learn better than the defaults."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bowerbird.commands.options import AsJson, Home
from bowerbird.commands.train_photo import with_training_options
from bowerbird.settings import load_settings
from bowerbird.terminal import err, out, print_json, progress_bars
from bowerbird.training.photo_training import PhotoTraining
from bowerbird.training.tuning_space import SPACE

if TYPE_CHECKING:  # what trains imports torch, which takes seconds that other commands need not wait for
    from bowerbird.training.search_folder import SearchTrial
    from bowerbird.training.tune import SearchReport

app = typer.Typer(name="tune", help="Search for settings that learn better.", no_args_is_help=True)


@app.callback()
def _tune() -> None:
    """Search for settings that learn better."""


@app.command("photo")
@partial(with_training_options, defaults={name: f"searched: {axis}" for name, axis in SPACE.items()})
def tune_photo(
    folder: Annotated[
        Path | None,
        typer.Option(
            help="Photos by class, train/<class>/, with val/ where there is; else the home's own.",
            show_default=False,
        ),
    ] = None,
    trials: Annotated[int, typer.Option(help="How many settings to try.")] = 8,
    photo_slice: Annotated[
        str | None,
        typer.Option("--slice", help="Learn from a share (0.25) or a number (600).", show_default="all"),
    ] = None,
    parallel: Annotated[int, typer.Option(help="Trials at a time; they share the processor.")] = 1,
    name: Annotated[str, typer.Option(help="Name of the search, under runs/tune.")] = "photo",
    resume: Annotated[
        bool | None,
        typer.Option(
            "--resume/--fresh",
            help="Go on with the search of that name, or begin it anew.",
            show_default="goes on where there is one",
        ),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(
            "--on",
            help="Ray cluster that runs the trials: HOST:6379, on one of its machines; all see the home.",
            show_default="this machine",
        ),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
    *,
    given: dict[str, Any],
) -> None:
    """Search for settings of `train photo`; what is given is not searched."""
    base = PhotoTraining().changed(given)
    from bowerbird.training.tune import SearchOptions, run_photo_search

    options = SearchOptions(
        folder=folder,
        trials=trials,
        photo_slice=photo_slice,
        parallel=parallel,
        name=name,
        resume=resume,
        fixed=tuple(given),
        on=on,
    )
    with progress_bars() as bars:
        report = run_photo_search(load_settings(home), base, bars, options, on_trial=_say_trial)
    if as_json:
        print_json(report.payload())
    else:
        _print_report(report)


def _say_trial(trial: "SearchTrial") -> None:
    best = trial.best
    figure = trial.reason if best is None else f"validation accuracy {best['accuracy']:.4f}"
    err.print(f"trial {trial.number} {trial.end} after {len(trial.epochs)} epochs: {figure}", soft_wrap=True)


def _print_report(report: "SearchReport") -> None:
    from rich.table import Table

    table = Table("trial", "accuracy", "macro-F1", "epochs", "end", box=None, header_style="bold")
    table.add_column("settings", overflow="fold")
    for trial in report.trials:
        best = trial.best
        figures = ("-", "-") if best is None else (f"{best['accuracy']:.4f}", f"{best['macro_f1']:.4f}")
        end = trial.end or "unfinished"
        values = ", ".join(f"{name} {value}" for name, value in trial.values.items())
        table.add_row(str(trial.number), *figures, str(len(trial.epochs)), end, values)
    out.print(f"{report.photos:,} photos of {report.classes} classes; accuracy on the validation photos")
    out.print(table)
    for reason in report.unfinished:
        err.print(f"unfinished, so run this again to go on: {reason}", style="yellow", soft_wrap=True)
    out.print(f"TensorBoard: tensorboard --logdir {report.folder}", soft_wrap=True)
    out.print(f"best settings: {report.best_file}\ntrain with them: {report.command}", soft_wrap=True)
