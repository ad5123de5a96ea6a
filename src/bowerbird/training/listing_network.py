"""The part of the listing encoder that is learned step by step: what photos and words mean.

Meaning is what photos and words share: small networks of each, several side by side, since their average
knows better than one. What photos look like is fitted in closed form (`listing_looks`).
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import gelu

from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.whitening import signed_root
from bowerbird.training.listing_training import ListingTraining
from bowerbird.training.networks import unit

_LEAST_DEVIATION = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class FeatureStatistics:
    """What is fitted, not learned: of the square roots of the training photos' features."""

    mean: NDArray[np.float32]  # (f,)
    deviation: NDArray[np.float32]  # (f,)

    @classmethod
    def fit(cls, features: Vectors) -> "FeatureStatistics":
        """Of (n, f) raw `features`."""
        roots = signed_root(features)
        return cls(roots.mean(axis=0), np.maximum(roots.std(axis=0), _LEAST_DEVIATION))


class ListingNetwork(nn.Module):
    """`photos` and `words` are what the losses compare; `listing_space` makes vectors of them.

    Args:
        features: f, columns of a photo's raw features.
        text: t, columns of a text vector.
        training: the sizes.
        statistics: of the training photos.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self, features: int, text: int, training: ListingTraining, statistics: FeatureStatistics
    ) -> None:
        super().__init__()
        for name in ("mean", "deviation"):
            self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(getattr(statistics, name))))
        self.photo_members = nn.ModuleList(
            _member(
                features,
                training.width,
                training.hidden,
                training.photo_dropout,
                training.photo_dropout * 2 / 3,
            )
            for _ in range(training.members)
        )
        self.word_members = nn.ModuleList(
            _member(text, training.width, training.hidden, training.text_dropout, training.text_dropout / 3)
            for _ in range(training.members)
        )
        self.text_width = text
        self.meaning_width = training.members * training.width
        self._text_scale = float(np.sqrt(text))

    def photos(self, features: Tensor) -> Tensor:
        """(B, f) raw features -> (members, B, m) of length 1."""
        standard = (torch.sign(features) * torch.sqrt(features.abs()) - self.mean) / self.deviation
        return torch.stack([unit(member(standard)) for member in self.photo_members])

    def words(self, text: Tensor) -> Tensor:
        """(B, t) unit vectors -> (members, B, m) of length 1."""
        scaled = text * self._text_scale
        return torch.stack([unit(member(scaled)) for member in self.word_members])


class CategoryHeads(nn.Module):
    """From a meaning to logits of roots and of leaves; needed in training alone."""

    def __init__(self, width: int, roots: int, leaves: int) -> None:
        super().__init__()
        self.root, self.leaf = nn.Linear(width, roots), nn.Linear(width, leaves)

    def forward(self, meanings: Tensor) -> tuple[Tensor, Tensor]:
        """(..., m) unit vectors -> (..., R) and (..., L)."""
        scaled = 10 * meanings  # so that the logits of unit vectors can be sure
        return self.root(scaled), self.leaf(scaled)


class _Gelu(nn.Module):
    def forward(self, hidden: Tensor) -> Tensor:
        return gelu(hidden)


def _member(columns: int, width: int, hidden: int, dropout: float, input_dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Dropout(input_dropout),
        nn.Linear(columns, hidden),
        _Gelu(),
        nn.Dropout(dropout),
        nn.Linear(hidden, width),
    )
