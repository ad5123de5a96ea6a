"""Made-up queries are unknown and of three kinds; title queries are the words of their title."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.errors import InputError
from bowerbird.retrieval.nonsense import nonsense_queries, title_queries


def words_of(queries):
    return {word for query in queries for word in query.split()}


def test_nonsense_holds_no_known_word():
    known = words_of(nonsense_queries(50, frozenset().__contains__, np.random.default_rng(1)))
    again = nonsense_queries(50, known.__contains__, np.random.default_rng(1))
    assert not known & words_of(again)


def test_nonsense_is_as_many_queries_of_one_to_four_words_and_follows_its_seed():
    queries = nonsense_queries(300, frozenset().__contains__, np.random.default_rng(0))
    assert len(queries) == 300
    assert {len(query.split()) for query in queries} == {1, 2, 3, 4}
    assert queries == nonsense_queries(300, frozenset().__contains__, np.random.default_rng(0))


def test_nonsense_has_its_three_kinds_in_turn():
    queries = nonsense_queries(300, frozenset().__contains__, np.random.default_rng(0))
    random_letters, syllables, mashed_keys = ("".join(queries[kind::3]).replace(" ", "") for kind in range(3))
    assert vowels(random_letters) == pytest.approx(5 / 26, abs=0.03)  # five vowels among 26 letters
    assert vowels(syllables) > 0.3
    assert neighbours(mashed_keys) > 0.5 > 0.2 > neighbours(random_letters)


def vowels(letters):
    return np.mean([letter in "aeiou" for letter in letters])


def neighbours(letters):
    pairs = {a + b for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm") for a, b in pairwise(row)}
    pairs |= {pair[::-1] for pair in pairs}
    return np.mean([letters[i : i + 2] in pairs for i in range(len(letters) - 1)])


def test_a_market_that_knows_everything_is_refused():
    with pytest.raises(InputError, match="all known"):
        nonsense_queries(1, bool, np.random.default_rng(0))


@given(st.integers(0, 2**32 - 1), st.integers(0, 30))
def test_a_title_query_is_consecutive_informative_words(seed, n):
    titles = ["For sale: the Red Leather Sofa in 2015", "12 34", "Oak desk & chair"]
    informative = {0: "red leather sofa", 2: "oak desk chair"}
    queries = title_queries(titles, n, np.random.default_rng(seed))
    assert len(queries) == n
    for position, query in queries:
        assert f" {query} " in f" {informative[position]} "


def test_every_title_is_asked_before_one_is_asked_again():
    titles = [f"thing{number} fine" for number in range(10)]
    queries = title_queries(titles, 10, np.random.default_rng(0))
    assert sorted(position for position, _ in queries) == list(range(10))


@pytest.mark.parametrize("titles", [[], ["12 34", "for sale", ""]])
def test_titles_without_words_are_refused(titles):
    with pytest.raises(InputError, match="none of the"):
        title_queries(titles, 1, np.random.default_rng(0))
