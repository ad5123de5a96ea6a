"""The first keyword matches are ranked by meaning too, by their exact cosine."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from bowerbird.indexing.market_index import MarketIndex
from bowerbird.market.listing import Listing
from bowerbird.market.ranked_list import RankedList
from bowerbird.retrieval.meaning import rank_by_meaning
from bowerbird.retrieval.retriever import Candidates, Question
from small_index import TEXT_DIMENSION, open_index, unit_vector

LISTINGS = [Listing(f"id-{number}", f"Shelf {number}") for number in range(20)]
VECTOR = unit_vector("what is asked", TEXT_DIMENSION)
MATCHED = np.array([7, 3, 11, 5, 2], np.int64)  # by BM25


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MarketIndex]:
    with closing(open_index(Path(tmp_path_factory.mktemp("meaning")) / "index", LISTINGS)) as index:
        yield index


def cosine(row: int) -> float:
    return float(unit_vector(LISTINGS[row].title, TEXT_DIMENSION) @ VECTOR)


def candidates(text_rows: list[int]) -> Candidates:
    rows = np.array(sorted(text_rows, key=lambda row: -cosine(row)), np.int64)
    text = RankedList(rows, np.array([cosine(row) for row in rows], np.float32))
    keywords = RankedList(MATCHED, np.arange(len(MATCHED), 0, -1).astype(np.float32))
    return Candidates({"keywords": keywords, "text": text})


@pytest.mark.parametrize("depth", [0, 1, 3, 5, 100])
@pytest.mark.parametrize("text_rows", [[], [3, 19], [7, 3, 11, 5, 2]])
def test_the_first_matches_join_the_list_of_the_text_branch(
    index: MarketIndex, depth: int, text_rows: list[int]
):
    found = candidates(text_rows)
    joined = rank_by_meaning(found, Question("shelf", VECTOR), index, depth)
    expected = {*text_rows, *MATCHED[:depth].tolist()}
    assert joined.branches["text"].rows.tolist() == sorted(expected, key=lambda row: -cosine(row))
    cosines = [cosine(row) for row in joined.branches["text"].rows.tolist()]
    assert joined.branches["text"].scores.tolist() == pytest.approx(cosines, abs=1e-5)
    assert joined.branches["keywords"] is found.branches["keywords"]


def test_a_question_without_words_has_no_meaning_to_rank_by(index: MarketIndex):
    found = candidates([3])
    assert rank_by_meaning(found, Question(photo_vector=VECTOR), index, 5) is found
