"""How much more the upper positions of a page are looked at, told from a log of changed ranks.

In: every listing that a page showed, where it stood, and whether it was clicked. Under the position-based
model a listing d at position k of a page that asks q is clicked with probability theta_k r_qd. Where d stood
at several positions for one q, its relevance r_qd cancels and what is left speaks of theta alone:
intervention harvesting over all pairs of positions (Agarwal et al., WSDM 2019, doi:10.1145/3289600.3291017).
Here all pairs are pooled by one conditional likelihood: of C_g clicks on the pair g = (q, d), shown n_gk
times at position k, those at k are a share p_gk = n_gk theta_k / sum_j n_gj theta_j. It is concave in
log theta, and its score is 0 in expectation at the truth whatever the relevances are.

Rank must not follow relevance within a pair: where a ranking is personal, let the question name the shopper.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError

Floats = NDArray[np.float64]
# The prior: theta_k = k^-eta e^delta_k with eta around 1 (Joachims et al., WSDM 2017), and delta a random
# walk from 0 along log k, so that far positions, which are looked at alike, speak for one another.
_ETA, _ETA_SPREAD, _STEP_SPREAD = 1.0, 0.5, 0.4
_MOST_STEPS, _SMALL_STEP = 100, 1e-8


@dataclass(frozen=True, slots=True, eq=False)
class LoggedImpressions:
    """(n,) listings shown, in no particular order.

    Raises:
        InputError: the arrays differ in length, or a position is below 1.
    """

    page: NDArray[np.int64]  # numbers that the caller gives out, as are the next two
    question: NDArray[np.int64]  # pages that asked the same have the same
    listing: NDArray[np.int64]
    position: NDArray[np.int64]  # from 1
    clicked: NDArray[np.bool_]

    def __post_init__(self) -> None:
        arrays = (self.page, self.question, self.listing, self.position, self.clicked)
        shapes = {array.shape for array in arrays}
        if len(shapes) != 1 or self.page.ndim != 1:
            raise InputError(f"impressions need five 1-d arrays of one length, but got shapes {shapes}")
        if len(self.position) and self.position.min() < 1:
            raise InputError(f"positions count from 1, but one is {self.position.min()}; correct the log")

    def __len__(self) -> int:
        return len(self.page)

    def taken(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "LoggedImpressions":
        """The impressions that a mask or places choose."""
        return LoggedImpressions(
            self.page[chosen],
            self.question[chosen],
            self.listing[chosen],
            self.position[chosen],
            self.clicked[chosen],
        )


@dataclass(frozen=True, slots=True, eq=False)
class PositionBias:
    """Examination relative to position 1, and what it rests on."""

    examination: Floats  # (positions,), the first 1
    influence: Floats  # (n, positions) of each impression on log examination, for intervals


def estimate_position_bias(log: LoggedImpressions, positions: int) -> Floats:
    """(positions,) how likely each position is looked at, relative to position 1.

    Shrunk towards 1 / rank^eta and its neighbours, eta being estimated too, so that a position with little
    data stays plausible; it is not forced to fall. Impressions below `positions` are left out.

    Raises:
        InputError: `positions` is below 1, or no clicked listing stood at two positions for one question.
    """
    return fit_position_bias(log, positions).examination


def fit_position_bias(log: LoggedImpressions, positions: int) -> PositionBias:
    """`estimate_position_bias`, with each impression's part in it.

    The influence of impression i of pair g at position k on the score is (c_i - theta_k r_g)(e_k - p_g), r_g
    being clicks over expected looks; the inverse Hessian makes it one on log theta (the sandwich estimator:
    Huber, 1967). Sums of it over pages or sessions give variances that allow for the bias being estimated.
    """
    if positions < 1:
        raise InputError(f"the bias of {positions} positions was asked for; ask for 1 or more")
    pairs = _Pairs.of(log, positions)
    if positions == 1:
        return PositionBias(np.ones(1), np.zeros((len(log), 1)))
    if not len(pairs.clicks):
        raise InputError(
            f"in {len(log)} impressions no clicked listing stood at two positions for the same question, so "
            "position bias cannot be told from relevance; shuffle a share of the pages a little, or log on"
        )
    basis = np.column_stack([-np.log(np.arange(1, positions + 1)), np.eye(positions)[:, 1:]])
    beliefs = _beliefs(positions)
    middle = np.array([_ETA, *[0.0] * (positions - 1)])
    found = middle.copy()
    for _ in range(_MOST_STEPS):
        score, information = pairs.derivatives(basis @ found)
        slope = basis.T @ score - beliefs @ (found - middle)
        step = np.linalg.solve(basis.T @ information @ basis + beliefs, slope)
        # A long Newton step can overshoot; none of the logarithms moves by more than 1 at once.
        found += step / max(1.0, float(np.abs(basis @ step).max()))
        if np.abs(step).max() < _SMALL_STEP:
            break
    log_theta = basis @ found
    _, information = pairs.derivatives(log_theta)
    spread = basis @ np.linalg.solve(basis.T @ information @ basis + beliefs, basis.T)
    return PositionBias(np.exp(log_theta), pairs.scores_by_impression(log_theta) @ spread)


def _beliefs(positions: int) -> Floats:
    """(positions, positions) the precision of eta and of delta from position 2 on."""
    ranks = np.arange(1, positions + 1)
    steps = (np.eye(positions) - np.eye(positions, k=-1))[1:, 1:]
    precision = np.zeros((positions, positions))
    precision[0, 0] = _ETA_SPREAD**-2
    precision[1:, 1:] = (steps.T / (_STEP_SPREAD**2 * np.diff(np.log(ranks)))) @ steps
    return precision


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """The (question, listing) pairs that were clicked and stood at two positions or more."""

    shown: Floats  # (g, positions)
    clicked: Floats  # (g, positions)
    impressions: NDArray[np.int64]  # (m,) places in the log
    owners: NDArray[np.int64]  # (m,) the pair of each
    positions: NDArray[np.int64]  # (m,) from 0
    outcomes: Floats  # (m,) 1 where clicked
    size: int  # impressions of the whole log

    @property
    def clicks(self) -> Floats:
        """(g,) the clicks on each pair."""
        return np.asarray(self.clicked.sum(axis=1), np.float64)

    @classmethod
    def of(cls, log: LoggedImpressions, positions: int) -> "_Pairs":
        kept = np.flatnonzero(log.position <= positions)
        pairs = np.stack([log.question[kept], log.listing[kept]], axis=1)
        _, owners = np.unique(pairs, axis=0, return_inverse=True)
        owners = owners.reshape(-1)
        places, outcomes = log.position[kept] - 1, log.clicked[kept].astype(np.float64)
        size = int(owners.max(initial=-1)) + 1
        cells = owners * positions + places
        seen = np.zeros(size * positions, bool)
        seen[cells] = True
        speaks = seen.reshape(size, positions).sum(axis=1) > 1
        speaks &= np.bincount(owners, weights=outcomes, minlength=size) > 0
        telling = speaks[owners]
        numbers = np.cumsum(speaks) - 1
        owners, places, outcomes = numbers[owners[telling]], places[telling], outcomes[telling]
        cells, shape = owners * positions + places, (int(speaks.sum()), positions)
        shown = np.bincount(cells, minlength=shape[0] * positions).astype(np.float64)
        clicked = np.bincount(cells, outcomes, shape[0] * positions).astype(np.float64)
        return cls(
            shown.reshape(shape), clicked.reshape(shape), kept[telling], owners, places, outcomes, len(log)
        )

    def derivatives(self, log_theta: Floats) -> tuple[Floats, Floats]:
        """The gradient (positions,) of the log likelihood by log theta, and its negative Hessian."""
        shares = self._shares(log_theta)
        weighted = shares * self.clicks[:, None]
        information = np.diag(weighted.sum(axis=0)) - shares.T @ weighted
        return np.asarray(self.clicked.sum(axis=0) - weighted.sum(axis=0)), np.asarray(information)

    def scores_by_impression(self, log_theta: Floats) -> Floats:
        """(n, positions) each impression's part in the gradient; 0 where its pair says nothing."""
        relevance = self.clicks / (self.shown @ np.exp(log_theta))
        residuals = self.outcomes - np.exp(log_theta[self.positions]) * relevance[self.owners]
        directions = -self._shares(log_theta)[self.owners]
        directions[np.arange(len(directions)), self.positions] += 1
        scores = np.zeros((self.size, len(log_theta)))
        scores[self.impressions] = residuals[:, None] * directions
        return scores

    def _shares(self, log_theta: Floats) -> Floats:
        expected = self.shown * np.exp(log_theta)
        return np.asarray(expected / expected.sum(axis=1, keepdims=True))
