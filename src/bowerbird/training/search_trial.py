"""One trial of a search, in a process of its own: a photo run that tells each epoch and survives a kill."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from bowerbird.errors import InputError, TrainingError
from bowerbird.progress import Silent
from bowerbird.training.datasets import LabelledPhotos
from bowerbird.training.epoch_end import EpochMetrics, is_over, saved_history
from bowerbird.training.folder_lock import alone_in
from bowerbird.training.photo_training import PhotoTraining
from bowerbird.training.run_folder import LAST, RunFolder
from bowerbird.training.train_photo_classifier import train_photo_classifier

Report = Callable[[dict[str, Any]], None]


def run_trial(
    photos: LabelledPhotos, training: PhotoTraining, folder: Path, report: Report, *, threads: int
) -> None:
    """Train, and tell every epoch, those before a kill too: whoever stops trials must know them.

    What is reported: `EpochMetrics` by name; `epochs` done; `last`, whether the trial ends by itself; and
    `failure`, why it cannot learn with these settings, empty where it can.

    Args:
        photos: without a test part, which a search must not see.
        training: the trial's settings.
        folder: of the trial alone.
        report: takes an epoch; ends the trial by raising SystemExit.
        threads: of the processor.
    """
    torch.set_num_threads(threads)
    # A process that was cut off from a killed search may still be inside.
    with alone_in(folder, wait=True):
        history: list[EpochMetrics] = []

        def tell(metrics: EpochMetrics) -> None:
            history.append(metrics)
            keep_newest_checkpoint(folder)
            report(_result(history, training))

        for metrics in saved_history(RunFolder(folder).newest()):
            tell(metrics)
        if history and is_over(history, training):
            return
        try:
            train_photo_classifier(photos, training, folder, Silent(), devices=1, on_epoch=tell)
        except (InputError, TrainingError) as error:
            report(_failed(history, training, error.message))


def keep_newest_checkpoint(folder: Path) -> None:
    """Drop the checkpoints of all epochs but the last; the best one has a name of its own."""
    for old in sorted(folder.glob("epoch-*.safetensors"))[:-1]:
        old.unlink(missing_ok=True)


def drop_all_but_best(folder: Path) -> None:
    """Drop what an ended trial needs no more."""
    for old in [*folder.glob("epoch-*.safetensors"), folder / LAST]:
        old.unlink(missing_ok=True)


def _result(history: Sequence[EpochMetrics], training: PhotoTraining) -> dict[str, Any]:
    told: Mapping[str, float] = history[-1].as_json()
    return {**told, "epochs": len(history), "last": is_over(history, training), "failure": ""}


def _failed(history: Sequence[EpochMetrics], training: PhotoTraining, reason: str) -> dict[str, Any]:
    nothing = EpochMetrics(len(history), 0.0, 0.0, 0.0, 0.0, 0.0).as_json()
    return {**nothing, "epochs": training.epochs, "last": True, "failure": reason}
