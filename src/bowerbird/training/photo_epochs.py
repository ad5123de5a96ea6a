"""The epochs of a photo run, by as many devices as work on it together."""

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from lightning.fabric.plugins import ClusterEnvironment
from lightning.pytorch import Trainer
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.strategies import Strategy

from bowerbird.encoding.network import Precision, resolve_precision
from bowerbird.encoding.openvino_runtime import openvino as ov
from bowerbird.progress import Progress
from bowerbird.training.datasets import Inputs, LabelledPhotos, PixelInputs
from bowerbird.training.epoch_end import EpochEnd, EpochMetrics, OnEpoch, is_over, saved_history
from bowerbird.training.photo_backbone import PhotoBackbone
from bowerbird.training.photo_classifier import PhotoClassifier
from bowerbird.training.photo_module import PhotoModule
from bowerbird.training.photo_training import PhotoTraining
from bowerbird.training.photo_trunk import CutTrunk, cut_trunk, load_architecture
from bowerbird.training.photo_views import KeptInputs, kept_inputs
from bowerbird.training.run_folder import RunFolder
from bowerbird.training.safe_checkpoint import SafeCheckpointIO

LightningPrecision = Literal["bf16-mixed", "32-true"]
VIEWS_FOLDER = "frozen"  # beside the runs, which share it


@dataclass(frozen=True, slots=True, eq=False)
class Devices:
    """Whose work an epoch is, as Lightning's `Trainer` takes it."""

    devices: int | str = "auto"  # accelerators of this machine; 'auto' is all, or the CPU
    strategy: Strategy | str = "auto"
    environment: ClusterEnvironment | None = None  # who the others are; None where Lightning starts them


@dataclass(frozen=True, slots=True, eq=False)
class PreparedRun:
    """What a run learns with, before its first epoch."""

    backbone: PhotoBackbone
    cut: CutTrunk
    inputs: Inputs
    module: PhotoModule


def prepared_run(
    photos: LabelledPhotos, training: PhotoTraining, folder: Path, progress: Progress
) -> PreparedRun:
    """The networks and inputs of the run in `folder`; what frozen layers say is kept beside it.

    Raises:
        InputError: a photo cannot be read, or the backbone has fewer blocks than are to be trained.
        TrainingError: the backbone cannot be loaded.
    """
    backbone = load_architecture(training)
    cut = cut_trunk(backbone, training.unfreeze, depthwise=training.depthwise)
    inputs = _inputs(photos, backbone, cut, training, folder.parent / VIEWS_FOLDER, progress)
    return PreparedRun(backbone, cut, inputs, _module(photos, backbone, cut, inputs, training))


def run_epochs(
    prepared: PreparedRun,
    photos: LabelledPhotos,
    training: PhotoTraining,
    run: RunFolder,
    checkpoint: Path | None,
    progress: Progress,
    devices: Devices,
    on_epoch: OnEpoch | None,
) -> tuple[EpochMetrics, ...]:
    """Run the epochs that are left after `checkpoint`; the metrics of all.

    Raises:
        MismatchError: the run was begun on another number of devices.
        TrainingError: the loss is no longer a number.
    """
    history = saved_history(checkpoint)
    if history and is_over(history, training):
        return tuple(history)
    epoch_end = EpochEnd(run, photos, patience=training.patience, progress=progress, on_epoch=on_epoch)
    with warnings.catch_warnings():
        # Lightning advises worker processes, which would cost more here than threads that decode.
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        warnings.filterwarnings("ignore", message=".*number of training batches.*smaller than the logging.*")
        # The frozen front is meant to stay in evaluation.
        warnings.filterwarnings("ignore", message=".*in eval mode at the start of training.*")
        # It looks for pickled state of its own that our checkpoints do not hold.
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", category=FutureWarning)
        logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
        plugins: list[Any] = [SafeCheckpointIO()]
        if devices.environment is not None:
            plugins.append(devices.environment)
        trainer = Trainer(
            accelerator="auto",
            devices=devices.devices,
            strategy=devices.strategy,
            precision=lightning_precision(training.precision),
            max_epochs=training.epochs,
            callbacks=[epoch_end],
            logger=TensorBoardLogger(run.path, name="", version=""),
            plugins=plugins,
            default_root_dir=run.path,
            enable_checkpointing=False,  # EpochEnd saves
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            log_every_n_steps=10,
            use_distributed_sampler=False,  # EpochSampler knows its device
        )
        # Backbones are loaded for evaluation, and Lightning leaves each layer in the mode it finds.
        prepared.module.train()
        trainer.fit(prepared.module, ckpt_path=checkpoint)
    return tuple(epoch_end.history)


def lightning_precision(precision: str) -> LightningPrecision:
    """Lightning's name of it: mixed bf16 where it is asked for, or 'auto' and the device computes it."""
    if precision == Precision.AUTO and torch.cuda.is_available():
        return "bf16-mixed" if torch.cuda.is_bf16_supported() else "32-true"
    if precision == Precision.BF16 and torch.cuda.is_available():
        return "bf16-mixed"
    capabilities = ov.Core().get_property("CPU", ov.properties.device.capabilities())
    resolved = resolve_precision(precision, capabilities)
    return "bf16-mixed" if resolved is Precision.BF16 else "32-true"


def _inputs(
    photos: LabelledPhotos,
    backbone: PhotoBackbone,
    cut: CutTrunk,
    training: PhotoTraining,
    folder: Path,
    progress: Progress,
) -> Inputs:
    """What the front says where that is kept, else pixels."""
    pixels = PixelInputs(photos, backbone.preparation, with_margin=training.augmentation > 0)
    if cut.has_front and (training.views or training.unfreeze == "none"):
        return kept_inputs(photos, cut.front, backbone.preparation, pixels, training, folder, progress)
    return pixels


def _module(
    photos: LabelledPhotos,
    backbone: PhotoBackbone,
    cut: CutTrunk,
    inputs: Inputs,
    training: PhotoTraining,
) -> PhotoModule:
    torch.manual_seed(training.seed)
    leaves = len(photos.leaf_names) if training.leaf_weight else 0
    classifier = PhotoClassifier(cut.back, backbone.dimension, len(photos.classes), leaves, training.dropout)
    on_the_fly = cut.has_front and not isinstance(inputs, KeptInputs)
    front = cut.front if on_the_fly else None
    return PhotoModule(classifier, front, photos, inputs, backbone.preparation, training)
