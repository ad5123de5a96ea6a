"""After each epoch of a photo run: its metrics are kept, told and drawn, and its state is saved."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from lightning.pytorch import Callback, LightningModule, Trainer

from bowerbird.errors import TrainingError
from bowerbird.evaluation.classification import confusion
from bowerbird.progress import Progress
from bowerbird.training.datasets import LabelledPhotos
from bowerbird.training.photo_logging import add_picture, confusion_picture
from bowerbird.training.photo_module import PhotoModule
from bowerbird.training.photo_training import PhotoTraining
from bowerbird.training.run_folder import BEST, LAST, RunFolder
from bowerbird.training.safe_checkpoint import read_checkpoint


@dataclass(frozen=True, slots=True)
class EpochMetrics:
    """One epoch, counted from 0; the figures are of the validation photos."""

    epoch: int
    loss: float
    accuracy: float
    macro_f1: float
    learning_rate: float
    seconds: float

    def as_json(self) -> dict[str, float]:
        """Its fields by name."""
        return asdict(self)


OnEpoch = Callable[[EpochMetrics], bool | None]


def best_epoch(history: Sequence[EpochMetrics], *, is_last: bool = False) -> int:
    """The first epoch of the highest accuracy; the last where `is_last`."""
    if is_last:
        return history[-1].epoch
    return max(history, key=lambda one: (one.accuracy, -one.epoch)).epoch


def out_of_patience(history: Sequence[EpochMetrics], patience: int) -> bool:
    """Whether `patience` epochs have passed since the best; never for 0."""
    return bool(patience and history and history[-1].epoch - best_epoch(history) >= patience)


def saved_history(checkpoint: Path | None) -> list[EpochMetrics]:
    """The epochs up to that of `checkpoint`; none without one.

    Raises:
        MismatchError: it is damaged.
    """
    if checkpoint is None:
        return []
    (state,) = read_checkpoint(checkpoint)["callbacks"].values()
    return [EpochMetrics(**one) for one in state["history"]]


def is_over(history: Sequence[EpochMetrics], training: PhotoTraining) -> bool:
    """Whether a run ends after these epochs."""
    return len(history) >= training.epochs or out_of_patience(history, training.patience)


class EpochEnd(Callback):
    """Keeps the history of a run, which is saved and restored with the rest of its state."""

    def __init__(
        self,
        folder: RunFolder,
        photos: LabelledPhotos,
        *,
        patience: int,
        progress: Progress,
        on_epoch: OnEpoch | None,
    ) -> None:
        self.history: list[EpochMetrics] = []
        self._folder, self._photos, self._patience = folder, photos, patience
        self._progress, self._on_epoch = progress, on_epoch
        self._began = time.monotonic()

    def state_dict(self) -> dict[str, Any]:
        """The history, for a checkpoint."""
        return {"history": [one.as_json() for one in self.history]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the history up again."""
        self.history = [EpochMetrics(**one) for one in state_dict["history"]]

    def on_train_epoch_start(
        self,
        trainer: Trainer,
        pl_module: LightningModule,  # noqa: ARG002 - Lightning's signature
    ) -> None:
        """Begin the epoch's bar and clock."""
        self._began = time.monotonic()
        if trainer.is_global_zero:
            name = f"epoch {trainer.current_epoch + 1} of at most {trainer.max_epochs}"
            self._progress.step(name, int(trainer.num_training_batches))

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,  # noqa: ARG002 - Lightning's signature
        outputs: object,  # noqa: ARG002
        batch: object,  # noqa: ARG002
        batch_idx: int,  # noqa: ARG002
    ) -> None:
        """Move the bar on."""
        if trainer.is_global_zero:
            self._progress.advance(1)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the epoch down, save it, tell the caller, and stop where it is time."""
        module = pl_module
        if not isinstance(module, PhotoModule) or module.validated is None:
            raise TrainingError("an epoch ended without a validation; there must be validation photos")
        seen = module.validated
        if not seen.loss < float("inf"):
            raise TrainingError(
                f"the loss of epoch {trainer.current_epoch + 1} is {seen.loss}: the run has diverged; give a "
                "lower --learning-rate, or --precision f32"
            )
        metrics = EpochMetrics(
            trainer.current_epoch,
            seen.loss,
            seen.accuracy,
            seen.macro_f1,
            float(trainer.optimizers[0].param_groups[0]["lr"]),
            time.monotonic() - self._began,
        )
        self.history.append(metrics)
        trainer.save_checkpoint(self._folder.checkpoint(metrics.epoch))
        if trainer.is_global_zero:
            self._keep(metrics, trainer, module)
        stop = out_of_patience(self.history, self._patience)
        if self._on_epoch is not None and trainer.is_global_zero:
            stop = bool(self._on_epoch(metrics)) or stop
        # Every device must stop at the same epoch.
        trainer.should_stop = trainer.strategy.reduce_boolean_decision(stop, all=False)

    def _keep(self, metrics: EpochMetrics, trainer: Trainer, module: PhotoModule) -> None:
        self._folder.link(metrics.epoch, LAST)
        if best_epoch(self.history, is_last=self._photos.learns_validation) == metrics.epoch:
            self._folder.link(metrics.epoch, BEST)
        if trainer.logger is not None and module.validated is not None:
            seen = module.validated
            plot = confusion(
                seen.probabilities.argmax(axis=1), self._photos.labels[seen.rows], self._photos.classes
            )
            picture = confusion_picture(np.array(plot["counts"]), self._photos.classes)
            writer = trainer.logger.experiment  # type: ignore[attr-defined]  # TensorBoard's has one
            add_picture(writer, "validation/confusion", picture, metrics.epoch)
