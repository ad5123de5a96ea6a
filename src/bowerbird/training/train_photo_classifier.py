"""The whole training run of a photo classifier, top to bottom.

`train_photo_classifier(photos, training, folder, progress)` -> `PhotoResult`. A backbone is cut into a frozen
front and a trained back; two new linear layers follow; Lightning runs the epochs on whatever device there is;
what did best on the validation photos is what is given back. Killed at any instant and started again, the run
ends where an unbroken one ends.
"""

import logging
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from lightning.fabric.utilities.rank_zero import rank_zero_only
from lightning.pytorch import Trainer
from lightning.pytorch.loggers import TensorBoardLogger
from torch import nn

from bowerbird.encoding.network import Precision, resolve_precision
from bowerbird.encoding.openvino_runtime import openvino as ov
from bowerbird.progress import Progress
from bowerbird.training.datasets import Inputs, LabelledPhotos, PixelInputs, Rows
from bowerbird.training.epoch_end import EpochEnd, EpochMetrics, OnEpoch, best_epoch, out_of_patience
from bowerbird.training.photo_backbone import PhotoBackbone
from bowerbird.training.photo_classifier import FrozenPartner, PhotoClassifier
from bowerbird.training.photo_figures import Probabilities
from bowerbird.training.photo_logging import add_picture, mistakes_picture, worst_mistakes
from bowerbird.training.photo_module import PhotoModule
from bowerbird.training.photo_partner import fit_partner, with_partner
from bowerbird.training.photo_training import PhotoTraining
from bowerbird.training.photo_trunk import CutTrunk, cut_trunk, load_architecture
from bowerbird.training.photo_views import KeptInputs, kept_inputs
from bowerbird.training.run_folder import BEST, RunFolder
from bowerbird.training.safe_checkpoint import SafeCheckpointIO, read_checkpoint
from bowerbird.training.training_data import Part

LightningPrecision = Literal["bf16-mixed", "32-true"]
VIEWS_FOLDER = "frozen"  # beside the runs, which share it


@dataclass(frozen=True, slots=True, eq=False)
class PhotoResult:
    """A finished run; the network is in evaluation mode, with the best epoch's weights."""

    folder: Path
    training: PhotoTraining
    photos: LabelledPhotos
    backbone: PhotoBackbone  # its network carries the fine-tuned weights
    front: nn.Module
    classifier: PhotoClassifier
    partner: FrozenPartner | None
    history: tuple[EpochMetrics, ...]
    validation: Probabilities  # (v, C) of the validation photos
    test: Probabilities  # (t, C) of the test photos

    @property
    def best(self) -> EpochMetrics:
        """The epoch whose weights these are."""
        return self.history[best_epoch(self.history, is_last=self.training.learn_validation)]


def train_photo_classifier(
    photos: LabelledPhotos,
    training: PhotoTraining,
    folder: Path,
    progress: Progress,
    *,
    resume: bool | None = None,
    devices: int | str = "auto",
    on_epoch: OnEpoch | None = None,
) -> PhotoResult:
    """Train on the training photos, choose the epoch by the validation photos, answer for both other parts.

    Args:
        photos: labelled and parted.
        training: the settings.
        folder: of this run alone: checkpoints and TensorBoard's files.
        progress: told of every step.
        resume: True goes on, False begins anew, None goes on with a run that was cut short.
        devices: how many of the machine's accelerators; 'auto' is all, or the CPU.
        on_epoch: told each epoch's metrics; the run stops after the epoch for which it returns True.

    Raises:
        InputError: a photo cannot be read, or the backbone has fewer blocks than are to be trained.
        MismatchError: the run that would go on has other settings or data.
        NotFoundError: `resume` is True and there is no run to go on with.
        TrainingError: the backbone cannot be loaded, or the loss is no longer a number.
    """
    photos = replace(photos, learns_validation=training.learn_validation)
    run = RunFolder(folder)
    # Lightning starts this program again for each further device; the first alone prepares the folder.
    checkpoint = (
        run.begin(training, photos.fingerprint, resume=resume) if _is_first_device() else run.newest()
    )
    backbone = load_architecture(training)
    cut = cut_trunk(backbone, training.unfreeze, depthwise=training.depthwise)
    inputs = _inputs(photos, backbone, cut, training, folder.parent / VIEWS_FOLDER, progress)
    module = _module(photos, backbone, cut, inputs, training)
    history = _fit(module, photos, training, run, checkpoint, progress, devices, on_epoch)
    _take_best(module, folder)
    partner = fit_partner(photos, training)
    validation, test = (
        with_partner(partner, photos, rows, probabilities(module, inputs, rows, training))
        for rows in (photos.rows(Part.VALIDATION), photos.rows(Part.TEST))
    )
    result = PhotoResult(
        folder,
        training,
        photos,
        backbone,
        cut.front.cpu(),
        module.cpu().classifier,
        partner,
        history,
        validation,
        test,
    )
    _show_mistakes(result)
    return result


def _take_best(module: PhotoModule, folder: Path) -> None:
    """Give `module` the best epoch's weights, in evaluation mode."""
    module.load_state_dict(read_checkpoint(folder / BEST)["state_dict"])
    # The backbone shares its layers with the classifier, not with the average of it.
    module.classifier.load_state_dict(module.final.state_dict())
    module.eval().to("cuda" if torch.cuda.is_available() else "cpu")


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


def _fit(
    module: PhotoModule,
    photos: LabelledPhotos,
    training: PhotoTraining,
    run: RunFolder,
    checkpoint: Path | None,
    progress: Progress,
    devices: int | str,
    on_epoch: OnEpoch | None,
) -> tuple[EpochMetrics, ...]:
    """Run the epochs that are left; the metrics of all."""
    epoch_end = EpochEnd(run, photos, patience=training.patience, progress=progress, on_epoch=on_epoch)
    if checkpoint is not None:
        (state,) = read_checkpoint(checkpoint)["callbacks"].values()
        epoch_end.load_state_dict(state)
        if len(epoch_end.history) >= training.epochs or out_of_patience(epoch_end.history, training.patience):
            return tuple(epoch_end.history)
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
        trainer = Trainer(
            accelerator="auto",
            devices=devices,
            precision=_lightning_precision(training.precision),
            max_epochs=training.epochs,
            callbacks=[epoch_end],
            logger=TensorBoardLogger(run.path, name="", version=""),
            plugins=[SafeCheckpointIO()],
            default_root_dir=run.path,
            enable_checkpointing=False,  # EpochEnd saves
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            log_every_n_steps=10,
            use_distributed_sampler=False,  # EpochSampler knows its device
        )
        # Backbones are loaded for evaluation, and Lightning leaves each layer in the mode it finds.
        module.train()
        trainer.fit(module, ckpt_path=checkpoint)
    if not trainer.is_global_zero:
        raise SystemExit(0)  # the first device's process alone goes on to test and publish
    return tuple(epoch_end.history)


def probabilities(module: PhotoModule, inputs: Inputs, rows: Rows, training: PhotoTraining) -> Probabilities:
    """(len(rows), C) float32, the mean over mirror images where `training.tta` asks for it."""
    mirrors = (False, True) if training.tta else (False,)
    found = [np.empty((0, module.classifier.second.out_features), np.float32)]
    precision = _lightning_precision(training.precision)
    with (
        torch.inference_mode(),
        torch.autocast(module.device.type, torch.bfloat16, enabled=precision == "bf16-mixed"),
    ):
        for at in range(0, len(rows), training.batch_size):
            chunk = rows[at : at + training.batch_size]
            logits = [
                module.logits(inputs.plain(chunk, mirrored=mirrored).to(module.device))
                for mirrored in mirrors
            ]
            mean = torch.stack([torch.softmax(one, dim=1) for one in logits]).mean(dim=0)
            found.append(mean.cpu().numpy())
    return np.concatenate(found)


def _is_first_device() -> bool:
    return int(getattr(rank_zero_only, "rank", 0)) == 0


def _lightning_precision(precision: str) -> LightningPrecision:
    """Lightning's name of it: mixed bf16 where it is asked for, or 'auto' and the device computes it."""
    if precision == Precision.AUTO and torch.cuda.is_available():
        return "bf16-mixed" if torch.cuda.is_bf16_supported() else "32-true"
    if precision == Precision.BF16 and torch.cuda.is_available():
        return "bf16-mixed"
    capabilities = ov.Core().get_property("CPU", ov.properties.device.capabilities())
    resolved = resolve_precision(precision, capabilities)
    return "bf16-mixed" if resolved is Precision.BF16 else "32-true"


def _show_mistakes(result: PhotoResult) -> None:
    """The misclassified validation photos of the highest confidence, into TensorBoard."""
    rows = result.photos.rows(Part.VALIDATION)
    worst = worst_mistakes(result.validation, result.photos.labels[rows])
    if len(worst):
        picture = mistakes_picture(result.photos, rows[worst], result.validation[worst])
        logger = TensorBoardLogger(result.folder, name="", version="")
        add_picture(logger.experiment, "validation/worst mistakes", picture, result.best.epoch)
        logger.finalize("success")
