"""Likeness of titles by their words."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.taste.title_words import TitleWords

WORDS = ("red", "blue", "sofa", "lamp", "phone", "charger")
titles = st.lists(st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join), min_size=1, max_size=8)


def weighted(title: str, of: list[str]) -> dict[str, float]:
    """The slow obvious way, for words that no analyser changes."""
    texts = [set(text.split()) for text in of]
    words = {
        word: math.log(1 + len(texts) / max(1, sum(word in text for text in texts))) for word in title.split()
    }
    length = math.sqrt(sum(weight**2 for weight in words.values()))
    return {word: weight / length for word, weight in words.items()}


def test_likeness_by_hand():
    words = TitleWords.fit(["red sofa", "red lamp", "blue phone"])
    red, rare = math.log(1 + 3 / 2), math.log(1 + 3)
    alike = red**2 / (red**2 + rare**2)
    np.testing.assert_allclose(words.likeness(np.array([0]), np.ones(1)), [1, alike, 0], rtol=1e-6)


@given(titles, st.data())
def test_likeness_is_that_of_a_double_loop(texts, data):
    known = data.draw(st.integers(1, len(texts)))
    words = TitleWords.fit(texts[:known])
    for text in texts[known:]:
        words.append(text)
    asked = data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=3))
    strengths = np.linspace(1, 0.5, len(asked))
    vectors = [weighted(text, texts[:known]) for text in texts]
    slow = [
        sum(
            strength * sum(weight * vectors[row].get(word, 0) for word, weight in vectors[listing].items())
            for listing, strength in zip(asked, strengths, strict=True)
        )
        for row in range(len(texts))
    ]
    history = np.array(asked, np.int64)
    every = words.likeness(history, strengths)
    np.testing.assert_allclose(every, slow, rtol=1e-5, atol=1e-7)
    some = np.array(data.draw(st.lists(st.integers(0, len(texts) - 1))), np.int64)
    assert words.likeness(history, strengths, some).tolist() == every[some].tolist()
    again = TitleWords.of_arrays(words.arrays(), words.words)
    assert again.likeness(history, strengths).tolist() == every.tolist()


def test_a_rare_word_counts_more_than_a_common_one():
    words = TitleWords.fit(
        ["nail polish opi", "nail polish essie", "nail file opi", "nail clipper", "nail glue"]
    )
    likeness = words.likeness(np.array([0]), np.ones(1))
    assert likeness[2] == pytest.approx(likeness[1])  # 'opi' and 'polish' are in two titles each
    assert likeness[1] > 2 * likeness[3]  # 'nail' is in all


def test_titles_without_words_are_like_nothing():
    words = TitleWords.fit(["", "red sofa", "!!!"])
    assert words.likeness(np.array([0, 2]), np.ones(2)).tolist() == [0, 0, 0]
