"""Training the photo classifier. Its settings are options because `PhotoTraining` has them: said once."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bowerbird.commands.options import AsJson, Home
from bowerbird.settings import load_settings
from bowerbird.terminal import err, out, print_json, progress_bars
from bowerbird.training.photo_training import PhotoTraining, read_photo_training

if TYPE_CHECKING:  # what trains imports torch, which takes seconds that other commands need not wait for
    from bowerbird.training.epoch_end import EpochMetrics
    from bowerbird.training.photo_runs import PhotoRunReport

app = typer.Typer()


def with_training_options(
    command: Callable[..., None], *, defaults: Mapping[str, str] = MappingProxyType({})
) -> Callable[..., None]:
    """`command` with an option for each field of `PhotoTraining`; those given arrive in its last argument.

    `defaults` is what the help says instead of a field's default.
    """
    own = inspect.signature(command)
    *others, last = own.parameters.values()
    names = [one.name for one in fields(PhotoTraining)]

    def wrapped(**given: Any) -> None:  # noqa: ANN401 - whatever the options' types are
        chosen = {name: given.pop(name) for name in names}
        command(**given, **{last.name: {name: one for name, one in chosen.items() if one is not None}})

    options = [
        inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                type(one.default) | None,
                typer.Option(
                    help=one.metadata["help"], show_default=defaults.get(one.name, str(one.default))
                ),
            ],
        )
        for one in fields(PhotoTraining)
    ]
    keyword = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in others]
    signature = own.replace(parameters=[*keyword, *options])
    vars(wrapped).update(__signature__=signature)
    wrapped.__doc__, wrapped.__name__ = command.__doc__, command.__name__
    wrapped.__annotations__ = {one.name: one.annotation for one in signature.parameters.values()}
    return wrapped


Folder = Annotated[
    Path | None,
    typer.Option(
        help="Photos by class, train/<class>/, with val/ and test/ where there are; else the home's own.",
        show_default=False,
    ),
]
Predict = Annotated[
    Path | None,
    typer.Option(help="Write path, label and probability of each test photo (CSV).", show_default=False),
]
SettingsFrom = Annotated[
    Path | None,
    typer.Option(help="Take settings from a JSON or TOML file; options go over it.", show_default=False),
]
RunName = Annotated[
    str | None, typer.Option(help="Name of the run, under runs/photo.", show_default="the architecture")
]
Resume = Annotated[
    bool | None,
    typer.Option(
        "--resume/--fresh",
        help="Go on with the run of that name, or begin it anew.",
        show_default="goes on where it was cut short",
    ),
]
Devices = Annotated[
    str,
    typer.Option(
        help="How many GPUs, or processes of a cluster; auto is all GPUs, else the CPU, of a cluster of each "
        "machine. Each takes batches of --batch-size."
    ),
]
On = Annotated[
    str | None,
    typer.Option(
        "--on",
        help="Ray cluster that learns: HOST:6379, on one of its machines; all see the home and the photos.",
        show_default="this machine",
    ),
]
Teacher = Annotated[
    Path | None,
    typer.Option(
        help="Another teacher, Parquet: listing_id, and a probability a root category.",
        show_default="the category model, fitted without the listing",
    ),
]
Baselines = Annotated[
    bool, typer.Option("--baselines", help="Measure pixels with logistic regression and SVC beside it.")
]
ExportBackbone = Annotated[
    bool, typer.Option("--export-backbone", help="Make the fine-tuned backbone a photo encoder too.")
]


@app.command("photo")
@with_training_options
def train_photo(
    folder: Folder = None,
    predict: Predict = None,
    settings_from: SettingsFrom = None,
    name: RunName = None,
    resume: Resume = None,
    devices: Devices = "auto",
    on: On = None,
    teacher: Teacher = None,
    baselines: Baselines = False,
    export_backbone: ExportBackbone = False,
    home: Home = None,
    as_json: AsJson = False,
    *,
    given: dict[str, Any],
) -> None:
    """Learn a photo's category from the home's photos, or from any folder of photos by class."""
    training = (PhotoTraining() if settings_from is None else read_photo_training(settings_from)).changed(
        given
    )
    from bowerbird.training.photo_runs import PhotoRunOptions, run_photo_training

    options = PhotoRunOptions(
        folder=folder,
        name=name,
        resume=resume,
        devices=_devices(devices),
        on=on,
        teacher=teacher,
        baselines=baselines,
        predict=predict,
        export_backbone=export_backbone,
    )
    with progress_bars() as bars:
        report = run_photo_training(
            load_settings(home), training, bars, options, now=datetime.now(UTC), on_epoch=_say_epoch
        )
    if as_json:
        print_json(report.payload())
    else:
        _print_report(report, predict)


def _devices(given: str) -> int | str:
    if given != "auto" and not (given.isdigit() and int(given)):
        raise typer.BadParameter(f"devices is auto or a number from 1, but {given!r} was given")
    return given if given == "auto" else int(given)


def _say_epoch(metrics: "EpochMetrics") -> None:
    err.print(
        f"epoch {metrics.epoch + 1}: validation accuracy {metrics.accuracy:.4f}, macro-F1 "
        f"{metrics.macro_f1:.4f}, loss {metrics.loss:.4f} ({metrics.seconds:.0f} s)"
    )


def _print_report(report: "PhotoRunReport", predict: Path | None) -> None:
    from bowerbird.evaluation.report import table

    for warning in report.result.photos.warnings:
        err.print(f"warning: {warning}", style="yellow")
    out.print(table(report.figures), soft_wrap=True)
    out.print(f"\nbest of {len(report.result.history)} epochs: {report.result.best.epoch + 1}")
    in_use = "in use" if report.active else "not put in use, as it learned from a folder"
    out.print(f"model {report.model.fingerprint} ({in_use}): {report.model.folder}", soft_wrap=True)
    if report.backbone:
        out.print(
            f"fine-tuned photo encoder {report.backbone}: set encoders.photo_backbone to it and run "
            "`bowerbird index`",
            soft_wrap=True,
        )
    if predict is not None:
        out.print(f"wrote {report.predictions:,} predictions to {predict}", soft_wrap=True)
