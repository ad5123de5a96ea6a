"""The closed form against scikit-learn's, folds against a plain loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.kernel_ridge import KernelRidge

from bowerbird.errors import TrainingError
from bowerbird.training.kernel_ridge import cross_fitted_scores, fit_alpha, group_folds


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(40, 3))
    gram = np.exp(-((points[:, None] - points[None]) ** 2).sum(2)).astype(np.float32)
    targets = rng.normal(size=(40, 2)).astype(np.float32)
    return gram, targets


def test_scores_are_those_of_scikit_learn(problem):
    gram, targets = problem
    alpha, mean = fit_alpha(gram, targets, np.ones(40, np.float32), 0.5)
    reference = KernelRidge(alpha=0.5, kernel="precomputed").fit(gram, targets - targets.mean(0))
    assert gram @ alpha + mean == pytest.approx(reference.predict(gram) + targets.mean(0), abs=1e-4)


def test_a_weight_of_two_is_the_same_listing_twice(problem):
    gram, targets = problem
    weights = np.ones(40, np.float32)
    weights[7] = 2
    twice = np.append(np.arange(40), 7)
    alpha, mean = fit_alpha(gram, targets, weights, 0.5)
    doubled, doubled_mean = fit_alpha(
        gram[np.ix_(twice, twice)], targets[twice], np.ones(41, np.float32), 0.5
    )
    assert gram @ alpha + mean == pytest.approx(gram[:, twice] @ doubled + doubled_mean, abs=1e-4)


def test_cross_fitted_scores_do_not_see_their_fold(problem):
    gram, targets = problem
    folds = np.arange(40) % 4
    folds[:3] = -1
    scores = cross_fitted_scores(gram, targets, np.ones(40, np.float32), 0.5, folds)
    assert np.isnan(scores[:3]).all()
    changed = targets.copy()
    changed[folds == 2] += 100
    again = cross_fitted_scores(gram, changed, np.ones(40, np.float32), 0.5, folds)
    assert again[folds == 2] == pytest.approx(scores[folds == 2])
    assert not np.allclose(again[folds == 1], scores[folds == 1])


def test_a_kernel_that_is_none_is_refused():
    with pytest.raises(TrainingError, match="not positive definite"):
        fit_alpha(
            np.array([[0, 9], [9, 0]], np.float32), np.eye(2, dtype=np.float32), np.ones(2, np.float32), 0.1
        )


@given(st.lists(st.integers(0, 15), min_size=1, max_size=60), st.integers(2, 6), st.integers(0, 9))
def test_no_group_crosses_folds_and_folds_are_even(groups, count, seed):
    groups = np.array(groups)
    folds = group_folds(groups, count, seed)
    assert all(len(set(folds[groups == group].tolist())) == 1 for group in groups)
    sizes = np.bincount(folds, minlength=count)
    assert sizes.max() - sizes.min() <= np.bincount(groups).max()
