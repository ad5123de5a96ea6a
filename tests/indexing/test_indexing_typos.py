"""Corrections against the textbook table of distances."""

import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.indexing.typos import Vocabulary, alignment_distances


def textbook_distance(a: str, b: str) -> int:
    """Optimal string alignment by the whole table, one cell at a time."""
    table = [[i + j if not i * j else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            table[i][j] = min(
                table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (a[i - 1] != b[j - 1])
            )
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


def codes(*words: str) -> np.ndarray:
    return np.array([[ord(letter) for letter in word] for word in words], np.uint32)


@given(st.text("abc", min_size=1, max_size=8), st.text("abc", min_size=1, max_size=8))
def test_all_distances_to_the_beginnings_of_a_term(word, term):
    row = alignment_distances(codes(word)[0], codes(term))[0]
    assert row.tolist() == [textbook_distance(word, term[:j]) for j in range(len(term) + 1)]


WORDS = st.text(string.ascii_lowercase[:6] + "é", min_size=1, max_size=11)


@given(st.sets(WORDS, max_size=30), WORDS)
def test_corrections_are_those_of_a_scan_of_all_terms(terms, word):
    found = Vocabulary((term, 1) for term in terms).corrections(word)
    distances = {term: textbook_distance(word, term) for term in terms}
    near = {term for term, distance in distances.items() if distance == 1}
    if not near and len(word) >= 8:
        near = {term for term, distance in distances.items() if distance == 2 and term[0] == word[0]}
    assert {correction.term for correction in found} == (near if len(word) >= 4 else set())


def test_the_nearest_comes_first_and_then_the_commonest():
    vocabulary = Vocabulary([("chair", 5), ("chain", 50), ("chairs", 500), ("stair", 1000), ("hair", 9000)])
    found = vocabulary.corrections("chaiz")
    assert [(c.term, c.distance, c.frequency) for c in found] == [("chain", 1.0, 50), ("chair", 1.0, 5)]
    assert [c.term for c in vocabulary.corrections("chaiz", least_frequency=10)] == ["chain"]
    # Another first letter costs half an edit more.
    assert [c.term for c in vocabulary.corrections("shair")] == ["stair", "hair", "chair"]


@pytest.mark.parametrize("word", ["cha", "ch4ir", "iphone12", "", "x" * 30])
def test_short_words_and_model_numbers_stay_as_they_are(word):
    assert Vocabulary([("chair", 5), ("chaz", 5), ("iphonel", 3)]).corrections(word) == []


def test_a_misspelt_beginning_is_completed():
    vocabulary = Vocabulary([("headphones", 9), ("headphone", 20), ("hedge", 4), ("telephone", 30)])
    assert [c.term for c in vocabulary.completions("hedph")] == ["headphone", "headphones"]
    assert vocabulary.completions("hed") == []
    assert [c.term for c in vocabulary.completions("haed", least_frequency=10)] == ["headphone"]
