"""The part of the listing encoder that is learned step by step: what photos look like, and what they mean.

Looks are a linear map of the whitened photo features, which starts as whitening itself: a metric learned on
few photos soon knows them by heart, and a linear one least. Meaning is what photos and words share: small
networks of each, several side by side, since their average knows better than one. Words have no looks.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import gelu

from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.whitening import SAMPLES_PER_DIMENSION, Whitening, signed_root
from bowerbird.training.listing_training import ListingTraining
from bowerbird.training.networks import unit

_LEAST_DEVIATION = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class FeatureStatistics:
    """What is fitted, not learned: of the square roots of the training photos' features."""

    mean: NDArray[np.float32]  # (f,)
    deviation: NDArray[np.float32]  # (f,)
    projection: NDArray[np.float32]  # (f, r) the whitening, directions of the largest variance first

    @classmethod
    def fit(cls, features: Vectors, training: ListingTraining) -> "FeatureStatistics":
        """Of (n, f) raw `features`; fewer photos are whitened to fewer directions, very few to none."""
        roots = signed_root(features)
        mean = roots.mean(axis=0)
        whitened = max(2, min(training.whitened, len(features) // SAMPLES_PER_DIMENSION))
        projection = Whitening.fit(features, whitened).projection
        if projection is None:
            projection = np.eye(features.shape[1], whitened, dtype=np.float32)
        return cls(mean, np.maximum(roots.std(axis=0), _LEAST_DEVIATION), projection)


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """What a batch's photos or words say, before it is joined: all of length 1."""

    meanings: Tensor  # (members, B, m)
    looks: Tensor | None = None  # (B, l), of photos alone


class ListingNetwork(nn.Module):
    """`photo_views` and `word_views` are what the losses compare; `listing_space` makes vectors of them.

    Args:
        features: f, columns of a photo's raw features.
        text: t, columns of a text vector.
        training: the sizes.
        statistics: of the training photos.
    """

    mean: Tensor
    deviation: Tensor
    projection: Tensor
    looks_share: Tensor

    def __init__(
        self, features: int, text: int, training: ListingTraining, statistics: FeatureStatistics
    ) -> None:
        super().__init__()
        for name in ("mean", "deviation", "projection"):
            self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(getattr(statistics, name))))
        self.register_buffer("looks_share", torch.tensor(0.5))
        self.looks = nn.Linear(statistics.projection.shape[1], training.looks, bias=False)
        with torch.no_grad():
            self.looks.weight.copy_(torch.eye(*self.looks.weight.shape))
        self.drop_looks = nn.Dropout(training.photo_dropout / 3)
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
        self.looks_width, self.text_width = training.looks, text
        self.meaning_width = training.members * training.width
        self._text_scale = float(np.sqrt(text))

    def photo_views(self, features: Tensor) -> Views:
        """Of (B, f) raw features."""
        centred = torch.sign(features) * torch.sqrt(features.abs()) - self.mean
        looks = unit(self.looks(self.drop_looks(unit(centred @ self.projection))))
        standard = centred / self.deviation
        return Views(torch.stack([unit(member(standard)) for member in self.photo_members]), looks)

    def word_views(self, text: Tensor) -> Views:
        """Of (B, t) unit vectors."""
        scaled = text * self._text_scale
        return Views(torch.stack([unit(member(scaled)) for member in self.word_members]))


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
