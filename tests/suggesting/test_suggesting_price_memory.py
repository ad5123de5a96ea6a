"""What remembered listings say: kernels by value, and n-grams as one weight a term."""

import numpy as np
import pytest

from bowerbird.market.listing import Listing
from bowerbird.suggesting.price_memory import (
    JOINT,
    LOOKS,
    NO_CATEGORY,
    WORDS,
    Likeness,
    Regression,
    category_codes,
    category_kernel,
    look_kernel,
    look_vector,
    meaning_kernel,
    photo_directions,
    word_terms,
)

CODES = {"Home": 0, "Home / Sofas": 1, "Music": 2}


def test_kernels_by_value():
    unit = np.eye(2, dtype=np.float32)
    assert meaning_kernel(unit, unit[0]).tolist() == pytest.approx([2.0, 2 * np.exp(-2)])
    assert look_kernel(np.float32([[0.6, 0.8], [0, 0]]), unit[0]).tolist() == pytest.approx([np.exp(-0.8), 0])


def test_a_category_agrees_level_by_level_and_an_unknown_one_with_nothing():
    sofas, home = category_codes(("Home", "Sofas"), CODES), category_codes(("Home",), CODES)
    assert sofas.tolist() == [0, 1, 1, 1]
    assert home.tolist() == [0, 0, 0, 0]
    unknown = category_codes(("Cars",), CODES)
    assert unknown.tolist() == [NO_CATEGORY] * 4
    levels = np.stack([sofas, home, unknown])
    assert category_kernel(levels, sofas).tolist() == [1, 0.25, 0]
    assert category_kernel(levels, unknown).tolist() == [0, 0, 0]


def test_a_look_is_the_mean_difference_from_the_usual_photo():
    features = np.float32([[9, 16], [16, 9]])
    directions = photo_directions(features)
    assert directions.tolist() == [pytest.approx([0.6, 0.8]), pytest.approx([0.8, 0.6])]
    assert look_vector(features[:1], directions[1]) == pytest.approx(np.float32([-1, 1]) / np.sqrt(2))


def test_scores_are_sums_over_what_is_known():
    duals = np.float32([[1, 10, 100], [2, 20, 200]])
    regression = Regression(duals, 5.0, np.float32([1, 2]))
    full = Likeness(np.float32([0.5, 7]), np.float32([1, 1]), np.float32([1, 0]), np.float32([0, 1]))
    scores = regression.scores(full)
    assert scores[WORDS] == pytest.approx(5 + 1 + 2 + 0.5)
    assert scores[LOOKS] == pytest.approx(5 + 10)
    assert scores[JOINT] == pytest.approx(5 + (100 + 200 + 7) + 100 + 200)
    without = regression.scores(full.only(looks=False, category=False))
    assert np.isnan(without[LOOKS])
    assert without[JOINT] == pytest.approx(5 + 307)
    nothing = regression.scores(full.only(words=False, looks=False, category=False))
    assert nothing[JOINT] == 5


def test_terms_know_neither_money_nor_runs_of_characters():
    plain = word_terms(Listing("1", "Oak table", "Solid oak"))
    priced = word_terms(Listing("1", "Oak table", "Solid oak £40"))
    assert np.array_equal(plain[0], priced[0])
    # oak, table, solid; oak table, table solid, solid oak; and of the title oak, table, oak table
    assert len(plain[0]) == 9
