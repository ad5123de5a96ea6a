"""The learned space as it is served: the trained networks beside what is told in closed form, in 256 numbers.

The cosines of both count by their shares, and the meanings that they make together are turned onto the
directions that the market's photos and words fill most. Looks come first.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bowerbird.encoding.encoder import Vectors
from bowerbird.training.listing_examples import ListingExamples
from bowerbird.training.listing_kernel import ToldWords
from bowerbird.training.listing_looks import ListingLooks
from bowerbird.training.listing_network import ListingNetwork
from bowerbird.training.listing_training import DIMENSION
from bowerbird.training.networks import unit

_ROWS_AT_ONCE = 1024


class ListingSpace(nn.Module):
    """Photos and words in one space; without `told` meaning is the trained network's alone.

    Args:
        network: trained.
        looks: fitted.
        told: fitted.
        told_share: how much of a cosine of meanings is that of `told`.
        looks_share: how much of a cosine of photos is that of their looks.
    """

    turned: Tensor

    def __init__(
        self,
        network: ListingNetwork,
        looks: ListingLooks,
        told: ToldWords | None = None,
        *,
        told_share: float = 0.0,
        looks_share: float = 0.5,
    ) -> None:
        super().__init__()
        self.network, self.looks, self.told = network, looks, told
        self.told_share, self.looks_share = told_share, looks_share
        width = network.meaning_width + (told.width if told else 0)
        self.register_buffer("turned", torch.eye(width))

    def forward(self, features: Tensor) -> Tensor:
        """(B, f) raw features -> (B, d) of length 1: looks, then meaning."""
        told = None if self.told is None else self.told.photos(features)
        meaning = self._turned(self.network.photos(features), told)
        share = self.looks_share
        return torch.cat([self.looks(features) * share**0.5, meaning * (1 - share) ** 0.5], dim=1)

    def words(self, text: Tensor) -> Tensor:
        """(B, t) unit vectors -> (B, d) of length 1, whose looks are zero."""
        told = None if self.told is None else self.told.words(text)
        meaning = self._turned(self.network.words(text), told)
        return torch.cat([torch.zeros_like(text[:, :1]).expand(-1, self.looks.width), meaning], dim=1)

    def photo_vectors(self, features: Vectors) -> Vectors:
        """(n, d) of (n, f) raw features."""
        return _in_blocks(self, features)

    def word_vectors(self, text: Vectors) -> Vectors:
        """(n, d) of (n, t) unit vectors."""
        return _in_blocks(self.words, text)

    def turn(self, examples: ListingExamples, rows: NDArray[np.int64]) -> None:
        """Keep what photos and words of the listings `rows` fill most: a vector then has 256 numbers."""
        photos = np.concatenate([examples.photos[row] for row in rows.tolist()])
        self.turned = torch.eye(len(self.turned))  # as nothing was turned yet
        looks = self.looks.width
        seen = (
            self.photo_vectors(examples.features[photos].numpy()),
            self.word_vectors(examples.titles[rows].numpy()),
            self.word_vectors(examples.texts[rows].numpy()),
        )
        moments = np.zeros(self.turned.shape)
        for weight, one in zip((1.0, 0.5, 0.5), seen, strict=True):
            moments += weight * (one[:, looks:].T @ one[:, looks:]) / len(one)
        _, directions = np.linalg.eigh(moments)
        kept = np.zeros((len(moments), DIMENSION - looks), np.float32)
        count = min(kept.shape)
        kept[:, :count] = directions[:, ::-1][:, :count]
        self.turned = torch.from_numpy(kept)

    def _turned(self, members: Tensor, told: Tensor | None) -> Tensor:
        """(members, B, m) and (B, t) unit vectors -> (B, d) unit vectors."""
        meaning = unit(members.permute(1, 0, 2).flatten(1))
        if told is not None:
            share = self.told_share
            meaning = torch.cat([meaning * (1 - share) ** 0.5, told * share**0.5], dim=1)
        return unit(meaning @ self.turned)


class WordSide(nn.Module):
    """The words of a space as a network of its own, to be exported."""

    def __init__(self, space: ListingSpace) -> None:
        super().__init__()
        self.space = space

    def forward(self, text: Tensor) -> Tensor:
        """(B, t) unit vectors -> (B, d)."""
        return self.space.words(text)


def _in_blocks(side: Callable[[Tensor], Tensor], rows: Vectors) -> Vectors:
    with torch.inference_mode():
        return np.concatenate(
            [
                side(torch.from_numpy(np.ascontiguousarray(rows[start : start + _ROWS_AT_ONCE]))).numpy()
                for start in range(0, max(1, len(rows)), _ROWS_AT_ONCE)
            ]
        )
