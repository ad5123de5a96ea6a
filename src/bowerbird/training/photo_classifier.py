"""Photos to categories: the trained half of a backbone and two new linear layers.

The first layer has 1,000 outputs, which are the photo's features once the second is taken off: the head
surgery of the classic projects, where a 1,000-output layer replaces ImageNet's classifier.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

FEATURES = 1000


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

    def __init__(self, front: nn.Module, classifier: PhotoClassifier) -> None:
        super().__init__()
        self.front = front
        self.classifier = classifier

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, s, s) float32, normalised -> (B, 1000) and (B, classes)."""
        answer = self.classifier(self.front(pixels))
        return answer.features, answer.logits
