"""Figures from logs equal those of the slow metrics, and the formulas by value."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.errors import InputError
from bowerbird.evaluation.log_metrics import coverage, earlier, gini, novelty, page_figures
from bowerbird.evaluation.metrics import ndcg, reciprocal_rank
from bowerbird.evaluation.position_bias import LoggedImpressions


@given(st.integers(0, 10_000), st.integers(1, 8))
def test_pages_are_judged_as_the_slow_metrics_judge_them(seed: int, k: int):
    rng = np.random.default_rng(seed)
    page = np.repeat(np.arange(6), 5)
    position = np.concatenate([rng.permutation(5) + 1 for _ in range(6)])
    clicked = rng.random(30) < 0.3
    clicked[0] = True
    figures = page_figures(LoggedImpressions(page, page, np.arange(30), position, clicked), k)
    for place, number in enumerate(figures.pages):
        mine = np.flatnonzero(page == number)
        ranking = [str(i) for i in mine[np.argsort(position[mine])]]
        grades = {str(i): int(clicked[i]) for i in mine}
        assert figures.ndcg[place] == pytest.approx(ndcg(ranking, grades, k))
        assert figures.reciprocal_rank[place] == pytest.approx(reciprocal_rank(ranking, grades))
        assert figures.hit[place] == any(grades[i] for i in ranking[:k])
    assert figures.clicked_share == pytest.approx(len(figures.pages) / 6)


def test_no_click_and_no_rank_are_refused():
    one = np.ones(1, np.int64)
    with pytest.raises(InputError, match="none of 1 pages was clicked"):
        page_figures(LoggedImpressions(one, one, one, one, one < 0), 10)
    with pytest.raises(InputError, match="k must be 1"):
        page_figures(LoggedImpressions(one, one, one, one, one > 0), 0)


def test_the_earlier_part_holds_its_share():
    times = np.random.default_rng(0).permutation(100.0 * np.arange(10))
    first = earlier(times, 0.8)
    assert first.sum() == 8
    assert times[first].max() < times[~first].min()
    with pytest.raises(InputError, match="share"):
        earlier(times, 1.0)


def test_concentration_by_value():
    """(2 i - n - 1) x_i: (-2 * 0 + 0 * 0 + 2 * 3) / (3 * 3) = 2/3."""
    assert gini(np.array([0, 3, 0])) == pytest.approx(2 / 3)
    assert gini(np.full(7, 4)) == 0
    with pytest.raises(InputError):
        gini(np.zeros(3, np.int64))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30).filter(any))
def test_concentration_is_the_mean_difference_between_listings(counts: list[int]):
    x = np.array(counts, np.float64)
    slow = np.abs(x[:, None] - x[None, :]).mean() / (2 * x.mean())
    assert gini(x) == pytest.approx(slow, abs=1e-12)


def test_coverage_and_novelty_by_value():
    """Visits 5 and 1 of two listings: p = 6/8 and 2/8, hence 2 bits for the second."""
    assert coverage(np.array([3, 3, 1]), 8) == 0.25
    assert novelty(np.array([1, 1]), np.array([5, 1])) == pytest.approx(2.0)
    assert novelty(np.array([0]), np.array([5, 1])) < 1
