"""Kernel ridge regression: the weights alpha of remembered listings, in closed form.

Least squares on one-hot targets with a penalty: (K + diag(ridge / weight)) alpha = Y - mean (Saunders,
Gammerman and Vovk, ICML 1998; one-hot targets make it a classifier, Rifkin, Yeo and Poggio, 2003). No epochs
and no seed: the same listings give the same scores. The cost grows with the cube of the listings, hence
`MOST_REMEMBERED`.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from bowerbird.errors import TrainingError
from bowerbird.suggesting.kernel_machine import Scores

MOST_REMEMBERED = 8_000  # listings; 20 seconds and half a gigabyte on two cores

Matrix = NDArray[np.float32]
Rows = NDArray[np.int64]


def fit_alpha(gram: Matrix, targets: Matrix, weights: Matrix, ridge: float) -> tuple[Matrix, Matrix]:
    """(n, c) alpha and the (c,) mean target that scores start from.

    Args:
        gram: (n, n) kernel values between the training listings.
        targets: (n, c).
        weights: (n,) how much each listing counts, above 0; 1 is a whole listing.
        ridge: penalty of the weights, above 0.

    Raises:
        TrainingError: the kernel matrix is not positive definite even with the penalty.
    """
    mean = np.average(targets, axis=0, weights=weights).astype(np.float32)
    system = torch.from_numpy(np.array(gram, np.float32))
    system.diagonal().add_(torch.from_numpy((ridge / weights).astype(np.float32)))
    factor, failed = torch.linalg.cholesky_ex(system)
    if int(failed):
        raise TrainingError(
            f"the kernel of {len(gram)} listings is not positive definite with a ridge of {ridge:g}; "
            "give a larger one"
        )
    alpha = torch.cholesky_solve(torch.from_numpy((targets - mean).astype(np.float32)), factor)
    return alpha.numpy(), mean


def cross_fitted_scores(
    gram: Matrix, targets: Matrix, weights: Matrix, ridge: float, folds: NDArray[np.int64]
) -> Scores:
    """(n, c) scores of each listing by a fit without its fold; fold -1 is in every fit and gets NaN."""
    scores = np.full(targets.shape, np.nan, np.float32)
    for fold in sorted(set(folds.tolist()) - {-1}):
        held, seen = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        alpha, mean = fit_alpha(gram[np.ix_(seen, seen)], targets[seen], weights[seen], ridge)
        scores[held] = gram[np.ix_(held, seen)] @ alpha + mean
    return scores


def group_folds(groups: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """(n,) fold of each listing, 0 to `count` - 1: whole groups, the largest first into the smallest fold."""
    _, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(sizes))
    fold_of = np.zeros(len(sizes), np.int64)
    filled = np.zeros(count, np.int64)
    for group in order[np.argsort(-sizes[order], kind="stable")].tolist():
        fold_of[group] = int(filled.argmin())
        filled[fold_of[group]] += sizes[group]
    return np.asarray(fold_of[codes])
