"""What words a photo's listing would have, told in closed form: kernel ridge regression onto text vectors.

A few thousand listings are too few for a network to learn which photos go with which words, but a photo may
be told by all photos it resembles at once. Words are whitened, and what is told of a photo is near the words
of its listing (Weston et al., 'Kernel dependency estimation', NIPS 2002).
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.text_encoder import unit_rows
from bowerbird.training.listing_examples import ListingExamples
from bowerbird.training.listing_training import ListingTraining
from bowerbird.training.networks import unit
from bowerbird.training.photo_kernel import KernelChoices, PhotoKernel, fit_photo_kernel, remembered_rows


@dataclass(frozen=True, slots=True, eq=False)
class WordMap:
    """Words made comparable: (t,) mean and (t, t) whitening, of which rare directions get less."""

    mean: Vectors
    directions: Vectors

    @classmethod
    def fit(cls, words: Vectors, shrinkage: float) -> "WordMap":
        """Of (n, t) `words`; `shrinkage` mean variances are added to each direction's own."""
        mean = words.mean(axis=0)
        centred = (words - mean).astype(np.float64)
        variances, directions = np.linalg.eigh(centred.T @ centred / len(words))
        variances = np.maximum(variances, 0) + max(shrinkage * variances.mean(), np.finfo(np.float32).tiny)
        return cls(mean, (directions / np.sqrt(variances)).astype(np.float32))

    def apply(self, words: Vectors) -> Vectors:
        """(n, t) unit vectors."""
        return unit_rows(np.asarray((words - self.mean) @ self.directions, np.float32))


class ToldWords(nn.Module):
    """Photos and words to unit vectors of one space, fitted at once.

    Args:
        words: whitens them.
        kernel: tells them of a photo.
    """

    word_mean: Tensor
    word_directions: Tensor

    def __init__(self, words: WordMap, kernel: PhotoKernel) -> None:
        super().__init__()
        self.register_buffer("word_mean", torch.from_numpy(words.mean))
        self.register_buffer("word_directions", torch.from_numpy(words.directions))
        self.kernel = kernel

    @property
    def width(self) -> int:
        """Numbers of a vector."""
        return len(self.word_mean)

    def photos(self, features: Tensor) -> Tensor:
        """(B, f) raw features -> (B, t) of length 1."""
        return unit(self.kernel(features))

    def words(self, text: Tensor) -> Tensor:
        """(B, t) text vectors -> (B, t) of length 1."""
        return unit((text - self.word_mean) @ self.word_directions)


def fit_told_words(
    examples: ListingExamples, rows: NDArray[np.int64], training: ListingTraining
) -> ToldWords:
    """Learned from the listings `rows`, of whose photos at most 8,000 are remembered.

    Raises:
        TrainingError: the photos cannot be told apart at all.
    """
    photos = np.concatenate([examples.photos[row] for row in rows.tolist()])
    photos = remembered_rows(photos, training.seed)
    titles, texts = examples.titles.numpy(), examples.texts.numpy()
    words = WordMap.fit(np.concatenate([titles[rows], texts[rows]]), training.word_shrinkage)
    owners = examples.data.photo_owners[photos]
    # A title and the whole text count alike.
    targets = unit_rows(words.apply(titles[owners]) + words.apply(texts[owners]))
    features = examples.features[photos, : examples.parts[0]].numpy()
    choices = KernelChoices(training.sharpness, training.ridge, training.compared)
    return ToldWords(words, fit_photo_kernel(features, targets, choices))
