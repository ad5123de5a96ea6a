"""Ranges cover what they say, as they are shown."""

import numpy as np
import pytest
from priced_kinds import priced_kinds

from bowerbird.evaluation.price_ranges import covered
from bowerbird.suggesting.price_model import prices_of
from bowerbird.training.price_baselines import baseline_prices, fit_leaf_median
from bowerbird.training.price_calibration import conformal_bounds, priced_cut
from bowerbird.training.training_data import Part


@pytest.mark.parametrize("share", [0.5, 0.8, 0.9])
def test_new_prices_lie_within_as_often_as_said(share: float):
    rng = np.random.default_rng(0)
    middles = rng.uniform(2, 6, 8000)
    spreads = rng.uniform(0.3, 1.2, 8000)
    # People ask round prices, which a range's ends meet more often than chance.
    asked = np.round(np.expm1(middles + spreads * rng.standard_t(4, 8000)) / 5).clip(1) * 5
    half = slice(4000), slice(4000, None)
    bounds = conformal_bounds(asked[half[0]], middles[half[0]], spreads[half[0]], share)
    low, _, high = prices_of(middles[half[1]], spreads[half[1]], bounds)
    assert covered(low, high, asked[half[1]]).mean() == pytest.approx(share, abs=0.025)


def test_the_cut_parts_where_three_of_five_are_unreal():
    probabilities = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    usable = np.array([False, False, True, False, True, True, True, True])
    assert priced_cut(probabilities, usable) == 0.6  # 3 of the 5 below
    assert priced_cut(probabilities, np.ones(8, np.bool_)) == 0


def test_a_leaf_median_falls_back_on_the_parent_and_the_whole():
    data = priced_kinds(40)
    listings = [
        replaced
        for replaced in data.listings
        if replaced.category in (("Home", "Lighting"), ("Home", "Furniture", "Sofas"))
    ][:3]
    values = np.log1p([10.0, 20.0, 60.0])
    predict = fit_leaf_median(listings, values)
    leaf = [
        value for one, value in zip(listings, values, strict=True) if one.category == listings[0].category
    ]
    assert predict([listings[0]])[0] == pytest.approx(np.median(leaf))
    other = next(one for one in data.listings if one.category == ("Music",))
    assert predict([other])[0] == pytest.approx(np.median(values))


def test_every_baseline_beats_a_guess_on_known_prices():
    data = priced_kinds()
    prices = np.array([one.price.major for one in data.listings])
    usable = prices > 0
    parts = []
    for part in Part:
        rows = data.rows(part)
        rows = rows[usable[rows]]
        parts.append(([data.listings[row] for row in rows], np.log1p(prices[rows])))
    found = baseline_prices(parts[0], parts[1], parts[2][0])
    guess = np.std(parts[2][1])
    for name, own in found.items():
        error = np.sqrt(np.mean((np.log1p(own.median) - parts[2][1]) ** 2))
        assert error < 0.6 * guess, name
        assert (own.low <= own.median).all()
        assert (own.median <= own.high).all()
