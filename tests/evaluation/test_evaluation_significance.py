"""Intervals and p-values against what theory and full enumeration say."""

from itertools import product

import numpy as np
import pytest

from bowerbird.errors import InputError
from bowerbird.evaluation.significance import bootstrap_interval, randomisation_test


def test_the_interval_of_a_mean_is_close_to_the_normal_one():
    values = np.random.default_rng(0).normal(5, 2, size=400)
    half = 1.96 * values.std() / np.sqrt(400)
    low, high = bootstrap_interval(values, seed=1)
    assert low == pytest.approx(values.mean() - half, abs=0.03)
    assert high == pytest.approx(values.mean() + half, abs=0.03)


def test_one_seed_gives_one_interval_and_a_higher_level_a_wider_one():
    values = np.random.default_rng(0).random(50)
    assert bootstrap_interval(values, seed=4, rounds=250) == bootstrap_interval(values, seed=4, rounds=250)
    low, high = bootstrap_interval(values, seed=4, level=0.99)
    narrow_low, narrow_high = bootstrap_interval(values, seed=4)
    assert low < narrow_low < narrow_high < high


def test_copies_of_a_value_in_one_group_do_not_narrow_the_interval():
    values, groups = np.random.default_rng(0).random(60), np.arange(60)
    alone = bootstrap_interval(values, seed=2)
    grouped = bootstrap_interval(np.repeat(values, 9), seed=2, groups=np.repeat(groups, 9))
    ungrouped = bootstrap_interval(np.repeat(values, 9), seed=2)
    assert grouped == pytest.approx(alone)
    assert ungrouped[1] - ungrouped[0] < 0.5 * (alone[1] - alone[0])


def test_the_p_value_equals_the_count_over_all_swaps():
    a, b = np.array([3, 1, 4, 1, 5, 9, 2, 6]), np.array([2, 7, 1, 1, 2, 1, 0, 2])
    sums = [abs(np.dot(signs, a - b)) for signs in product([-1, 1], repeat=8)]
    exact = np.mean(np.array(sums) >= abs((a - b).sum()))
    assert randomisation_test(a, b, seed=0, rounds=20_000) == pytest.approx(exact, abs=0.01)


def test_equal_systems_have_p_1_and_a_clear_difference_the_smallest_p():
    values = np.random.default_rng(0).random(100)
    assert randomisation_test(values, values, seed=0, rounds=999) == 1
    assert randomisation_test(values + 1, values, seed=0, rounds=999) == 1 / 1000


def test_a_difference_within_one_group_is_one_swap():
    values = np.ones(100)
    assert randomisation_test(values, 0 * values, seed=0, groups=np.zeros(100, int), rounds=50) == 1


def test_p_values_of_equal_systems_are_uniform():
    rng = np.random.default_rng(7)
    p_values = [randomisation_test(rng.random(20), rng.random(20), seed=s, rounds=200) for s in range(300)]
    assert np.mean(np.array(p_values) <= 0.2) == pytest.approx(0.2, abs=0.07)


def test_what_cannot_be_paired_or_averaged_is_refused():
    with pytest.raises(InputError, match="as many values as baselines"):
        randomisation_test([1.0], [1.0, 2.0], seed=0)
    with pytest.raises(InputError, match=r"an array of shape \(0,\)"):
        bootstrap_interval([], seed=0)
    with pytest.raises(InputError, match="1 groups were given for 2 values"):
        bootstrap_interval([1.0, 2.0], seed=0, groups=[0])
