"""What a photo looks like, in closed form: numbers that the photos of one listing share and others do not.

The parts of a photo's features (the last layer, ends of stages, colours) are whitened apart and each brought
to length 1: whitened together, the last layer's many directions drown what else photos of one thing share.
Of the parts side by side those directions are kept in which listings differ most, measured by how much the
photos of one listing do (linear discriminant analysis with a ridge; Friedman, 'Regularized Discriminant
Analysis', 1989, doi:10.1080/01621459.1989.10478752).
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.text_encoder import unit_rows
from bowerbird.encoding.whitening import signed_root
from bowerbird.training.listing_examples import ListingExamples
from bowerbird.training.listing_training import ListingTraining
from bowerbird.training.networks import unit

Moments = NDArray[np.float64]
_LEAST_SHARE = 1e-6  # of all variance: less is rounding


class ListingLooks(nn.Module):
    """Raw features to looks: (B, f) -> (B, l) of length 1.

    Args:
        mean: (f,) of the square roots of the features.
        whitened: (w, r) of each part, whose widths w sum to f.
        usual: (R,) mean of the whitened parts side by side.
        directions: (R, l) what is kept of them.
    """

    mean: Tensor
    usual: Tensor
    directions: Tensor

    def __init__(
        self, mean: Vectors, whitened: Sequence[Vectors], usual: Vectors, directions: Vectors
    ) -> None:
        super().__init__()
        for name, values in (("mean", mean), ("usual", usual), ("directions", directions)):
            self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(values, np.float32)))
        self.widths = [len(part) for part in whitened]
        for number, part in enumerate(whitened):
            self.register_buffer(f"part{number}", torch.from_numpy(np.ascontiguousarray(part)))

    @property
    def width(self) -> int:
        """Numbers of a photo's looks."""
        return self.directions.shape[1]

    def forward(self, features: Tensor) -> Tensor:
        """(B, f) raw features -> (B, l) of length 1."""
        centred = torch.sign(features) * torch.sqrt(features.abs()) - self.mean
        parts = [
            unit(part @ getattr(self, f"part{number}"))
            for number, part in enumerate(torch.split(centred, self.widths, dim=1))
        ]
        return unit((torch.cat(parts, dim=1) - self.usual) @ self.directions)


def fit_looks(examples: ListingExamples, rows: NDArray[np.int64], training: ListingTraining) -> ListingLooks:
    """Learned from the photos of the listings `rows`."""
    photos = np.concatenate([examples.photos[row] for row in rows.tolist()])
    return fit_looks_of(
        examples.features[photos].numpy(), examples.data.photo_owners[photos], examples.parts, training
    )


def fit_looks_of(
    features: Vectors, owners: NDArray[np.int64], parts: Sequence[int], training: ListingTraining
) -> ListingLooks:
    """Learned from the (n, f) raw `features` of photos and the (n,) listings that own them.

    Args:
        features: of the photos.
        owners: equal for photos of one listing.
        parts: how many columns each part has, in their order.
        training: how many directions there are, and the ridge.
    """
    bounds = np.cumsum([0, *parts]).tolist()
    columns = [slice(start, end) for start, end in pairwise(bounds)]
    roots = signed_root(features)
    mean = roots.mean(axis=0)
    roots -= mean
    whitened = [_whitening(roots[:, own], training.whitened) for own in columns]
    sides = np.concatenate(
        [unit_rows(roots[:, own] @ part) for own, part in zip(columns, whitened, strict=True)], axis=1
    )
    usual = sides.mean(axis=0)
    sides -= usual
    directions = np.zeros((sides.shape[1], training.looks), np.float32)
    kept = _discriminants(sides, owners, training.looks_ridge)[:, : training.looks]
    directions[:, : kept.shape[1]] = kept
    return ListingLooks(mean, whitened, usual, directions)


def _whitening(centred: Vectors, most: int) -> Vectors:
    """(w, r) of one part's (n, w) `centred` square roots, its `most` widest directions.

    A mean variance is added to each direction's own: rare directions are mostly noise, and get less.
    """
    variances, directions = np.linalg.eigh(_moments(centred) / len(centred))
    variances = np.maximum(variances, 0) + max(variances.mean(), np.finfo(np.float32).tiny)
    return np.asarray((directions / np.sqrt(variances))[:, ::-1][:, :most], np.float32)


def _discriminants(centred: Vectors, owners: NDArray[np.int64], ridge: float) -> Moments:
    """(R, R) directions of (n, R) `centred`: those first that differ most, where photos of a listing do by 1.

    Listings with several photos count alike, and `ridge` mean variances are added to each direction's own.
    """
    _, listing, counts = np.unique(owners, return_inverse=True, return_counts=True)
    means = np.zeros((len(counts), centred.shape[1]), np.float32)
    np.add.at(means, listing, centred)
    means /= counts[:, None]
    apart: Vectors = centred - means[listing]
    apart /= np.sqrt(np.maximum(counts - 1, 1))[listing, None]
    total, within = _moments(centred), _moments(apart)
    typical = float(np.trace(within)) / len(within)
    if typical <= _LEAST_SHARE * float(np.trace(total)) / len(total):
        within, typical = np.eye(len(within)), 1.0  # no two photos of one listing: all directions are alike
    factor = np.linalg.cholesky(within + ridge * typical * np.eye(len(within)))
    # total v = lambda within v, turned into a plain problem of u = L^T v.
    half = np.linalg.solve(factor, total)
    _, turned = np.linalg.eigh(np.linalg.solve(factor, half.T))
    directions = np.linalg.solve(factor.T, turned[:, ::-1])
    return np.asarray(directions / np.sqrt((directions**2).sum(axis=0).mean()))


def _moments(rows: Vectors) -> Moments:
    """(c, c) sums of products of the columns."""
    return np.asarray((rows.T @ rows).astype(np.float64))
