"""How sure a figure is: a bootstrap interval for a mean, a randomisation test for a difference.

Both take `groups` where values hang together (the photos of one listing, the queries of one session): whole
groups are then drawn or flipped, since counting dependent values as independent makes intervals too narrow.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bowerbird.errors import InputError

_BLOCK = 100  # rounds drawn at a time, which bounds the memory to 100 x groups


def bootstrap_interval(
    values: ArrayLike,
    *,
    seed: int,
    groups: Sequence[int] | NDArray[np.integer] | None = None,
    level: float = 0.95,
    rounds: int = 2000,
) -> tuple[float, float]:
    """The percentile bootstrap interval of the mean of `values` (Efron, 1979, doi:10.1214/aos/1176344552).

    Args:
        values: (n,) one figure a query.
        seed: of the draws; the same seed gives the same interval.
        groups: (n,) the group of each value; None takes each alone.
        level: the share of intervals that should hold the true mean.
        rounds: how many samples are drawn.

    Raises:
        InputError: there are no values, or groups of another length.
    """
    totals, counts = _by_group(np.asarray(values, np.float64), groups)
    rng = np.random.default_rng(seed)
    means = [
        totals[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
        for size in _blocks(rounds)
        for drawn in [rng.integers(len(totals), size=(size, len(totals)))]
    ]
    low, high = np.quantile(np.concatenate(means), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def randomisation_test(
    values: ArrayLike,
    baseline: ArrayLike,
    *,
    seed: int,
    groups: Sequence[int] | NDArray[np.integer] | None = None,
    rounds: int = 10_000,
) -> float:
    """The two-sided p-value of the paired difference of means (Smucker et al., CIKM 2007).

    If the two systems were one, each pair could as well be swapped: the p-value is the share of random swaps
    whose difference is at least as large as the one seen, the one seen included, so it is never 0
    (doi:10.1145/1321440.1321528; Phipson and Smyth, 2010, arXiv:1603.05766, for the added one).

    Args:
        values: (n,) one figure a query.
        baseline: (n,) the other system's figures for the same queries.
        seed: of the swaps.
        groups: (n,) the group of each pair; None takes each alone.
        rounds: how many swaps of all pairs are drawn.

    Raises:
        InputError: there are no values, or the three differ in length.
    """
    a, b = np.asarray(values, np.float64), np.asarray(baseline, np.float64)
    if a.shape != b.shape:
        raise InputError(f"a paired test needs as many values as baselines, but got {a.shape} and {b.shape}")
    differences, _ = _by_group(a - b, groups)
    seen = abs(differences.sum())
    rng = np.random.default_rng(seed)
    as_large = 0
    for size in _blocks(rounds):
        signs = rng.choice([-1.0, 1.0], size=(size, len(differences)))
        # A swap that gives the seen difference again must count, whatever order the sum was taken in.
        as_large += int(np.count_nonzero(np.abs(signs @ differences) >= seen - 1e-9))
    return (1 + as_large) / (1 + rounds)


def _by_group(
    values: NDArray[np.float64], groups: Sequence[int] | NDArray[np.integer] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if values.ndim != 1 or not len(values):
        raise InputError(f"one figure a query is needed, but an array of shape {values.shape} was given")
    if groups is None:
        return values, np.ones(len(values))
    if len(groups) != len(values):
        raise InputError(f"{len(groups)} groups were given for {len(values)} values; each needs one")
    _, codes, counts = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    return np.bincount(codes, weights=values).astype(np.float64), counts.astype(np.float64)


def _blocks(rounds: int) -> list[int]:
    full, rest = divmod(rounds, _BLOCK)
    return [_BLOCK] * full + [rest] * bool(rest)
