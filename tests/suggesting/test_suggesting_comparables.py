"""The nearest priced listings, and those of them that are shown."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.errors import InputError
from bowerbird.suggesting.comparables import (
    NO_COMPARABLES,
    Comparables,
    nearest_comparables,
    shown_comparables,
)

cosines = st.one_of(st.just(float("nan")), st.integers(-10, 10).map(lambda tenths: tenths / 10))
rows = st.lists(st.tuples(st.sampled_from([0.0, float("nan"), 5.0, 80.0]), cosines, cosines, st.booleans()))


@given(rows, st.integers(1, 4))
def test_equal_to_sorting_everything(table, depth):
    prices, words, looks, allowed = (
        np.array([row[part] for row in table], np.bool_ if part == 3 else np.float64) for part in range(4)
    )
    ids = [f"l{row}" for row in range(len(table))]
    expected = set()
    for likeness in (words, looks):
        usable = [
            at for at in range(len(table)) if allowed[at] and prices[at] > 0 and not np.isnan(likeness[at])
        ]
        expected |= set(sorted(usable, key=lambda at: (-likeness[at], at))[:depth])
    found = nearest_comparables(ids, prices, words, looks, allowed=allowed, depth=depth)
    assert found.listing_ids == tuple(ids[at] for at in sorted(expected))
    assert np.array_equal(found.prices, prices[sorted(expected)])


def test_arrays_of_other_lengths_are_refused():
    with pytest.raises(InputError, match=r"lengths \[1, 2\]"):
        nearest_comparables(["a"], np.ones(2), np.ones(1), np.ones(1))


def comparables(*table: tuple[str, float, float, float]) -> Comparables:
    ids, prices, words, looks = zip(*table, strict=True)
    return Comparables(ids, np.array(prices), np.array(words, np.float32), np.array(looks, np.float32))


def test_prices_by_likeness_are_in_its_order_without_the_unknown():
    found = comparables(("a", 1, 0.2, 0.9), ("b", 2, 0.8, np.nan), ("c", 3, np.nan, 0.95))
    assert found.prices_by(found.words)[0].tolist() == [2, 1]
    assert found.prices_by(found.looks, 1)[0].tolist() == [3]


def test_what_is_shown_is_alike_but_not_the_same_advert():
    shown = shown_comparables(
        comparables(
            ("same words", 40, 0.99, 0.3),
            ("same photo", 40, 0.6, 0.99),
            ("near", 50, 0.8, 0.6),
            ("nearer", 60, 0.9, 0.6),
            ("the near one again", 50, 0.8, 0.6),
            ("another thing", 5, 0.2, 0.3),
            ("by looks alone", 70, np.nan, 0.9),
        )
    )
    assert [one.listing_id for one in shown] == ["by looks alone", "nearer", "near"]
    assert shown[1].similarity == pytest.approx((2 * 0.9 + 0.6) / 3)


def test_nothing_is_shown_of_nothing():
    assert shown_comparables(NO_COMPARABLES) == ()
