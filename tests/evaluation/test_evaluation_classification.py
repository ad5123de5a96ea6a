"""Classification figures by value, beside scikit-learn's, and their intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from bowerbird.errors import InputError
from bowerbird.evaluation.classification import (
    calibration_error,
    confusion,
    correct,
    drawn_figure,
    macro_f1,
    reliability,
    top_k,
)
from bowerbird.evaluation.model_metrics import model_metrics
from bowerbird.evaluation.significance import bootstrap_interval

CHANCES = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7], [0.4, 0.4, 0.2], [0.1, 0.6, 0.3]])
LABELS = np.array([0, 1, 1, 0])


def test_right_answers_by_value():
    assert correct(CHANCES, LABELS).tolist() == [True, False, False, False]  # of equals the first
    assert top_k(CHANCES, LABELS, 2).tolist() == [True, True, True, False]
    assert top_k(CHANCES, LABELS, 3).all()


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40))
def test_macro_f1_is_that_of_scikit_learn(pairs: list[tuple[int, int]]):
    labels, predicted = np.array(pairs).T
    assert macro_f1(predicted, labels) == pytest.approx(f1_score(labels, predicted, average="macro"))


def test_calibration_error_by_value():
    confidences = np.array([0.95, 0.95, 0.55, 0.55])
    right = np.array([True, True, True, False])
    # Two bins of two: |0.95 - 1| / 2 + |0.55 - 0.5| / 2.
    assert calibration_error(confidences, right) == pytest.approx(0.5 * 0.05 + 0.5 * 0.05)
    assert reliability(confidences, right, 10) == [
        {"confidence": pytest.approx(0.55), "accuracy": 0.5, "count": 2},
        {"confidence": pytest.approx(0.95), "accuracy": 1.0, "count": 2},
    ]
    assert calibration_error(np.array([1.0]), np.array([True])) == 0


def test_plots_hold_to_the_contract():
    plots = {
        "reliability": reliability(CHANCES.max(axis=1), correct(CHANCES, LABELS)),
        "confusion": confusion(CHANCES.argmax(axis=1), LABELS, ["a", "b", "c"]),
    }
    assert model_metrics([], plots)["plots"]["confusion"]["counts"] == [[1, 1, 0], [1, 0, 1], [0, 0, 0]]


def test_a_drawn_mean_has_the_interval_of_a_mean():
    values = np.random.default_rng(0).random(400)
    figure = drawn_figure("x", "s", lambda rows: float(values[rows].mean()), 400, seed=1, baseline=("b", 0.4))
    low, high = bootstrap_interval(values, seed=1)
    assert (figure.low, figure.high) == pytest.approx((low, high), abs=0.006)
    assert figure.value == pytest.approx(values.mean())
    assert (figure.queries, figure.baseline, figure.baseline_value, figure.p_value) == (400, "b", 0.4, None)


def test_groups_are_drawn_whole():
    values = np.repeat([0.0, 1.0], 50)
    seen: list[int] = []

    def mean(rows: np.ndarray) -> float:
        seen.append(int(values[rows].sum()))
        return float(values[rows].mean())

    figure = drawn_figure("x", "s", mean, 100, seed=0, groups=np.repeat([7, 3], 50))
    assert set(seen) == {0, 50, 100}
    assert (figure.low, figure.high) == (0.0, 1.0)


def test_nothing_has_no_figure():
    with pytest.raises(InputError, match="at least one test item"):
        drawn_figure("macro-F1", "s", lambda _: 0.0, 0, seed=0)
