"""The reasons for a hit are what the branches answered, no more and no less."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from bowerbird.indexing.market_index import MarketIndex
from bowerbird.market.listing import Listing
from bowerbird.market.query import Filters
from bowerbird.market.ranked_list import RankedList
from bowerbird.ranking.explanation import BranchHit, Why, explain
from bowerbird.ranking.stage_clock import StageClock
from bowerbird.retrieval.retriever import Candidates, Question
from small_index import PHOTO_DIMENSION, open_index, photos_named, unit_vector


@pytest.fixture
def index(tmp_path: Path) -> Iterator[MarketIndex]:
    listings = [
        Listing("a", "Red sofa", photos=photos_named("front", "back")),
        Listing("b", "Blue sofa"),
        Listing("c", "Red lamp", photos=photos_named("lamp")),
    ]
    with closing(open_index(tmp_path / "index", listings)) as index:
        yield index


def test_each_branch_says_its_rank_and_score_each_listing_its_words_and_photo(index: MarketIndex):
    allowed = index.allowed(Filters())
    back = photos_named("back")[0].content_hash
    photo = unit_vector(back, PHOTO_DIMENSION)
    keywords = index.keywords.search("red sofa", limit=10, allowed=allowed)
    branches = {
        "keywords": keywords.ranked,
        "text": RankedList(np.array([2, 0]), np.array([0.75, 0.5], np.float32)),
        "photo": index.search_photos(photo, 1, allowed),
    }
    reasons = explain([0, 2], Candidates(branches, keywords), Question("red sofa", None, photo), index)
    assert set(reasons) == {0, 2}
    sofa, lamp = reasons[0], reasons[2]
    assert [hit.branch for hit in sofa.branches] == ["keywords", "text", "photo"]
    assert sofa.branches[0] == BranchHit("keywords", 1, float(keywords.ranked.scores[0]))
    assert sofa.branches[1] == BranchHit("text", 2, 0.5)
    assert sofa.photo == back
    assert set(sofa.words) == {"red", "sofa"}
    assert BranchHit("text", 1, 0.75) in lamp.branches
    assert set(lamp.words) <= {"red"}
    assert lamp.photo is None  # the photo branch did not answer it


def test_a_row_that_no_branch_answered_has_no_reasons(index: MarketIndex):
    assert explain([1], Candidates({"text": RankedList.empty()}), Question(), index) == {1: Why()}
    assert explain([], Candidates(), Question(), index) == {}


@pytest.mark.parametrize(
    ("why", "text"),
    [
        (Why(), ""),
        (Why((BranchHit("text", 1, 0.5),)), "similar in meaning"),
        (Why((BranchHit("text", 1, 0.5),), ("red", "sofa")), "has ‘red’, ‘sofa’"),
        (Why((BranchHit("photo", 1, 0.5),), ("red",), "ab"), "has ‘red’; looks alike"),
    ],
)
def test_the_reasons_in_a_line(why: Why, text: str):
    assert why.text == text


def test_stages_are_timed_by_name_and_add_up():
    clock = StageClock()
    for name in ("encode", "retrieve"):
        with clock.stage(name):
            sum(range(1000))
    assert list(clock.stages) == ["encode", "retrieve"]
    assert all(0 < milliseconds < 1000 for milliseconds in clock.stages.values())
    assert clock.total_ms == pytest.approx(sum(clock.stages.values()))
