"""What is told of a photo by remembered photos: kernel ridge regression on the frozen network's last layer.

Square roots of the features, centred and of length 1, are compared by the kernel exp(s * (cosine - 1)), which
is a Gaussian of their distance. With a few thousand photos it knows more than linear layers do, takes seconds
and has no epochs.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.text_encoder import unit_rows
from bowerbird.encoding.whitening import signed_root
from bowerbird.training.kernel_ridge import MOST_REMEMBERED, fit_alpha
from bowerbird.training.networks import unit


@dataclass(frozen=True, slots=True)
class KernelChoices:
    """Chosen by words that find photos, on held-out training listings of the real market."""

    sharpness: float = 4.0
    ridge: float = 1.0
    compared: int = 384  # directions of the features that are compared


class PhotoKernel(nn.Module):
    """Features to what is told: (B, f) -> (B, t), from the first c columns.

    Args:
        mean: (c,) of the square roots.
        directions: (c, r) what is compared.
        remembered: (k, r) unit vectors.
        alpha: (k, t) their weights.
        usual: (t,) what is told without any.
        sharpness: of the kernel.
    """

    mean: Tensor
    directions: Tensor
    remembered: Tensor
    alpha: Tensor
    usual: Tensor

    def __init__(
        self,
        mean: Vectors,
        directions: Vectors,
        remembered: Vectors,
        alpha: Vectors,
        usual: Vectors,
        sharpness: float,
    ) -> None:
        super().__init__()
        for name, values in (
            ("mean", mean),
            ("directions", directions),
            ("remembered", remembered),
            ("alpha", alpha),
            ("usual", usual),
        ):
            self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(values, np.float32)))
        self.sharpness = sharpness

    def forward(self, features: Tensor) -> Tensor:
        """(B, f) raw features, f at least c -> (B, t)."""
        last = features[:, : len(self.mean)]
        roots = torch.sign(last) * torch.sqrt(last.abs())
        compared = unit((roots - self.mean) @ self.directions)
        likeness = torch.exp(self.sharpness * (compared @ self.remembered.T - 1))
        return likeness @ self.alpha + self.usual


def remembered_rows(rows: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """`rows`, or 8,000 of them drawn by `seed`: the cost grows with their cube."""
    if len(rows) <= MOST_REMEMBERED:
        return rows
    return np.sort(np.random.default_rng(seed).permutation(rows)[:MOST_REMEMBERED])


def fit_photo_kernel(features: Vectors, targets: Vectors, choices: KernelChoices) -> PhotoKernel:
    """Of the (n, c) raw `features` of photos and the (n, t) `targets` to tell of them.

    Raises:
        TrainingError: the photos cannot be told apart at all.
    """
    roots = signed_root(features)
    mean = roots.mean(axis=0)
    directions = _principal(roots - mean, choices.compared)
    remembered = unit_rows((roots - mean) @ directions)
    gram = np.exp(choices.sharpness * (remembered @ remembered.T - 1))
    alpha, usual = fit_alpha(gram, targets, np.ones(len(features), np.float32), choices.ridge)
    return PhotoKernel(mean, directions, remembered, alpha, usual, choices.sharpness)


def _principal(centred: Vectors, most: int) -> Vectors:
    """(c, r) orthonormal directions of the largest variance of (n, c) `centred`, r at most `most`."""
    _, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    count = min(most, *centred.shape)
    return np.asarray(directions[:, ::-1][:, :count], np.float32)
