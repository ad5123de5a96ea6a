"""What words a photo's listing would have, told in closed form: kernel ridge regression onto text vectors.

A few thousand listings are too few for a network to learn which photos go with which words, but a photo may
be told by all photos it resembles at once. Words are whitened, the photo's last layer is compared by a
Gaussian kernel, and what is told for a photo is near the words of its listing (Weston et al., 'Kernel
dependency estimation', NIPS 2003). There are no epochs and no early stopping.
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
from bowerbird.training.listing_examples import ListingExamples
from bowerbird.training.listing_training import ListingTraining
from bowerbird.training.networks import unit


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
        photo_mean: (c,) of the square roots of the last layer's features.
        photo_directions: (c, r) what the kernel compares.
        remembered: (k, r) unit vectors of the photos that it compares with.
        alpha: (k, t) their weights.
        usual: (t,) what is told without any.
        sharpness: of the kernel exp(sharpness * (cosine - 1)).
    """

    word_mean: Tensor
    word_directions: Tensor
    photo_mean: Tensor
    photo_directions: Tensor
    remembered: Tensor
    alpha: Tensor
    usual: Tensor

    def __init__(
        self,
        words: WordMap,
        photo_mean: Vectors,
        photo_directions: Vectors,
        remembered: Vectors,
        alpha: Vectors,
        usual: Vectors,
        sharpness: float,
    ) -> None:
        super().__init__()
        for name, values in (
            ("word_mean", words.mean),
            ("word_directions", words.directions),
            ("photo_mean", photo_mean),
            ("photo_directions", photo_directions),
            ("remembered", remembered),
            ("alpha", alpha),
            ("usual", usual),
        ):
            self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(values, np.float32)))
        self.sharpness = sharpness

    @property
    def width(self) -> int:
        """Numbers of a vector."""
        return len(self.usual)

    def photos(self, features: Tensor) -> Tensor:
        """(B, f) raw features -> (B, t) of length 1."""
        last = features[:, : len(self.photo_mean)]
        roots = torch.sign(last) * torch.sqrt(last.abs())
        compared = unit((roots - self.photo_mean) @ self.photo_directions)
        likeness = torch.exp(self.sharpness * (compared @ self.remembered.T - 1))
        return unit(likeness @ self.alpha + self.usual)

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
    if len(photos) > MOST_REMEMBERED:
        drawn = np.random.default_rng(training.seed).permutation(len(photos))[:MOST_REMEMBERED]
        photos = photos[np.sort(drawn)]
    titles, texts = examples.titles.numpy(), examples.texts.numpy()
    words = WordMap.fit(np.concatenate([titles[rows], texts[rows]]), training.word_shrinkage)
    owners = examples.data.photo_owners[photos]
    # A title and the whole text count alike.
    targets = unit_rows(words.apply(titles[owners]) + words.apply(texts[owners]))
    roots = signed_root(examples.features[photos, : examples.last_layer].numpy())
    mean = roots.mean(axis=0)
    directions = _principal(roots - mean, training.compared)
    remembered = unit_rows((roots - mean) @ directions)
    gram = np.exp(training.sharpness * (remembered @ remembered.T - 1))
    alpha, usual = fit_alpha(gram, targets, np.ones(len(photos), np.float32), training.ridge)
    return ToldWords(words, mean, directions, remembered, alpha, usual, training.sharpness)


def _principal(centred: Vectors, most: int) -> Vectors:
    """(c, r) orthonormal directions of the largest variance of (n, c) `centred`, r at most `most`."""
    _, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    count = min(most, *centred.shape)
    return np.asarray(directions[:, ::-1][:, :count], np.float32)
