"""Likeness to remembered listings: the fast path is the plain inner product."""

import numpy as np
import pytest

from bowerbird.suggesting.kernel_machine import (
    LookKernel,
    WordKernel,
    directions,
    look,
    read_word_kernel,
    remember,
    same_place,
    word_tables,
)
from bowerbird.suggesting.word_features import terms

TEXTS = ["red sofa bed", "blue sofa", "red lamp", "", "sofa sofa lamp", "quite another thing"]


PLACES = np.array([7, 8, 0, 7, 0, 9])


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def kernel():
    meanings = unit(np.random.default_rng(0).normal(size=(len(TEXTS), 4)).astype(np.float32))
    return WordKernel(remember([terms(text) for text in TEXTS]), meanings, 2.0, 3.0, PLACES, 0.5)


def test_products_are_those_of_dense_rows(kernel):
    vocabulary = kernel.postings.vocabulary
    dense = np.zeros((len(TEXTS), len(vocabulary.keys)), np.float32)
    for row, text in enumerate(TEXTS):
        places, weights = vocabulary.weigh(*terms(text))
        dense[row, places] = weights
    for text, own in zip(TEXTS, dense, strict=True):
        assert kernel.postings.products(terms(text)) == pytest.approx(dense @ own, abs=1e-6)
    assert (kernel.postings.products(terms("xylophone")) == 0).all()


def test_likeness_adds_meaning_by_its_formula(kernel):
    meaning = kernel.meanings[2]
    slow = [
        kernel.postings.products(terms("red lamp"))[row]
        + 2.0 * np.exp(3.0 * (float(kernel.meanings[row] @ meaning) - 1))
        for row in range(len(TEXTS))
    ]
    assert kernel.likeness(terms("red lamp"), meaning) == pytest.approx(slow, rel=1e-5)


def test_the_same_place_adds_weight_and_the_more_where_meanings_agree(kernel):
    meaning = kernel.meanings[1]
    added = kernel.likeness(terms("red lamp"), meaning, 7) - kernel.likeness(terms("red lamp"), meaning)
    near = np.exp(3.0 * (kernel.meanings @ meaning - 1))
    assert added == pytest.approx(0.5 * (PLACES == 7) * (1 + near), abs=1e-5)
    # An unknown place is not shared with listings whose place is unknown as well.
    assert not same_place(PLACES, 0).any()


def test_tables_give_the_kernel_back(kernel):
    again = read_word_kernel(word_tables(kernel), meaning_weight=2.0, sharpness=3.0, place_weight=0.5)
    assert len(again) == len(kernel) == len(TEXTS)
    for text in TEXTS:
        expected = kernel.likeness(terms(text), kernel.meanings[0])
        assert again.likeness(terms(text), kernel.meanings[0]) == pytest.approx(expected, abs=4e-3)  # float16
    assert (again.places == PLACES).all()


def test_a_model_that_never_read_places_is_still_read(kernel):
    tables = {name: table for name, table in word_tables(kernel).items() if name != "word_places"}
    again = read_word_kernel(tables, meaning_weight=2.0, sharpness=3.0)
    placed = again.likeness(terms("red lamp"), kernel.meanings[0], 7)
    assert placed == pytest.approx(again.likeness(terms("red lamp"), kernel.meanings[0]))


def test_a_look_is_the_mean_direction_without_the_usual_one():
    features = np.array([[4.0, 0.0], [1.0, 1.0]], np.float32)
    centre = np.array([0.5, 0.5], np.float32)
    spread = np.array([1.0, 0.5], np.float32)
    # sqrt and unit: (1, 0), (.7071, .7071); less the centre over the spread: (.5, -1), (.2071, .4142);
    # mean (.3536, -.2929), of length .4591
    assert look(features, centre, spread) == pytest.approx([0.7701, -0.6379], abs=1e-4)
    assert np.linalg.norm(directions(features), axis=1) == pytest.approx([1, 1])
    kernel = LookKernel(np.stack([look(features, centre, spread)]), centre, spread, 2.0)
    assert kernel.likeness(features) == pytest.approx([1.0])
