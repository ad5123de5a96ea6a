"""What another ranking would have been clicked, told from the log of the one that was served.

A click on a listing at position k counts theta_j / theta_k for the position j that the other ranking gives:
inverse propensity scoring for rankings under the position-based model (Joachims et al., WSDM 2017,
doi:10.1145/3018661.3018699; Li et al., KDD 2018, doi:10.1145/3219819.3220028). Weights are clipped (Ionides,
2008), which trades variance for bias. The self-normalised value (after Swaminathan and Joachims, NeurIPS
2015) gives back the looks that clipping took away: it is V B / D, of the expected looks B under the other
ranking and those D that the weighted log holds; without clipping the two agree.

Theta comes from the log as well (`fit_position_bias`). The interval is the delta method's, a session counting
as one draw, and by theta's influence it counts that theta was estimated. Only what was shown can be valued: a
listing that a page did not show counts 0 under any ranking.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError
from bowerbird.evaluation.position_bias import LoggedImpressions, PositionBias

Floats = NDArray[np.float64]
_Z = 1.959964  # of a 95% interval


@dataclass(frozen=True, slots=True)
class CounterfactualValue:
    """Clicks a page under another ranking, with a 95% interval."""

    value: float
    low: float
    high: float
    standard_error: float
    clipped: float  # share of the impressions with a look under the new ranking whose weight was clipped
    pages: int


def counterfactual_value(
    log: LoggedImpressions,
    new_positions: NDArray[np.int64],
    bias: PositionBias,
    *,
    clip: float = np.inf,
    self_normalised: bool = False,
    sessions: NDArray[np.int64] | None = None,
) -> CounterfactualValue:
    """The clicks a page that each page's listings would have got at `new_positions`.

    Args:
        log: what was shown and clicked.
        new_positions: (n,) where the other ranking puts each, from 1; 0 where it does not show it.
        bias: fitted on this very log.
        clip: the highest weight; infinite clips none.
        self_normalised: give back the looks that clipping took away.
        sessions: (n,) whom each impression was shown to; None takes each page alone.

    Raises:
        InputError: the log is empty, arrays differ in length, `clip` is not above 0, or the bias of a
            position is not known.
    """
    _check(log, new_positions, bias, clip)
    theta = np.r_[0.0, bias.examination]
    then, new = theta[log.position], theta[new_positions]
    ratios = new / then
    free = ratios <= clip  # a clipped weight does not move with theta
    weights, clicked = np.where(free, ratios, clip), log.clicked.astype(np.float64)
    moving = np.where(free, ratios * clicked, 0.0)
    clicks = _Total(weights * clicked, moving, -moving)
    value = clicks.sum / len(np.unique(log.page))
    influence = clicks.relative_influence(log, new_positions, bias) - _page_shares(log.page)
    if self_normalised:
        wanted = _Total(new, new, np.zeros(len(log)))
        held = _Total(weights * then, np.where(free, new, 0.0), np.where(free, 0.0, clip * then))
        value *= wanted.sum / held.sum
        influence += wanted.relative_influence(log, new_positions, bias)
        influence -= held.relative_influence(log, new_positions, bias)
    relative_error = _clustered_error(influence, log.page if sessions is None else sessions)
    reach = float(np.exp(_Z * relative_error))  # around the logarithm: weights make the value skewed
    shown = new_positions > 0
    return CounterfactualValue(
        value=value,
        low=value / reach,
        high=value * reach,
        standard_error=value * relative_error,
        clipped=float(np.mean(~free[shown])) if shown.any() else 0.0,
        pages=len(np.unique(log.page)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Total:
    """A sum over impressions, and how each one's part moves with log theta at its two positions."""

    amounts: Floats
    by_new: Floats
    by_old: Floats

    @property
    def sum(self) -> float:
        return float(self.amounts.sum())

    def relative_influence(
        self, log: LoggedImpressions, new_positions: NDArray[np.int64], bias: PositionBias
    ) -> Floats:
        """(n,) each impression's part in the logarithm of the sum, theta being estimated from it as well."""
        if not self.sum:
            return np.zeros(len(self.amounts))
        size = len(bias.examination) + 1
        gradient = np.bincount(new_positions, self.by_new, size) + np.bincount(
            log.position, self.by_old, size
        )
        return np.asarray((self.amounts + bias.influence @ gradient[1:]) / self.sum)


def _page_shares(pages: NDArray[np.int64]) -> Floats:
    """(n,) each impression's part in the logarithm of the number of pages."""
    _, codes, counts = np.unique(pages, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / (counts[codes] * len(counts)), np.float64)


def _clustered_error(influence: Floats, groups: NDArray[np.int64]) -> float:
    _, codes = np.unique(groups, return_inverse=True)
    by_group = np.bincount(codes, influence)
    few = len(by_group) / max(len(by_group) - 1, 1)
    return float(np.sqrt(few * np.sum(by_group**2)))


def _check(log: LoggedImpressions, new_positions: NDArray[np.int64], bias: PositionBias, clip: float) -> None:
    if not len(log):
        raise InputError("the log holds no impressions, so no ranking can be valued from it; log some pages")
    if new_positions.shape != log.position.shape or len(bias.influence) != len(log):
        raise InputError(
            f"{len(log)} impressions need as many new positions and influences, but {len(new_positions)} and "
            f"{len(bias.influence)} were given; fit the bias on the very log that is valued"
        )
    if not clip > 0:
        raise InputError(f"weights are clipped at a value above 0, but {clip} was given")
    lowest = max(int(log.position.max()), int(new_positions.max()))
    if lowest > len(bias.examination) or new_positions.min() < 0:
        raise InputError(
            f"positions must lie between 1 (0 where not shown) and the {len(bias.examination)} whose bias is "
            f"known, but {new_positions.min()} to {lowest} were given; fit the bias of more positions"
        )
