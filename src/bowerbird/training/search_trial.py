"""One trial of a search, in a process of its own: a photo run that tells each epoch and survives a kill."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from bowerbird.errors import InputError, TrainingError
from bowerbird.training.datasets import LabelledPhotos
from bowerbird.training.epoch_end import EpochMetrics, out_of_patience
from bowerbird.training.folder_lock import alone_in
from bowerbird.training.photo_training import PhotoTraining
from bowerbird.training.run_folder import LAST, RunFolder
from bowerbird.training.safe_checkpoint import read_checkpoint
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

        for metrics in _saved_history(folder):
            tell(metrics)
        if history and _ends(history, training):
            return
        try:
            train_photo_classifier(photos, training, folder, _Silent(), devices=1, on_epoch=tell)
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


def _saved_history(folder: Path) -> Sequence[EpochMetrics]:
    newest = RunFolder(folder).newest()
    if newest is None:
        return ()
    (state,) = read_checkpoint(newest)["callbacks"].values()
    return [EpochMetrics(**one) for one in state["history"]]


def _ends(history: Sequence[EpochMetrics], training: PhotoTraining) -> bool:
    return len(history) >= training.epochs or out_of_patience(history, training.patience)


def _result(history: Sequence[EpochMetrics], training: PhotoTraining) -> dict[str, Any]:
    told: Mapping[str, float] = history[-1].as_json()
    return {**told, "epochs": len(history), "last": _ends(history, training), "failure": ""}


def _failed(history: Sequence[EpochMetrics], training: PhotoTraining, reason: str) -> dict[str, Any]:
    nothing = EpochMetrics(len(history), 0.0, 0.0, 0.0, 0.0, 0.0).as_json()
    return {**nothing, "epochs": training.epochs, "last": True, "failure": reason}


class _Silent:
    """Progress that is not shown: the search shows its own."""

    def step(self, name: str, total: int | None) -> None:
        """Show nothing."""

    def advance(self, units: int) -> None:
        """Show nothing."""
