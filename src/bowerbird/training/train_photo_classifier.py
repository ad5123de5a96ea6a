"""The whole training run of a photo classifier, top to bottom.

`train_photo_classifier(photos, training, folder, progress)` -> `PhotoResult`. A backbone is cut into a frozen
front and a trained back; two new linear layers follow; Lightning runs the epochs on whatever device there is;
what did best on the validation photos is what is given back. Killed at any instant and started again, the run
ends where an unbroken one ends.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from lightning.fabric.utilities.rank_zero import rank_zero_only
from lightning.pytorch.loggers import TensorBoardLogger
from torch import nn

from bowerbird.progress import Progress
from bowerbird.training.datasets import Inputs, LabelledPhotos, Rows
from bowerbird.training.epoch_end import EpochMetrics, OnEpoch, best_epoch
from bowerbird.training.photo_backbone import PhotoBackbone
from bowerbird.training.photo_classifier import FrozenPartner, PhotoClassifier
from bowerbird.training.photo_epochs import Devices, lightning_precision, prepared_run, run_epochs
from bowerbird.training.photo_figures import Probabilities
from bowerbird.training.photo_logging import add_picture, mistakes_picture, worst_mistakes
from bowerbird.training.photo_module import PhotoModule
from bowerbird.training.photo_partner import fit_partner, with_partner
from bowerbird.training.photo_training import PhotoTraining
from bowerbird.training.run_folder import BEST, RunFolder
from bowerbird.training.safe_checkpoint import read_checkpoint
from bowerbird.training.training_data import Part


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
    on: str | None = None,
    on_epoch: OnEpoch | None = None,
) -> PhotoResult:
    """Train on the training photos, choose the epoch by the validation photos, answer for both other parts.

    Args:
        photos: labelled and parted.
        training: the settings.
        folder: of this run alone: checkpoints and TensorBoard's files.
        progress: told of every step.
        resume: True goes on, False begins anew, None goes on with a run that was cut short.
        devices: how many of the machine's accelerators; 'auto' is all, or the CPU. Of a cluster likewise: its
            accelerators, or as many processes as it has machines.
        on: HOST:PORT of a Ray cluster whose machines see `folder` and the photos, this one among them; None
            is this machine.
        on_epoch: told each epoch's metrics; the run stops after the epoch for which it returns True, but not
            on a cluster.

    Raises:
        InputError: a photo cannot be read, or the backbone has fewer blocks than are to be trained.
        MismatchError: the run that would go on has other settings or data.
        NotFoundError: `resume` is True and there is no run to go on with.
        TrainingError: the backbone cannot be loaded, or the loss is no longer a number.
        UnavailableError: no cluster answers at `on`, or it lost too many machines.
    """
    photos = replace(photos, learns_validation=training.learn_validation)
    run = RunFolder(folder)
    # Lightning starts this program again for each further device; the first alone prepares the folder.
    checkpoint = (
        run.begin(training, photos.fingerprint, resume=resume) if _is_first_device() else run.newest()
    )
    if on is not None:
        # Ray takes seconds to import.
        from bowerbird.training.ray_epochs import run_epochs_on_cluster

        run_epochs_on_cluster(photos, training, run, progress, on=on, devices=devices, on_epoch=on_epoch)
        checkpoint = run.newest()
    prepared = prepared_run(photos, training, folder, progress)
    module, inputs = prepared.module, prepared.inputs
    history = run_epochs(prepared, photos, training, run, checkpoint, progress, Devices(devices), on_epoch)
    if not _is_first_device():
        raise SystemExit(0)  # the first device's process alone goes on to test and publish
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
        prepared.backbone,
        prepared.cut.front.cpu(),
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


def probabilities(module: PhotoModule, inputs: Inputs, rows: Rows, training: PhotoTraining) -> Probabilities:
    """(len(rows), C) float32, the mean over mirror images where `training.tta` asks for it."""
    mirrors = (False, True) if training.tta else (False,)
    found = [np.empty((0, module.classifier.second.out_features), np.float32)]
    precision = lightning_precision(training.precision)
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


def _show_mistakes(result: PhotoResult) -> None:
    """The misclassified validation photos of the highest confidence, into TensorBoard."""
    rows = result.photos.rows(Part.VALIDATION)
    worst = worst_mistakes(result.validation, result.photos.labels[rows])
    if len(worst):
        picture = mistakes_picture(result.photos, rows[worst], result.validation[worst])
        logger = TensorBoardLogger(result.folder, name="", version="")
        add_picture(logger.experiment, "validation/worst mistakes", picture, result.best.epoch)
        logger.finalize("success")
