"""Every metric by hand and against trec_eval (through ir_measures)."""

import math
from functools import partial

import ir_measures
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import AP, RR, P, R, nDCG

from bowerbird.errors import InputError
from bowerbird.evaluation.metrics import (
    average_precision,
    condensed,
    dcg,
    exponential_gain,
    linear_gain,
    ndcg,
    per_query,
    precision,
    recall,
    reciprocal_rank,
)

GRADES = {"a": 3, "b": 0, "c": 1, "d": 2}
IDS = [f"id{i}" for i in range(12)]

rankings = st.lists(st.sampled_from(IDS), unique=True)
grades = st.dictionaries(st.sampled_from(IDS), st.integers(0, 3), min_size=1)


def test_dcg_by_hand():
    assert dcg([7, 0, 1]) == 7 / math.log2(2) + 0 / math.log2(3) + 1 / math.log2(4)
    assert dcg([]) == 0


def test_ndcg_by_hand_in_both_variants():
    # x is unjudged and counts as 0; d (grade 2) stands at rank 2, c (grade 1) at rank 3.
    ranking = ["x", "d", "c", "a"]
    exponential = (3 / math.log2(3) + 1 / 2) / (7 + 3 / math.log2(3) + 1 / 2)
    linear = (2 / math.log2(3) + 1 / 2) / (3 + 2 / math.log2(3) + 1 / 2)
    assert ndcg(ranking, GRADES, 3) == pytest.approx(exponential)
    assert ndcg(ranking, GRADES, 3, linear_gain) == pytest.approx(linear)


def test_condensing_takes_the_unjudged_out_and_keeps_the_order():
    assert condensed(["x", "d", "b", "y", "a"], GRADES) == ["d", "b", "a"]


def test_the_other_figures_by_hand():
    ranking = ["b", "a", "x", "c"]  # relevant: ranks 2 and 4, of three relevant in all
    assert reciprocal_rank(ranking, GRADES) == 1 / 2
    assert precision(ranking, GRADES, 2) == 1 / 2
    assert precision(ranking, GRADES, 10) == 2 / 10
    assert recall(ranking, GRADES, 2) == 1 / 3
    assert recall(ranking, GRADES, 4) == 2 / 3
    assert average_precision(ranking, GRADES) == pytest.approx((1 / 2 + 2 / 4) / 3)


def test_a_query_without_anything_relevant_scores_0():
    assert ndcg(["b"], {"b": 0}, 10) == 0
    assert recall(["b"], {"b": 0}, 10) == 0
    assert average_precision(["b"], {"b": 0}) == 0
    assert reciprocal_rank(["b"], {"b": 0}) == 0


def test_per_query_keeps_the_order_and_counts_a_query_that_was_not_answered():
    judgements = {"sofa": {"1": 1}, "lamp": {"2": 1}, "desk": {"3": 1}}
    assert per_query(reciprocal_rank, {"desk": ["9", "3"], "sofa": ["1"]}, judgements) == [1, 0, 1 / 2]


def test_what_would_cheat_is_refused():
    with pytest.raises(InputError, match="'sofa' names an id twice"):
        per_query(reciprocal_rank, {"sofa": ["1", "1"]}, {"sofa": {"1": 1}})
    with pytest.raises(InputError, match="k must be 1 or more, but 0"):
        precision(["a"], GRADES, 0)


@given(rankings, grades, st.integers(1, 15))
def test_ndcg_lies_between_0_and_1_and_the_best_order_reaches_1(ranking, graded, k):
    assert 0 <= ndcg(ranking, graded, k) <= 1 + 1e-12
    best = sorted(graded, key=graded.__getitem__, reverse=True)
    assert ndcg(best, graded, k) == pytest.approx(1.0 if any(graded.values()) else 0.0)


def reference(measure, ranking, graded):
    qrels = {"q": graded}
    run = {"q": {listing_id: float(-rank) for rank, listing_id in enumerate(ranking)}}
    return ir_measures.calc_aggregate([measure], qrels, run)[measure]


GAINS = {grade: int(exponential_gain(grade)) for grade in range(4)}


@pytest.mark.parametrize("k", [1, 5, 10])
@given(ranking=rankings.filter(bool), graded=grades)
def test_the_figures_equal_trec_eval(k, ranking, graded):
    pairs = [
        (nDCG @ k, partial(ndcg, k=k, gain=linear_gain)),
        (nDCG(gains=GAINS) @ k, partial(ndcg, k=k)),
        (nDCG(judged_only=True) @ k, lambda r, g: ndcg(condensed(r, g), g, k, linear_gain)),
        (P @ k, partial(precision, k=k)),
        (R @ k, partial(recall, k=k)),
        (AP, average_precision),
        (RR, reciprocal_rank),
    ]
    for measure, ours in pairs:
        assert ours(ranking, graded) == pytest.approx(reference(measure, ranking, graded), abs=1e-9), measure
