"""Price figures by value."""

import numpy as np
import pytest
from sklearn.metrics import mean_squared_log_error

from bowerbird.evaluation.price_ranges import absolute_log_errors, covered, rmsle_figure, squared_log_errors
from bowerbird.evaluation.significance import bootstrap_interval, randomisation_test

RNG = np.random.default_rng(0)
ASKED = np.round(np.exp(RNG.uniform(0, 8, 200)))
OURS = ASKED * np.exp(RNG.normal(0, 0.5, 200))
THEIRS = ASKED * np.exp(RNG.normal(0, 1.0, 200))


def test_log_errors_by_value():
    assert squared_log_errors(np.array([np.e - 1]), np.array([0.0])).tolist() == pytest.approx([1.0])
    assert absolute_log_errors(np.array([1.0]), np.array([3.0])).tolist() == pytest.approx([np.log(2)])


def test_a_range_holds_its_ends():
    asked = np.array([10.0, 20.0, 9.99, 20.01])
    assert covered(np.full(4, 10.0), np.full(4, 20.0), asked).tolist() == [True, True, False, False]


def test_rmsle_is_that_of_scikit_learn_and_its_interval_that_of_the_mean():
    groups = np.arange(200) // 2
    figure = rmsle_figure("ours", OURS, ASKED, seed=1, groups=groups, baseline=("theirs", THEIRS))
    assert figure.value == pytest.approx(mean_squared_log_error(ASKED, OURS) ** 0.5)
    assert figure.baseline_value == pytest.approx(mean_squared_log_error(ASKED, THEIRS) ** 0.5)
    errors = squared_log_errors(OURS, ASKED)
    low, high = bootstrap_interval(errors, seed=1, groups=groups)
    assert (figure.low, figure.high) == pytest.approx((low**0.5, high**0.5))
    other = squared_log_errors(THEIRS, ASKED)
    assert figure.p_value == randomisation_test(errors, other, seed=1, groups=groups)
    assert rmsle_figure("ours", OURS, ASKED, seed=1).baseline_value is None
