"""How scores by words and by photos become calibrated probabilities: weights fitted on cross-fitted scores.

In the main a softmax of a s + b log max(s, least): with b = 0 it is temperature scaling (Guo et al., 'On
Calibration of Modern Neural Networks', ICML 2017, arXiv:1706.04599), with a = 0 a power of the scores, and
over two kinds of evidence a logarithmic opinion pool (Genest and Zidek, 1986, doi:10.1214/ss/1177013825).
What a root reads of other roots is penalised (stacking; Wolpert, 1992, doi:10.1016/S0893-6080(05)80023-1).
The negative log-likelihood is convex in the weights. As each listing's scores come from a fit without it,
nothing is calibrated on answers that were learned by heart.
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bowerbird.suggesting.category_model import (
    LEAST_LEAF,
    Evidence,
    Pooling,
    Probabilities,
    linked,
    root_features,
    softmax,
)
from bowerbird.suggesting.kernel_machine import Scores

NEVER_SURE = 1.01  # above every probability
PENALTY = 120.0  # of what a root reads beside the shared weights, over the number of listings
_STEPS = 200
Codes = NDArray[np.int64]
Weights = dict[Evidence, tuple[float, float]]


def fit_pooling(
    scores: Mapping[Evidence, Scores],
    root_codes: Codes,
    leaf_codes: Codes,
    leaf_roots: Codes,
    *,
    folds: Codes,
    precision: float,
) -> Pooling:
    """The weights of greatest likelihood, and the least probability that is right `precision` of the time.

    Args:
        scores: (n, R + L) cross-fitted, by kind of evidence.
        root_codes: (n,) true roots.
        leaf_codes: (n,) true leaves.
        leaf_roots: (L,) the root of each leaf.
        folds: (n,) parts for finding what is sure, by weights fitted without the part.
        precision: share of right answers wanted among those that are not called unsure, 0 to 1.
    """
    roots = int(leaf_roots.max()) + 1
    chances = cross_pooled_roots(scores, root_codes, roots, folds)
    sure = sure_above(chances.max(axis=1), chances.argmax(axis=1) == root_codes, precision)
    root, bias = _fit_roots(root_features(scores, roots), root_codes, roots)
    return Pooling(root, bias, _fit_leaves(scores, leaf_codes, leaf_roots), sure)


def cross_pooled_roots(
    scores: Mapping[Evidence, Scores], root_codes: Codes, roots: int, folds: Codes
) -> Probabilities:
    """(n, R) root probabilities, each by weights that were fitted without the listing's fold."""
    features = root_features(scores, roots)
    chances = np.empty((len(root_codes), roots))
    for fold in np.unique(folds).tolist():
        held, seen = folds == fold, folds != fold
        root, bias = _fit_roots(features[seen], root_codes[seen], roots)
        chances[held] = softmax(features[held] @ root + bias)
    return chances


def sure_above(confidences: Probabilities, right: NDArray[np.bool_], precision: float) -> float:
    """The least confidence such that of the answers with at least that, a share of `precision` is right."""
    order = np.argsort(-confidences, kind="stable")
    precisions = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(precisions >= precision)
    return float(confidences[order[enough[-1]]]) if len(enough) else NEVER_SURE


def _fit_roots(features: Probabilities, codes: Codes, roots: int) -> tuple[Probabilities, Probabilities]:
    """(2 k R, R) weights and (R,) bias of the greatest penalised likelihood.

    A weight for each kind of feature is shared by all roots and free; what a root reads beside is penalised.
    """
    kinds = features.shape[1] // roots
    read, truth = torch.from_numpy(features), torch.from_numpy(codes)
    own = read.reshape(len(codes), kinds, roots)
    shared = torch.zeros(kinds, dtype=torch.float64)
    shared[1::2] = 2 / kinds  # a start at the scores' own logarithms, shared out among the kinds
    cross = torch.zeros(features.shape[1], roots, dtype=torch.float64)
    bias = torch.zeros(roots, dtype=torch.float64)
    penalty = PENALTY / max(len(codes), 1)

    def loss() -> Tensor:
        pooled = torch.einsum("k,nkr->nr", shared, own) + read @ cross + bias
        penalised = cross.square().sum() + 0.1 * bias.square().sum()
        return torch.nn.functional.cross_entropy(pooled, truth) + penalty * penalised

    _minimise(loss, [shared, cross, bias])
    weights = cross.detach().numpy() + np.kron(shared.detach().numpy()[:, None], np.eye(roots))
    return weights, bias.detach().numpy()


def _fit_leaves(scores: Mapping[Evidence, Scores], codes: Codes, leaf_roots: Codes) -> Weights:
    """The weights of leaf scores of the greatest likelihood of the true leaf among those of its root."""
    roots = int(leaf_roots.max()) + 1
    parts = [linked(one[:, roots:].astype(np.float64), LEAST_LEAF) for one in scores.values()]
    read, truth = torch.from_numpy(np.concatenate(parts, axis=2)), torch.from_numpy(codes)
    # Leaves of other roots than the true leaf's do not compete with it.
    no_rival = torch.from_numpy(leaf_roots[None, :] != leaf_roots[codes][:, None])
    weights = torch.tensor([0.0, 1 / len(scores)] * len(scores), dtype=torch.float64)

    def loss() -> Tensor:
        pooled = (read @ weights).masked_fill(no_rival, -torch.inf)
        return torch.nn.functional.cross_entropy(pooled, truth)

    _minimise(loss, [weights])
    pairs = weights.detach().reshape(-1, 2).tolist()
    return {kind: (a, b) for kind, (a, b) in zip(scores, pairs, strict=True)}


def _minimise(loss: Callable[[], Tensor], parameters: list[Tensor]) -> None:
    """Bring a convex `loss` to its least by L-BFGS; the parameters are changed in place."""
    for parameter in parameters:
        parameter.requires_grad_()
    optimiser = torch.optim.LBFGS(parameters, max_iter=_STEPS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        value = loss()
        value.backward()  # type: ignore[no-untyped-call]  # torch has no types here
        return value

    optimiser.step(closure)  # type: ignore[no-untyped-call]  # likewise
