"""Photos to categories: the trained half of a backbone and two new linear layers.

The first layer has 1,000 outputs, which are the photo's features once the second is taken off: the head
surgery of the classic projects, where a 1,000-output layer replaces ImageNet's classifier.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from bowerbird.training.photo_kernel import PhotoKernel

FEATURES = 1000
_LEAST_CHANCE = 1e-3


class Answer(NamedTuple):
    """What the network says of B photos."""

    features: Tensor  # (B, 1000)
    logits: Tensor  # (B, classes)
    leaf_logits: Tensor  # (B, leaves); (B, 0) where leaves are not learned


class PhotoClassifier(nn.Module):
    """`back` of a backbone, 1,000 features, ReLU, dropout, and logits of classes and leaves."""

    def __init__(self, back: nn.Module, dimension: int, classes: int, leaves: int, dropout: float) -> None:
        super().__init__()
        self.back = back
        # Features of unlike scale and offset would make the first steps of training be about that.
        self.norm = nn.BatchNorm1d(dimension, affine=False)
        self.first = nn.Linear(dimension, FEATURES)
        self.dropout = nn.Dropout(dropout)
        self.second = nn.Linear(FEATURES, classes)
        self.leaf = nn.Linear(FEATURES, leaves) if leaves else None

    def forward(self, maps: Tensor) -> Answer:
        """What is in front of `back` -> features and logits."""
        features = self.first(self.norm(self.back(maps)))
        hidden = self.dropout(torch.relu(features))
        logits = self.second(hidden)
        return Answer(features, logits, logits[:, :0] if self.leaf is None else self.leaf(hidden))

    @property
    def head(self) -> nn.Module:
        """The new layers alone."""
        return nn.ModuleList(one for one in (self.first, self.second, self.leaf) if one is not None)


class ExportedClassifier(nn.Module):
    """The whole network as it is exported: pixels -> (features, logits)."""

    def __init__(
        self, front: nn.Module, classifier: PhotoClassifier, partner: "FrozenPartner | None" = None
    ) -> None:
        super().__init__()
        self.front = front
        self.classifier = classifier
        self.partner = partner

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, s, s) float32, normalised -> (B, 1000) and (B, classes)."""
        maps = self.front(pixels)
        answer = self.classifier(maps)
        if self.partner is None:
            return answer.features, answer.logits
        chances = self.partner.joined(torch.softmax(answer.logits, dim=1), self.partner(maps))
        return answer.features, torch.log(chances)


class FrozenPartner(nn.Module):
    """What remembered photos say beside a classifier, of the backbone as it was before it was trained.

    Args:
        back: the untrained other half of the backbone.
        kernel: tells the chances of classes by its features.
        share: of an answer that it has.
        power: that its timid chances are raised to.
    """

    def __init__(self, back: nn.Module, kernel: PhotoKernel, share: float, power: float = 1.0) -> None:
        super().__init__()
        self.back, self.kernel, self.share, self.power = back, kernel, share, power

    def forward(self, maps: Tensor) -> Tensor:
        """What is in front of `back` -> (B, C) probabilities."""
        return self.chances(self.back(maps))

    def chances(self, features: Tensor) -> Tensor:
        """(B, f) features -> (B, C) probabilities: least squares may leave their range."""
        told = self.kernel(features).clamp(min=_LEAST_CHANCE) ** self.power
        return torch.div(told, told.sum(dim=1, keepdim=True))

    def joined(self, own: Tensor, told: Tensor) -> Tensor:
        """(B, C) probabilities of the classifier and of the partner, by its share."""
        return own * (1 - self.share) + told * self.share
