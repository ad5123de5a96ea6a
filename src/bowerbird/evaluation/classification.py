"""How good class probabilities are: right answers, macro-F1, calibration and what is taken for what.

In: (n, C) probabilities and (n,) labels, codes of the classes. Out: figures with their intervals, and the
plots of `model_metrics`. What is no mean of its items (macro-F1, calibration error) gets its interval by
drawing whole groups and computing it anew.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError
from bowerbird.evaluation.report import Figure

Probabilities = NDArray[np.floating[Any]]  # (n, C)
Labels = NDArray[np.integer[Any]]  # (n,)
BINS = 15
ROUNDS = 500


def correct(probabilities: Probabilities, labels: Labels) -> NDArray[np.bool_]:
    """(n,) whether the most probable class, the first of equals, is the label."""
    return np.asarray(probabilities.argmax(axis=1) == labels)


def top_k(probabilities: Probabilities, labels: Labels, k: int) -> NDArray[np.bool_]:
    """(n,) whether the label is among the `k` most probable classes, the first of equals first."""
    ranked = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    return np.asarray((ranked == labels[:, None]).any(axis=1))


def macro_f1(predicted: Labels, labels: Labels) -> float:
    """The mean over the classes that occur or were predicted of F1 = 2 tp / (2 tp + fp + fn).

    The unweighted mean of each class's F1, as in scikit-learn (Opitz and Burst, 2019, arXiv:1911.03347).
    """
    classes = int(max(predicted.max(initial=0), labels.max(initial=0))) + 1
    right = np.bincount(labels[predicted == labels], minlength=classes)
    both = np.bincount(labels, minlength=classes) + np.bincount(predicted, minlength=classes)
    return float((2 * right[both > 0] / both[both > 0]).mean()) if both.any() else 0.0


def calibration_error(
    confidences: NDArray[np.floating[Any]], right: NDArray[np.bool_], bins: int = BINS
) -> float:
    """ECE: the mean distance between confidence and accuracy over equally wide bins of confidence.

    Weighted by the bins' sizes (Naeini et al., AAAI 2015; Guo et al., ICML 2017, arXiv:1706.04599).
    """
    rows = reliability(confidences, right, bins)
    return sum(row["count"] * abs(row["confidence"] - row["accuracy"]) for row in rows) / len(right)


def reliability(
    confidences: NDArray[np.floating[Any]], right: NDArray[np.bool_], bins: int = BINS
) -> list[dict[str, float]]:
    """The plot `reliability`: mean confidence, accuracy and count of each bin that is not empty."""
    codes = np.minimum((np.asarray(confidences) * bins).astype(int), bins - 1)
    return [
        {
            "confidence": float(confidences[codes == code].mean()),
            "accuracy": float(right[codes == code].mean()),
            "count": int(np.count_nonzero(codes == code)),
        }
        for code in np.unique(codes).tolist()
    ]


def confusion(predicted: Labels, labels: Labels, classes: Sequence[str]) -> dict[str, Any]:
    """The plot `confusion`: a row a true class, a column a predicted one."""
    number = len(classes)
    counts = np.bincount(labels * number + predicted, minlength=number * number).reshape(number, number)
    return {"labels": list(classes), "counts": counts.tolist()}


def drawn_figure(
    name: str,
    system: str,
    statistic: Callable[[NDArray[np.int64]], float],
    items: int,
    *,
    seed: int,
    groups: NDArray[np.integer[Any]] | None = None,
    baseline: tuple[str, float] | None = None,
) -> Figure:
    """A figure that is no mean of its items, with its 95% bootstrap interval.

    Args:
        name: of the figure.
        system: that was measured.
        statistic: the figure of the items at these rows, some of them several times.
        items: how many there are.
        seed: of the draws.
        groups: (items,) those of one number are drawn together.
        baseline: name and figure of what to compare with; no p-value can be given.

    Raises:
        InputError: there are no items.
    """
    if not items:
        raise InputError(f"{name} of {system} needs at least one test item, but there is none")
    codes = np.arange(items) if groups is None else np.unique(groups, return_inverse=True)[1]
    order, starts = np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1]
    members = np.split(order, starts)
    rng = np.random.default_rng(seed)
    drawn = [
        statistic(np.concatenate([members[group] for group in rng.integers(len(members), size=len(members))]))
        for _ in range(ROUNDS)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    value = statistic(np.arange(items))
    beside = (None, None) if baseline is None else baseline
    return Figure(name, system, value, float(low), float(high), items, beside[0], beside[1])
