"""The runs behind `bowerbird train photo`: data in, a published model, figures and predictions out."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bowerbird.assembly import create_home
from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.errors import InputError
from bowerbird.evaluation.report import Figure
from bowerbird.progress import Progress
from bowerbird.settings import Settings
from bowerbird.storage.model_registry import activate_model
from bowerbird.training.datasets import LabelledPhotos
from bowerbird.training.epoch_end import OnEpoch
from bowerbird.training.inside_cluster import check_inside
from bowerbird.training.photo_baselines import baseline_probabilities
from bowerbird.training.photo_export import measured_rows, publish_backbone, publish_photo_classifier
from bowerbird.training.photo_folder import read_photo_folder
from bowerbird.training.photo_market import market_photos
from bowerbird.training.photo_teacher import category_teacher, teacher_of_file
from bowerbird.training.photo_training import PhotoTraining
from bowerbird.training.run_folder import RunFolder
from bowerbird.training.train_photo_classifier import PhotoResult, train_photo_classifier
from bowerbird.training.training_data import Part, load_training_data


@dataclass(frozen=True, slots=True)
class PhotoRunOptions:
    """What a run does beside training; none of it changes the classifier but `folder` and `teacher`."""

    folder: Path | None = None  # photos by class; None is the home's own market
    name: str | None = None  # of the run; None is the architecture's
    resume: bool | None = None
    devices: int | str = "auto"
    on: str | None = None  # HOST:PORT of a Ray cluster whose machines see the home and the photos
    teacher: Path | None = None
    baselines: bool = False
    predict: Path | None = None
    export_backbone: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class PhotoRunReport:
    """What came of it."""

    result: PhotoResult
    model: LearnedModel
    figures: tuple[Figure, ...]
    active: bool
    backbone: str | None  # fingerprint of the exported fine-tuned backbone
    predictions: int  # rows of the CSV

    def payload(self) -> dict[str, Any]:
        """For --json."""
        return {
            "model": self.model.fingerprint,
            "folder": str(self.model.folder),
            "active": self.active,
            "run": str(self.result.folder),
            "best_epoch": self.result.best.epoch + 1,
            "epochs": [one.as_json() for one in self.result.history],
            "figures": [figure.as_json() for figure in self.figures],
            "backbone": self.backbone,
            "predictions": self.predictions,
            "warnings": list(self.result.photos.warnings),
        }


def run_photo_training(
    settings: Settings,
    training: PhotoTraining,
    progress: Progress,
    options: PhotoRunOptions,
    *,
    now: datetime,
    on_epoch: OnEpoch | None = None,
) -> PhotoRunReport:
    """Read, train, publish. A model of the home's own market is put in use; one of a folder is not.

    Raises:
        NotFoundError: there is no such home, folder or teacher.
        InputError: there is nothing to tell apart, or an option cannot be used.
        MismatchError: the run that would go on has other settings or data.
        TrainingError: the backbone cannot be loaded, or the run diverged.
        UnavailableError: the cluster that is to learn does not answer, has too little, or lost too much.
    """
    if training.teacher_weight and options.folder is not None:
        raise InputError(
            f"teacher_weight={training.teacher_weight} needs listings with words, which a folder of photos "
            "lacks; leave it out beside --folder"
        )
    if options.export_backbone and training.unfreeze == "none":
        raise InputError(
            "--export-backbone needs a trained backbone; give --unfreeze a number of blocks, or all"
        )
    if options.on is not None:
        check_inside(options.on, "training")
    photos = _photos(settings, training, progress, options)
    if training.learn_validation and not (photos.labels[photos.rows(Part.TEST)] >= 0).any():
        raise InputError(
            "learn_validation leaves nothing to measure on: no test photo has a label; leave it out, or "
            "label test photos"
        )
    folder = (settings.home / "runs" / "photo" / _run_name(options.name or training.architecture)).resolve()
    result = train_photo_classifier(
        photos,
        training,
        folder,
        progress,
        resume=options.resume,
        devices=options.devices,
        on=options.on,
        on_epoch=on_epoch,
    )
    rows, _, _ = measured_rows(result)
    baselines = (
        baseline_probabilities(photos, rows, progress, seed=training.seed) if options.baselines else {}
    )
    progress.step("exporting", 1)
    model, figures = publish_photo_classifier(result, settings.models, baselines=baselines, trained_at=now)
    active = options.folder is None
    if active:
        activate_model(settings.models, LearnedKind.PHOTO_CLASSIFIER, model.fingerprint)
    backbone = publish_backbone(result, settings.models).name if options.export_backbone else None
    count = 0 if options.predict is None else write_predicted(options.predict, result)
    progress.advance(1)
    RunFolder(folder).finish(model=model.fingerprint)
    return PhotoRunReport(result, model, tuple(figures), active, backbone, count)


def write_predicted(path: Path, result: PhotoResult) -> int:
    """Write path, label and probability of each test photo as CSV; how many there are.

    Raises:
        InputError: `path` cannot be written.
    """
    rows = result.photos.rows(Part.TEST).tolist()
    best = result.test.argmax(axis=1).tolist()
    lines = [
        (result.photos.names[row], result.photos.classes[label], f"{chances[label]:.6f}")
        for row, label, chances in zip(rows, best, result.test, strict=True)
    ]
    _write_csv(path, [("path", "label", "probability"), *lines])
    return len(lines)


def _write_csv(path: Path, rows: Sequence[Sequence[str]]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error}); give another place") from error


def _photos(
    settings: Settings, training: PhotoTraining, progress: Progress, options: PhotoRunOptions
) -> LabelledPhotos:
    if options.folder is None:
        progress.step("reading the market", None)
        data = load_training_data(settings)
        if not training.teacher_weight:
            return market_photos(settings, data)
        if options.teacher is not None:
            return market_photos(settings, data, teacher_of_file(options.teacher, data))
        return market_photos(settings, data, category_teacher(settings, data, training.seed, progress))
    if options.teacher is not None:
        raise InputError("a teacher speaks of a home's listings; leave --teacher out beside --folder")
    create_home(settings)
    return read_photo_folder(options.folder.resolve(), progress, seed=training.seed)


def _run_name(name: str) -> str:
    """`name` as the name of one folder."""
    return (
        "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in name).strip(".-")
        or "run"
    )
