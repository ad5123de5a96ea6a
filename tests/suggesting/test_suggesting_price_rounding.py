"""Prices as people write them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.suggesting.price_rounding import rounded_prices

prices = st.floats(0.1, 2e6)


@pytest.mark.parametrize(
    ("price", "rounded"),
    [(34.71, 35), (1.04, 1), (183.2, 180), (1234, 1200), (0.01, 0.1), (97, 95), (98, 100), (12, 12)],
)
def test_by_value(price: float, rounded: float):
    assert rounded_prices(price) == rounded


@given(prices)
def test_never_far_off_and_twice_changes_nothing(price: float):
    once = rounded_prices(price)
    assert abs(np.log(once / price)) <= np.log(1.25) / 2 + 1e-9
    assert rounded_prices(once) == once


@given(prices, prices)
def test_order_is_kept(one: float, other: float):
    low, high = sorted((one, other))
    assert rounded_prices(low) <= rounded_prices(high)
