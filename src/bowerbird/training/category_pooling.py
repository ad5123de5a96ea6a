"""How scores by words and by photos become calibrated probabilities: weights fitted on cross-fitted scores.

A softmax of a s + b log max(s, least): with b = 0 it is temperature scaling (Guo et al., 'On Calibration of
Modern Neural Networks', ICML 2017, arXiv:1706.04599), with a = 0 a power of the scores, and over two kinds of
evidence a logarithmic opinion pool (Genest and Zidek, 1986, doi:10.1214/ss/1177013825). The negative
log-likelihood is convex in the weights. As each listing's scores come from a fit without it, nothing is
calibrated on answers that were learned by heart.
"""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bowerbird.suggesting.category_model import (
    LEAST_LEAF,
    LEAST_ROOT,
    Evidence,
    Pooling,
    Probabilities,
    linked,
    pool,
)
from bowerbird.suggesting.kernel_machine import Scores

NEVER_SURE = 1.01  # above every probability
_STEPS = 200
Codes = NDArray[np.int64]
Weights = dict[Evidence, tuple[float, float]]


def fit_pooling(
    scores: Mapping[Evidence, Scores],
    root_codes: Codes,
    leaf_codes: Codes,
    leaf_roots: Codes,
    *,
    precision: float,
) -> Pooling:
    """The weights of greatest likelihood, and the least probability that is right `precision` of the time.

    Args:
        scores: (n, R + L) cross-fitted, by kind of evidence.
        root_codes: (n,) true roots.
        leaf_codes: (n,) true leaves.
        leaf_roots: (L,) the root of each leaf.
        precision: share of right answers wanted among those that are not called unsure, 0 to 1.
    """
    roots = int(leaf_roots.max()) + 1
    everything = np.ones((len(root_codes), roots), np.bool_)
    # Leaves of other roots than the true leaf's do not compete with it.
    siblings = leaf_roots[None, :] == leaf_roots[leaf_codes][:, None]
    root = _fit({kind: one[:, :roots] for kind, one in scores.items()}, root_codes, everything, LEAST_ROOT)
    leaf = _fit({kind: one[:, roots:] for kind, one in scores.items()}, leaf_codes, siblings, LEAST_LEAF)
    chances, _ = pool(scores, Pooling(root, leaf, NEVER_SURE), leaf_roots)
    sure = sure_above(chances.max(axis=1), chances.argmax(axis=1) == root_codes, precision)
    return Pooling(root, leaf, sure)


def sure_above(confidences: Probabilities, right: NDArray[np.bool_], precision: float) -> float:
    """The least confidence such that of the answers with at least that, a share of `precision` is right."""
    order = np.argsort(-confidences, kind="stable")
    precisions = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(precisions >= precision)
    return float(confidences[order[enough[-1]]]) if len(enough) else NEVER_SURE


def _fit(scores: Mapping[Evidence, Scores], codes: Codes, rivals: NDArray[np.bool_], least: float) -> Weights:
    """(a, b) by kind of evidence, of the greatest likelihood of `codes` among the (n, c) `rivals`."""
    parts = np.concatenate([linked(one.astype(np.float64), least) for one in scores.values()], axis=2)
    read, truth = torch.from_numpy(parts), torch.from_numpy(codes)[:, None]
    no_rival = torch.from_numpy(~rivals)
    # A start at the scores' own logarithms, shared out among the kinds.
    weights = torch.tensor([0.0, 1 / len(scores)] * len(scores), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        chances = torch.log_softmax((read @ weights).masked_fill(no_rival, -torch.inf), dim=1)
        value = -chances.gather(1, truth).mean()
        value.backward()  # type: ignore[no-untyped-call]  # torch has no types here
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]  # likewise
    a, b = weights.detach().reshape(-1, 2).T.tolist()
    return {kind: (a[place], b[place]) for place, kind in enumerate(scores)}
