"""Position bias is told from relevance where ranks changed, and refused where none did."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bowerbird.errors import InputError
from bowerbird.evaluation.position_bias import LoggedImpressions, estimate_position_bias, fit_position_bias

POSITIONS = 10


def simulated(
    examination: NDArray[np.float64], pages: int, seed: int, *, shuffled: float = 0.3, questions: int = 30
) -> LoggedImpressions:
    """Pages in order of relevance, of which some swap listings that stand near one another."""
    rng = np.random.default_rng(seed)
    k = len(examination)
    relevance = np.sort(rng.uniform(0.05, 0.9, (questions, k)), axis=1)[:, ::-1]
    asked = rng.integers(questions, size=pages)
    noise = np.where(rng.random((pages, 1)) < shuffled, rng.normal(0, 3, (pages, k)), 0)
    shown = np.argsort(np.arange(k) + noise, axis=1, kind="stable")
    chance = examination * relevance[asked[:, None], shown]
    return LoggedImpressions(
        np.repeat(np.arange(pages), k),
        np.repeat(asked, k),
        shown.ravel(),
        np.tile(np.arange(1, k + 1), pages),
        rng.random(pages * k) < chance.ravel(),
    )


@pytest.mark.parametrize("eta", [0.0, 0.7, 1.5])
def test_a_power_law_is_recovered_though_the_log_is_ordered_by_relevance(eta: float):
    truth = np.arange(1, POSITIONS + 1.0) ** -eta
    log = simulated(truth, 8000, seed=1)
    np.testing.assert_allclose(estimate_position_bias(log, POSITIONS), truth, rtol=0.2)
    # What is observed without a correction is far off: relevance falls with the rank as well.
    rates = np.array([log.clicked[log.position == k].mean() for k in range(1, POSITIONS + 1)])
    assert rates[-1] / rates[0] < 0.4 * truth[-1]


def test_another_shape_wins_over_the_prior_with_enough_data():
    """Examination that is level, then drops and rises again."""
    truth = np.array([1, 1, 1, 1, 0.3, 0.3, 0.3, 0.3, 0.6, 0.6])
    estimate = estimate_position_bias(simulated(truth, 20_000, seed=2), POSITIONS)
    np.testing.assert_allclose(estimate, truth, rtol=0.15)


def test_little_data_stays_near_a_plausible_curve():
    log = simulated(np.arange(1, POSITIONS + 1.0) ** -1.0, 60, seed=3)
    estimate = estimate_position_bias(log, POSITIONS)
    prior = np.arange(1, POSITIONS + 1.0) ** -1.0
    assert np.all(np.abs(np.log(estimate / prior)) < 0.8)


def test_two_positions_have_the_closed_form():
    """One pair, shown 10 times at each of two positions, clicked 8 and 4 times: theta_2 is near 1/2.

    The score 4 - 12 t / (1 + t), t = theta_2, is 0 at t = 1/2; the prior, whose middle is 1/2, agrees.
    """
    log = LoggedImpressions(
        np.arange(20),
        np.zeros(20, np.int64),
        np.zeros(20, np.int64),
        np.repeat([1, 2], 10),
        np.r_[np.arange(10) < 8, np.arange(10) < 4],
    )
    np.testing.assert_allclose(estimate_position_bias(log, 2), [1, 0.5], rtol=1e-6)


def test_the_influence_gives_the_spread_that_fresh_logs_show():
    truth = np.arange(1, POSITIONS + 1.0) ** -0.8
    logs = [simulated(truth, 1500, seed=seed) for seed in range(40)]
    fits = [fit_position_bias(log, POSITIONS) for log in logs]
    seen = np.std([np.log(fit.examination) for fit in fits], axis=0)[1:]
    by_page = [np.add.reduceat(fit.influence, np.arange(0, len(logs[0]), POSITIONS)) for fit in fits]
    said = np.sqrt(np.mean([(pages**2).sum(axis=0) for pages in by_page], axis=0))[1:]
    np.testing.assert_allclose(said, seen, rtol=0.35)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_the_log_and_the_names_of_things_change_nothing(seed: int):
    log = simulated(np.arange(1, 6.0) ** -1, 50, seed=seed, questions=4)
    order = np.random.default_rng(seed).permutation(len(log))
    renamed = LoggedImpressions(log.page, 7 - log.question, log.listing + 90, log.position, log.clicked)
    estimate = estimate_position_bias(log, 5)
    np.testing.assert_allclose(estimate_position_bias(log.taken(order), 5), estimate, rtol=1e-6)
    np.testing.assert_allclose(estimate_position_bias(renamed, 5), estimate, rtol=1e-6)
    assert estimate[0] == 1
    assert np.all(estimate > 0)


def test_a_log_whose_ranks_never_changed_is_refused_with_advice():
    log = simulated(np.ones(5), 100, seed=4, shuffled=0.0)
    with pytest.raises(InputError, match="shuffle a share of the pages"):
        estimate_position_bias(log, 5)


def test_no_impressions_are_refused_as_well():
    nothing = np.empty(0, np.int64)
    with pytest.raises(InputError, match="in 0 impressions"):
        estimate_position_bias(LoggedImpressions(nothing, nothing, nothing, nothing, nothing > 0), 5)


def test_positions_below_the_asked_are_left_out():
    log = simulated(np.arange(1, POSITIONS + 1.0) ** -1, 3000, seed=5)
    upper = log.taken(log.position <= 4)
    np.testing.assert_allclose(estimate_position_bias(log, 4), estimate_position_bias(upper, 4))


@pytest.mark.parametrize("position", [[0, 1], [1]])
def test_impressions_are_checked(position: list[int]):
    two = np.arange(2)
    with pytest.raises(InputError):
        LoggedImpressions(two, two, two, np.array(position), two > 0)
