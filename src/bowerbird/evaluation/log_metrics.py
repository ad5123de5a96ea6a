"""Figures of what was shown and clicked, and of how attention is spread over the market.

In: the log as arrays (`LoggedImpressions`), split by time so that nothing that came later is known. A click
is the grade 1. These figures are of the logged ranking as it was served, position bias and all;
`counterfactual` is for comparing rankings.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError
from bowerbird.evaluation.position_bias import LoggedImpressions

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class PageFigures:
    """(p,) each page that got a click among its first k, or any at all where that is said."""

    pages: NDArray[np.int64]  # with a click
    ndcg: Floats  # nDCG@k, a click being gain 1
    reciprocal_rank: Floats  # of the first click, at whatever rank
    hit: Floats  # 1 where a click is among the first k
    clicked_share: float  # of all pages, those with a click


def page_figures(log: LoggedImpressions, k: int) -> PageFigures:
    """nDCG@k, reciprocal rank and hit rate@k of each page that was clicked.

    Raises:
        InputError: `k` is below 1, or no page was clicked.
    """
    if k < 1:
        raise InputError(f"k must be 1 or more, but {k} was given")
    pages, codes = np.unique(log.page, return_inverse=True)
    clicks = np.bincount(codes, log.clicked, len(pages))
    if not clicks.any():
        raise InputError(f"none of {len(pages)} pages was clicked, so no ranking can be judged; log longer")
    gains = np.where(log.clicked & (log.position <= k), 1 / np.log2(1 + log.position), 0.0)
    found = np.bincount(codes, gains, len(pages))
    ideal = np.r_[0.0, np.cumsum(1 / np.log2(1 + np.arange(1, k + 1)))][np.minimum(clicks, k).astype(int)]
    first = np.full(len(pages), np.iinfo(np.int64).max)
    np.minimum.at(first, codes[log.clicked], log.position[log.clicked])
    some = clicks > 0
    return PageFigures(
        pages[some],
        np.asarray(found[some] / ideal[some]),
        np.asarray(1 / first[some]),
        (first[some] <= k).astype(np.float64),
        float(some.mean()),
    )


def earlier(times: Floats, share: float) -> NDArray[np.bool_]:
    """(n,) True for the first `share` of what happened; equal times stay on one side.

    Raises:
        InputError: `share` is not between 0 and 1, or there are no times.
    """
    if not 0 < share < 1 or not len(times):
        raise InputError(f"a split by time needs a share in (0, 1) and times, but got {share}, {len(times)}")
    return np.asarray(times < np.quantile(times, share))


def coverage(shown: NDArray[np.int64], size: int) -> float:
    """The share of a market of `size` listings that was shown at all (Ge et al., RecSys 2010)."""
    return len(np.unique(shown)) / size


def novelty(shown: NDArray[np.int64], visits: Counts) -> float:
    """The mean self-information -log2 p_d of what was shown, in bits (Zhou et al., PNAS 2010).

    Args:
        shown: listings, as often as they were shown.
        visits: (size,) how often each listing was visited before; one more is counted for each, so that what
            nobody has seen is new without being infinitely so.
    """
    chances = (visits + 1) / (visits.sum() + len(visits))
    return float(-np.log2(chances[shown]).mean())


def gini(counts: Counts | Floats) -> float:
    """How unevenly `counts` are spread: 0 where all are equal, near 1 where one has all (Gini, 1912).

    Raises:
        InputError: there are no counts, one is negative, or all are 0.
    """
    ordered = np.sort(np.asarray(counts, np.float64))
    if not len(ordered) or ordered[0] < 0 or not ordered[-1]:
        raise InputError("concentration needs counts of 0 or more that are not all 0; log some pages first")
    n = len(ordered)
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * ordered.sum()))
