"""What stands beside a photo classifier: photos it remembers, compared by the network as it was packaged.

The closed form is told by all photos and never learns one by heart; a fine-tuned network looks closer. Their
chances are joined by a fixed share.
"""

import numpy as np
import torch

from bowerbird.encoding.encoder import Vectors
from bowerbird.errors import TrainingError
from bowerbird.training.datasets import LabelledPhotos, Rows
from bowerbird.training.photo_classifier import FrozenPartner
from bowerbird.training.photo_figures import Probabilities
from bowerbird.training.photo_kernel import (
    KernelChoices,
    PhotoKernel,
    fit_photo_kernel,
    remembered_rows,
)
from bowerbird.training.photo_training import PhotoTraining
from bowerbird.training.photo_trunk import cut_trunk, load_architecture
from bowerbird.training.training_data import Part

# What chances of a least squares fit, which are timid, are raised to before they are made to sum to 1.
POWERS = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)


def fit_partner(photos: LabelledPhotos, training: PhotoTraining) -> FrozenPartner | None:
    """What is remembered of the photos that are learned from; None where it has no share or no features.

    Raises:
        TrainingError: the photos cannot be told apart at all.
    """
    known = training.architecture == photos.features_of and not training.size
    if photos.features is None or not known or not training.remembered:
        return None
    # The layers of the run's own cut were trained where they lie.
    frozen = cut_trunk(load_architecture(training), training.unfreeze).back.requires_grad_(False).eval()
    partner = FrozenPartner(frozen, _kernel(photos, photos.rows(Part.TRAIN), training), training.remembered)
    partner.power = _best_power(partner, photos)
    if photos.learns_validation:
        partner.kernel = _kernel(photos, photos.learned_rows, training)
    return partner


def with_partner(
    partner: FrozenPartner | None, photos: LabelledPhotos, rows: Rows, own: Probabilities
) -> Probabilities:
    """(len(rows), C) the classifier's `own` probabilities joined with the partner's, where there is one."""
    if partner is None:
        return own
    with torch.inference_mode():
        told = torch.from_numpy(_told(partner, photos, rows))
        return np.asarray(partner.joined(torch.from_numpy(own), told).numpy())


def _kernel(photos: LabelledPhotos, rows: Rows, training: PhotoTraining) -> PhotoKernel:
    rows = remembered_rows(rows, training.seed)
    return fit_photo_kernel(_features(photos, rows), _targets(photos, rows, training), KernelChoices())


def _targets(photos: LabelledPhotos, rows: Rows, training: PhotoTraining) -> Probabilities:
    """(len(rows), C) the classes of `rows`, with the teacher's share where there is one."""
    targets = np.eye(len(photos.classes), dtype=np.float32)[photos.labels[rows]]
    if photos.teacher is None:
        return targets
    taught = photos.teacher[rows]
    share = training.teacher_weight * taught.any(axis=1, keepdims=True)
    return np.asarray(targets * (1 - share) + taught * share, np.float32)


def _best_power(partner: FrozenPartner, photos: LabelledPhotos) -> float:
    """Of `POWERS`, the one whose chances of the validation photos' classes are the likeliest."""
    rows = photos.rows(Part.VALIDATION)
    losses = []
    for power in POWERS:
        partner.power = power
        chances = _told(partner, photos, rows)[np.arange(len(rows)), photos.labels[rows]]
        losses.append(-float(np.log(chances).mean()))
    return POWERS[int(np.argmin(losses))]


def _told(partner: FrozenPartner, photos: LabelledPhotos, rows: Rows) -> Probabilities:
    with torch.inference_mode():
        return np.asarray(partner.chances(torch.from_numpy(_features(photos, rows))).numpy())


def _features(photos: LabelledPhotos, rows: Rows) -> Vectors:
    if photos.features is None:
        raise TrainingError("these photos come without stored features; give --remembered 0")
    return photos.features[rows]
