"""The value of another ranking, told from the log of the one that was served."""

import numpy as np
import pytest
from numpy.typing import NDArray

from bowerbird.errors import InputError
from bowerbird.evaluation.counterfactual import CounterfactualValue, counterfactual_value
from bowerbird.evaluation.position_bias import LoggedImpressions, PositionBias, fit_position_bias

POSITIONS = 10
TRUTH = np.arange(1, POSITIONS + 1.0) ** -0.8


def logged(
    pages: int, seed: int, shuffled: float = 0.4
) -> tuple[LoggedImpressions, NDArray[np.int64], float]:
    """A log served by relevance with noise, the positions under the reverse order, and its true value."""
    rng = np.random.default_rng(seed)
    relevance = np.sort(rng.uniform(0.02, 0.7, (40, POSITIONS)), axis=1)[:, ::-1]
    asked = rng.integers(40, size=pages)
    noise = np.where(rng.random((pages, 1)) < shuffled, rng.normal(0, 3, (pages, POSITIONS)), 0)
    shown = np.argsort(np.arange(POSITIONS) + noise, axis=1)
    chances = relevance[asked[:, None], shown]
    clicked = rng.random(shown.shape) < TRUTH * chances
    new = POSITIONS - shown
    log = LoggedImpressions(
        np.repeat(np.arange(pages), POSITIONS),
        np.repeat(asked, POSITIONS),
        shown.ravel(),
        np.tile(np.arange(1, POSITIONS + 1), pages),
        clicked.ravel(),
    )
    return log, new.ravel(), float((TRUTH[new - 1] * chances).sum(axis=1).mean())


def test_a_click_counts_by_how_much_more_its_new_position_is_looked_at():
    """One page, a click at position 2 moved to 1 (1 / 0.5 = 2) and one at 1 moved to 3 (0.25 / 1): 2.25."""
    bias = PositionBias(np.array([1, 0.5, 0.25]), np.zeros((3, 3)))
    zeros, click = np.zeros(3, np.int64), np.array([True, True, False])
    log = LoggedImpressions(zeros, zeros, np.arange(3), np.array([1, 2, 3]), click)
    new = np.array([3, 1, 2])
    assert counterfactual_value(log, new, bias).value == pytest.approx(2.25)
    # Clipped at 1.5: 1.5 + 0.25; two of the three weights (2 and 0.5 / 0.25) are over it.
    clipped = counterfactual_value(log, new, bias, clip=1.5)
    assert clipped.value == pytest.approx(1.75)
    assert clipped.clipped == pytest.approx(2 / 3)
    # Looks wanted 1.75, held 0.25 + 1.5 * 0.5 + 1.5 * 0.25 = 1.375.
    given_back = counterfactual_value(log, new, bias, clip=1.5, self_normalised=True)
    assert given_back.value == pytest.approx(1.75 * 1.75 / 1.375)


def test_the_ranking_that_was_served_gets_the_clicks_that_it_got():
    log, _, _ = logged(500, seed=1)
    value = counterfactual_value(log, log.position, fit_position_bias(log, POSITIONS))
    assert value.value == pytest.approx(log.clicked.sum() / 500)
    assert value.clipped == 0


def test_without_clipping_the_self_normalised_value_is_the_same():
    log, new, _ = logged(500, seed=2)
    bias = fit_position_bias(log, POSITIONS)
    plain, normalised = (
        counterfactual_value(log, new, bias, self_normalised=normalised) for normalised in (False, True)
    )
    assert normalised.value == pytest.approx(plain.value)
    assert normalised.standard_error == pytest.approx(plain.standard_error)


def test_at_100_000_impressions_the_error_is_small_and_the_interval_covers():
    """The contract of the benchmark on a small market: 20 seeds, the bias from the log alone."""
    errors, covered = {False: [], True: []}, {False: 0, True: 0}
    for seed in range(20):
        log, new, truth = logged(10_000, seed=seed)
        bias = fit_position_bias(log, POSITIONS)
        for variant in errors:
            value = counterfactual_value(log, new, bias, clip=20, self_normalised=variant)
            errors[variant].append(abs(value.value / truth - 1))
            covered[variant] += value.low <= truth <= value.high
    assert max(np.mean(seen) for seen in errors.values()) <= 0.05
    assert min(covered.values()) >= 17


def test_where_few_ranks_changed_the_bias_own_uncertainty_widens_the_interval():
    log, new, _ = logged(2000, seed=3, shuffled=0.03)
    bias = fit_position_bias(log, POSITIONS)
    known = PositionBias(bias.examination, np.zeros_like(bias.influence))
    whole, part = (counterfactual_value(log, new, b).standard_error for b in (bias, known))
    assert part < 0.8 * whole


def test_the_standard_error_is_that_of_the_bootstrap():
    """Pages drawn again with their bias estimated again: the slow way to the same figure."""
    log, new, _ = logged(1500, seed=4)
    said = counterfactual_value(log, new, fit_position_bias(log, POSITIONS)).standard_error
    rng, values = np.random.default_rng(0), []
    for _ in range(60):
        drawn = rng.integers(1500, size=1500)
        places = (drawn[:, None] * POSITIONS + np.arange(POSITIONS)).ravel()
        again = log.taken(places)
        again = LoggedImpressions(
            np.repeat(np.arange(1500), POSITIONS),
            again.question,
            again.listing,
            again.position,
            again.clicked,
        )
        values.append(counterfactual_value(again, new[places], fit_position_bias(again, POSITIONS)).value)
    assert said == pytest.approx(np.std(values), rel=0.3)


def test_sessions_that_behave_alike_widen_the_interval():
    log, new, _ = logged(1000, seed=5)
    bias = fit_position_bias(log, POSITIONS)
    alone = counterfactual_value(log, new, bias)
    twins = LoggedImpressions(
        np.r_[log.page, log.page + 1000], *(np.tile(a, 2) for a in (log.question, log.listing)),
        np.tile(log.position, 2), np.tile(log.clicked, 2),
    )  # fmt: skip
    twice = PositionBias(bias.examination, np.tile(bias.influence / 2, (2, 1)))
    together = counterfactual_value(twins, np.tile(new, 2), twice, sessions=np.tile(log.page, 2))
    assert together.standard_error == pytest.approx(alone.standard_error)


def test_what_nobody_clicked_is_worth_nothing():
    log, new, _ = logged(50, seed=6)
    bias = fit_position_bias(log, POSITIONS)
    moved = np.where(log.clicked, 0, new)
    value = counterfactual_value(log, moved, bias)
    assert value == CounterfactualValue(0.0, 0.0, 0.0, 0.0, 0.0, 50)


def test_what_cannot_be_valued_is_refused():
    log, new, _ = logged(50, seed=7)
    bias = fit_position_bias(log, POSITIONS)
    with pytest.raises(InputError, match="fit the bias of more positions"):
        counterfactual_value(log, new + 1, bias)
    with pytest.raises(InputError, match="above 0"):
        counterfactual_value(log, new, bias, clip=0)
    with pytest.raises(InputError, match="as many new positions"):
        counterfactual_value(log, new[:5], bias)
    with pytest.raises(InputError, match="no impressions"):
        counterfactual_value(log.taken(new > 99), new[:0], bias)
