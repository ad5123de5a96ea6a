"""The words that a page is told each listing has equal those that a search for the word alone finds it by."""

from pathlib import Path

import numpy as np
import pytest

from bowerbird.indexing.keyword_index import KeywordIndex
from bowerbird.market.listing import Listing

MANY = " ".join(f"word{number:02}" for number in range(45))  # more than one search can tell apart
TITLES = (
    "Red sofa",
    "Leather sofa",
    "Red leather sofa",
    "Red lamp",
    "Leather red bag",
    "Desk",
    "Sofas, red",
    MANY,
    MANY[:80],
)


@pytest.mark.parametrize("words", ["sofa", "red sofa", "red leather sofa", "leather red sofa desk", MANY])
def test_matched_words_equal_a_search_for_each_word(tmp_path: Path, words: str):
    index = KeywordIndex.create(tmp_path)
    for row, title in enumerate(TITLES):
        index.add(row, Listing(str(row), title))
    index.commit()
    rows = range(len(TITLES))
    alone = {word: set(index.search(word, limit=50).ranked.rows.tolist()) for word in words.split()}
    expected = {row: tuple(word for word in words.split() if row in alone[word]) for row in rows}
    found = index.matched_words(index.search(words, limit=50), list(rows))
    assert found == {row: has for row, has in expected.items() if has}
    index.close()


@pytest.mark.parametrize("limit", [10, 5000])
def test_more_matches_than_are_asked_for_at_first_are_all_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int
):
    index = KeywordIndex.create(tmp_path)
    for row in range(40):
        index.add(row, Listing(str(row), "red sofa" if row % 2 else "red sofa, red lamp"))
    index.commit()
    whole = [index.search("red", limit=limit, allowed=mask) for mask in (None, np.arange(40) % 3 > 0)]
    monkeypatch.setattr("bowerbird.indexing.keyword_index._MOST_AT_FIRST", 3)
    again = [index.search("red", limit=limit, allowed=mask) for mask in (None, np.arange(40) % 3 > 0)]
    for one, other in zip(whole, again, strict=True):
        assert one.ranked.rows.tolist() == other.ranked.rows.tolist()
        assert one.ranked.scores.tolist() == other.ranked.scores.tolist()
        assert one.total == other.total
    index.close()
