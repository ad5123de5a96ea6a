"""The orders that need no clicks, and the record of a page."""

import zlib

import numpy as np
import pytest

from bowerbird.errors import MismatchError
from bowerbird.ranking.features import FEATURES, FEATURES_VERSION
from bowerbird.ranking.page_record import PageRecord, empty_features
from bowerbird.ranking.ranker import FusionRanker, UntrainedRanker
from drawn_features import table

UNTRAINED = UntrainedRanker(rrf_k=60.0, taste_weight=1.0)


def test_an_unknown_shopper_gets_the_fused_order():
    features = table(50)
    assert np.array_equal(UNTRAINED.order(features), FusionRanker().order(features))


def test_what_suits_a_shopper_comes_further_up_the_more_is_known_of_them():
    liked = np.zeros(50)
    liked[20] = 3.0

    def rank(visits):
        scores = UNTRAINED.order(table(50, visits=np.full(50, visits), interest_text_relative=liked))
        return np.argsort(-scores, kind="stable").tolist().index(20)

    assert rank(0) == 20 > rank(1) > rank(20)


def test_taste_is_one_more_list_of_rank_fusion():
    # The second candidate suits best: 1/62 + w/61, where w = 3 / (3 + 3).
    features = table(3, visits=np.full(3, 3.0), leaf_share=np.array([0.0, 1.0, 0.5]))
    assert UNTRAINED.order(features) == pytest.approx(
        [1 / 61 + 0.5 / 63, 1 / 62 + 0.5 / 61, 1 / 63 + 0.5 / 62], rel=1e-5
    )


@pytest.mark.parametrize("ranker", [FusionRanker(), UNTRAINED])
def test_parts_sum_to_the_score(ranker):
    features = table(9, visits=np.full(9, 4.0), place_share=np.linspace(0, 1, 9))
    chosen = np.array([7, 0, 3])
    parts = ranker.parts(features, chosen)
    assert [sum(one.values()) for one in parts] == pytest.approx(ranker.order(features)[chosen], rel=1e-5)


def test_no_candidates_are_no_scores():
    for ranker in (FusionRanker(), UNTRAINED):
        assert len(ranker.order(table(0))) == 0
        assert ranker.parts(table(0), np.array([], np.int64)) == []


def test_a_record_is_read_as_it_was_written():
    record = PageRecord(("learned", "fusion"), table(4), (0, 1, 1, 0))
    again = PageRecord.decode(record.encode())
    assert (again.rankers, again.teams, again.version) == (record.rankers, record.teams, FEATURES_VERSION)
    assert again.ranker == "learned+fusion"
    assert np.array_equal(again.features, record.features, equal_nan=True)
    assert PageRecord.decode(PageRecord(("fusion",), empty_features(0)).encode()).features.shape == (
        0,
        len(FEATURES),
    )


@pytest.mark.parametrize("stored", [b"", b"{}", zlib.compress(b"{}\n"), zlib.compress(b'{"v":1}\nabc')])
def test_a_damaged_record_says_so(stored):
    with pytest.raises(MismatchError, match="damaged"):
        PageRecord.decode(stored)
