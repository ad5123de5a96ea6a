"""Pooling: the weights that made the labels are found again, and 'sure' keeps its promise."""

import numpy as np
import pytest

from bowerbird.evaluation.classification import calibration_error
from bowerbird.suggesting.category_model import LEAST_ROOT, Evidence, linked, pool, softmax
from bowerbird.training.category_pooling import NEVER_SURE, fit_pooling, sure_above

LEAF_ROOTS = np.array([0, 0, 1, 2])


def drawn(n, a, b, seed=0):
    """Random scores of 3 roots and 4 leaves, and roots drawn with the probabilities that a and b give."""
    rng = np.random.default_rng(seed)
    scores = rng.uniform(-0.2, 1.0, size=(n, 7)).astype(np.float32)
    chances = softmax(linked(scores[:, :3].astype(float), LEAST_ROOT) @ np.array([a, b]))
    roots = (rng.random(n)[:, None] > chances.cumsum(1)).sum(1)
    leaves = np.where(roots == 0, rng.integers(2, size=n), roots + 1)
    return scores, roots, leaves


def test_the_weights_that_drew_the_labels_are_found():
    scores, roots, leaves = drawn(20_000, 3.0, 0.8)
    pooling = fit_pooling(
        {Evidence.WORDS: scores}, roots, leaves, LEAF_ROOTS, folds=np.arange(len(roots)) % 4, precision=0.9
    )
    drew = np.vstack([3.0 * np.eye(3), 0.8 * np.eye(3)])
    # A softmax is the same whatever is added to every root, so weights are compared less their mean.
    assert pooling.root - pooling.root.mean(1, keepdims=True) == pytest.approx(
        drew - drew.mean(1, keepdims=True), abs=0.2
    )
    # Leaves were drawn whatever their scores, so these say nothing.
    assert pooling.leaf[Evidence.WORDS] == pytest.approx((0, 0), abs=0.15)
    root, leaf = pool({Evidence.WORDS: scores}, pooling, LEAF_ROOTS)
    assert calibration_error(root.max(1), root.argmax(1) == roots) < 0.015
    sure = root.max(1) >= pooling.sure
    assert (root.argmax(1) == roots)[sure].mean() == pytest.approx(0.9, abs=0.01)
    assert leaf.sum(1) == pytest.approx(1)
    assert leaf[:, 0] + leaf[:, 1] == pytest.approx(root[:, 0])


def test_evidence_that_says_nothing_gets_no_weight():
    scores, roots, leaves = drawn(10_000, 4.0, 0.5)
    noise = np.random.default_rng(1).uniform(0, 1, scores.shape).astype(np.float32)
    both = fit_pooling(
        {Evidence.WORDS: scores, Evidence.PHOTOS: noise},
        roots,
        leaves,
        LEAF_ROOTS,
        folds=np.arange(len(roots)) % 4,
        precision=0.9,
    )
    assert both.root[6:] == pytest.approx(np.zeros((6, 3)), abs=0.2)


def test_sure_above_is_the_lowest_threshold_that_is_precise_enough():
    confidences = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    right = np.array([True, True, False, True, False])
    assert sure_above(confidences, right, 1.0) == 0.8
    assert sure_above(confidences, right, 0.75) == 0.6  # 3 of 4
    assert sure_above(confidences, right, 0.5) == 0.5
    assert sure_above(np.array([0.9]), np.array([False]), 0.9) == NEVER_SURE
