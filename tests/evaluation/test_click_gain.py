"""How far up an order puts what was clicked on."""

import math

import numpy as np
import pytest

from bowerbird.errors import InputError
from bowerbird.evaluation.click_gain import click_gains


def test_each_click_counts_by_its_new_rank_and_its_weight():
    # Page 0: the click of weight 2 comes second; page 1: that of weight 1 first; page 2: none.
    scores = np.array([0.9, 0.5, 0.1, 0.7, 0.3, 0.4])
    pages = np.array([0, 0, 1, 1, 2, 2])
    weights = np.array([0.0, 2.0, 0.0, 1.0, 0.0, 0.0])
    gains = click_gains(scores, pages, weights)
    assert gains == pytest.approx([3 * 2 / math.log2(3) / 3, 3 * 1 / 3, 0])
    assert gains.mean() == pytest.approx((2 / math.log2(3) + 1) / 3)


def test_every_click_first_is_1_and_of_equals_the_earlier_comes_first():
    assert click_gains(np.zeros(4), np.array([0, 0, 1, 1]), np.array([1.0, 0, 3, 0])).mean() == pytest.approx(
        1
    )


def test_nothing_clicked_cannot_be_measured():
    with pytest.raises(InputError, match="no click"):
        click_gains(np.zeros(2), np.array([0, 0]), np.zeros(2))
    with pytest.raises(InputError, match="one length"):
        click_gains(np.zeros(2), np.array([0, 0]), np.zeros(3))
