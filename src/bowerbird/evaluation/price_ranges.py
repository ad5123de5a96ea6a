"""How good suggested prices and ranges are.

In: (n,) asking prices and what was suggested, in major units. Out: one value an item, whose mean, or its
root, is the figure: prices span decades, so errors are those of logarithms.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.evaluation.report import Figure, measure

Prices = NDArray[np.floating[Any]]


def squared_log_errors(suggested: Prices, asked: Prices) -> NDArray[np.float64]:
    """(n,) (log(1 + suggested) - log(1 + asked))^2; the root of their mean is RMSLE."""
    return np.asarray((np.log1p(suggested) - np.log1p(asked)) ** 2, np.float64)


def absolute_log_errors(suggested: Prices, asked: Prices) -> NDArray[np.float64]:
    """(n,) |log(1 + suggested) - log(1 + asked)|: 0.69 is twice or half the price."""
    return np.asarray(np.abs(np.log1p(suggested) - np.log1p(asked)), np.float64)


def covered(low: Prices, high: Prices, asked: Prices) -> NDArray[np.bool_]:
    """(n,) whether the price lies in its range, the ends included."""
    return np.asarray((low <= asked) & (asked <= high))


def rmsle_figure(
    system: str,
    suggested: Prices,
    asked: Prices,
    *,
    seed: int,
    groups: NDArray[np.integer[Any]] | None = None,
    baseline: tuple[str, Prices] | None = None,
) -> Figure:
    """RMSLE: the root of the mean and of its bounds, which keeps a percentile interval one.

    The p-value is of the paired difference of squared errors.
    """
    beside = None if baseline is None else (baseline[0], squared_log_errors(baseline[1], asked))
    mean = measure(
        "RMSLE", system, squared_log_errors(suggested, asked), seed=seed, groups=groups, baseline=beside
    )
    theirs = None if mean.baseline_value is None else mean.baseline_value**0.5
    return Figure(
        mean.name,
        system,
        mean.value**0.5,
        mean.low**0.5,
        mean.high**0.5,
        mean.queries,
        mean.baseline,
        theirs,
        mean.p_value,
    )
