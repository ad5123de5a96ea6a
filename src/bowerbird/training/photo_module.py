"""One training step and one validation of the photo classifier, as Lightning runs them on any device.

All randomness of a step (augmentation, dropout, mixup) is drawn from a generator seeded by (seed, epoch,
step, device), so that a run that was killed and started again goes on as if it had not been.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from bowerbird.encoding.photo_preparation import PhotoPreparation
from bowerbird.errors import MismatchError
from bowerbird.evaluation.classification import correct, macro_f1
from bowerbird.training.augmentation import Augmentation, resized
from bowerbird.training.datasets import Batch, EpochSampler, Inputs, LabelledPhotos, PhotoDataset
from bowerbird.training.losses import (
    balancing_weights,
    cross_entropy,
    dense_targets,
    mixed,
    taught_targets,
)
from bowerbird.training.optimisation import build_optimiser, build_schedule, parameter_groups
from bowerbird.training.photo_classifier import Answer, PhotoClassifier
from bowerbird.training.photo_training import PhotoTraining
from bowerbird.training.photo_views import normalised
from bowerbird.training.training_data import Part

_STEP, _MIXUP = 2, 3  # which stream of random numbers


@dataclass(frozen=True, slots=True, eq=False)
class Validated:
    """What the network says of the validation photos, by rising row."""

    rows: NDArray[np.int64]  # (v,)
    probabilities: NDArray[np.float32]  # (v, C)
    loss: float
    accuracy: float
    macro_f1: float


class PhotoModule(LightningModule):
    """The classifier with its loss and optimiser.

    Args:
        classifier: the trained half.
        front: the frozen half, where it runs on the fly; None where inputs are what it says.
        photos: what is learned from.
        inputs: of those photos.
        preparation: of the backbone.
        training: the settings.
    """

    def __init__(
        self,
        classifier: PhotoClassifier,
        front: nn.Module | None,
        photos: LabelledPhotos,
        inputs: Inputs,
        preparation: PhotoPreparation,
        training: PhotoTraining,
    ) -> None:
        super().__init__()
        self.classifier = classifier
        self.front = front
        self.averaged = None
        if training.average:
            average = get_ema_multi_avg_fn(training.average)  # type: ignore[no-untyped-call]  # torch's
            self.averaged = AveragedModel(classifier, multi_avg_fn=average, use_buffers=True)
            self.averaged.requires_grad_(False)
        self.augmentation = Augmentation(preparation.size, training.augmentation)
        self.validated: Validated | None = None
        self._photos, self._sources = photos, inputs
        self._preparation, self._settings = preparation, training
        self._seen: list[tuple[Tensor, Tensor]] = []
        classes = len(photos.classes)
        labels = torch.from_numpy(photos.labels[photos.learned_rows])
        weights = balancing_weights(labels, classes) if training.class_weights else torch.ones(classes)
        self.class_weights: Tensor
        self.register_buffer("class_weights", weights, persistent=False)
        self.to(memory_format=torch.channels_last)

    @property
    def final(self) -> PhotoClassifier:
        """The network that is validated and exported: the average where there is one."""
        if self.averaged is None:
            return self.classifier
        average: Any = self.averaged.module
        return cast("PhotoClassifier", average)

    def train(self, mode: bool = True) -> "PhotoModule":
        """The front stays in evaluation: its batch statistics are frozen like its weights."""
        super().train(mode)
        if self.front is not None:
            self.front.eval()
        return self

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse to go on with other steps an epoch: the schedule of rates would end too soon or too late.

        Raises:
            MismatchError: the run was begun on another number of devices.
        """
        devices = self.trainer.world_size
        share = len(self._photos.learned_rows) // devices
        steps = (checkpoint["epoch"] + 1) * (share // min(self._settings.batch_size, share))
        if checkpoint["global_step"] != steps:
            raise MismatchError(
                f"the run was begun on another number of devices than {devices}: it has made "
                f"{checkpoint['global_step']} steps, where {devices} would have made {steps}; give --devices "
                "as before, or --fresh to begin anew"
            )

    def train_dataloader(self) -> DataLoader[Batch]:
        """Batches of this device's share of the training photos, drawn anew each epoch."""
        rows = self._photos.learned_rows
        sampler = EpochSampler(
            rows,
            photos=len(self._photos.names),
            views=self._sources.views,
            seed=self._settings.seed,
            device=self.trainer.global_rank,
            devices=self.trainer.world_size,
        )
        size = min(self._settings.batch_size, len(sampler))
        dataset = PhotoDataset(self._photos, self._sources, training=True)
        # The rest of an epoch is left to the next: batch normalisation cannot train on one photo.
        return DataLoader(dataset, size, sampler=sampler, collate_fn=_as_it_is, drop_last=True)

    def val_dataloader(self) -> DataLoader[Batch]:
        """Batches of this device's share of the validation photos."""
        rows = self._photos.rows(Part.VALIDATION)[self.trainer.global_rank :: self.trainer.world_size]
        dataset = PhotoDataset(self._photos, self._sources, training=False)
        return DataLoader(dataset, self._settings.batch_size, sampler=rows.tolist(), collate_fn=_as_it_is)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """One optimiser over head and backbone, its rate moved on each step."""
        settings = self._settings
        groups = parameter_groups(
            self.classifier.head,
            self.classifier.back,
            rate=settings.learning_rate,
            backbone_factor=settings.backbone_factor,
            weight_decay=settings.weight_decay,
        )
        optimiser = build_optimiser(settings.optimiser, groups)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = build_schedule(optimiser, settings.schedule, steps=steps, warmup=settings.warmup)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002 - Lightning's
        """Begin the step's own stream of random numbers."""
        torch.manual_seed(int(self._stream(_STEP, batch_idx).integers(2**62)))

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of one batch."""
        settings = self._settings
        inputs, targets = self._maps(batch.inputs, augmented=True), self._targets(batch)
        if settings.mixup:
            share = float(self._stream(_MIXUP, batch_idx).beta(settings.mixup, settings.mixup))
            order = torch.randperm(len(inputs), device=inputs.device)
            inputs, targets = mixed(inputs, targets, share, order)
        classes = len(self._photos.classes)
        answer: Answer = self.classifier(inputs)
        loss = cross_entropy(answer.logits, targets[:, :classes], self.class_weights)
        if self.classifier.leaf is not None:
            loss = loss + settings.leaf_weight * cross_entropy(answer.leaf_logits, targets[:, classes:])
        self.log("training/loss", loss.detach(), on_step=True, on_epoch=False)
        self.log("training/learning_rate", self.trainer.optimizers[0].param_groups[0]["lr"], on_epoch=False)
        return loss

    def _targets(self, batch: Batch) -> Tensor:
        """(B, C + leaves) what the probabilities of classes and, where learned, leaves should be."""
        settings = self._settings
        smoothing = settings.label_smoothing
        targets = dense_targets(batch.labels, len(self._photos.classes), smoothing=smoothing)
        if settings.teacher_weight and batch.teacher.shape[1]:
            targets = taught_targets(targets, batch.teacher, settings.teacher_weight)
        if self.classifier.leaf is None:
            return targets
        leaves = dense_targets(batch.leaves, len(self._photos.leaf_names), smoothing=smoothing)
        return torch.cat([targets, leaves], dim=1)

    def on_train_batch_end(self, outputs: object, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002 - Lightning's
        """Take the step's weights into their average."""
        if self.averaged is not None:
            self.averaged.update_parameters(self.classifier)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002 - Lightning's
        """Keep what the network says."""
        self._seen.append((batch.rows, self.logits(batch.inputs)))

    def on_validation_epoch_end(self) -> None:
        """Loss, accuracy and macro-F1 over all devices' photos."""
        rows = torch.cat([rows for rows, _ in self._seen])
        logits = torch.cat([logits for _, logits in self._seen])
        self._seen.clear()
        if self.trainer.world_size > 1:
            rows, logits = _gathered(self, rows, logits)
        order = torch.argsort(rows)
        rows, logits = rows[order].cpu(), logits[order].cpu()
        labels = torch.from_numpy(self._photos.labels)[rows]
        probabilities = torch.softmax(logits, dim=1).numpy()
        self.validated = Validated(
            rows.numpy(),
            probabilities,
            float(nn.functional.cross_entropy(logits, labels)),
            float(correct(probabilities, labels.numpy()).mean()),
            macro_f1(probabilities.argmax(axis=1), labels.numpy()),
        )
        for name in ("loss", "accuracy", "macro_f1"):
            self.log(f"validation/{name}", getattr(self.validated, name), rank_zero_only=True)

    def logits(self, inputs: Tensor) -> Tensor:
        """(B, C) float32 of plain inputs, by the final network."""
        answer: Answer = self.final(self._maps(inputs, augmented=False))
        return answer.logits.float()

    def _maps(self, inputs: Tensor, *, augmented: bool) -> Tensor:
        """What the trained half takes."""
        if inputs.dtype != torch.uint8:
            return inputs
        photos = inputs.float() / 255
        photos = self.augmentation(photos) if augmented else resized(photos, self._preparation.size)
        pixels = normalised(photos * 255, self._preparation).contiguous(memory_format=torch.channels_last)
        if self.front is None:
            return pixels
        with torch.no_grad():
            maps: Tensor = self.front(pixels)
        return maps

    def _stream(self, kind: int, step: int) -> np.random.Generator:
        return np.random.default_rng(
            [self._settings.seed, kind, self.current_epoch, step, self.trainer.global_rank]
        )


def _as_it_is(batch: Any) -> Any:  # noqa: ANN401 - the dataset gives whole batches, which torch's types lack
    return batch


def _gathered(module: LightningModule, rows: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
    """Every device's rows and logits, which may differ in number by one."""
    gather = cast("Callable[[Tensor], Tensor]", module.all_gather)
    counts = gather(torch.tensor(len(rows), device=rows.device)).tolist()
    missing = max(counts) - len(rows)
    all_rows = gather(nn.functional.pad(rows, (0, missing)))
    all_logits = gather(nn.functional.pad(logits, (0, 0, 0, missing)))
    return (
        torch.cat([one[:count] for one, count in zip(all_rows, counts, strict=True)]),
        torch.cat([one[:count] for one, count in zip(all_logits, counts, strict=True)]),
    )
