"""Leave-one-out by hand and against trec_eval (through ir_measures)."""

import math

import ir_measures
import numpy as np
import pytest
from ir_measures import R, nDCG

from bowerbird.errors import InputError
from bowerbird.evaluation.next_item import NextItemRanks, leave_out, next_item_ranks
from bowerbird.market.ranked_list import RankedList


def test_figures_by_hand():
    ranks = NextItemRanks(np.array([1, 3, 0, 11]))
    assert ranks.hits(10).tolist() == [1, 1, 0, 0]
    assert ranks.gains(10).tolist() == [1 / math.log2(2), 1 / math.log2(4), 0, 0]
    assert ranks.hits(2).tolist() == [1, 0, 0, 0]


def test_figures_are_those_of_trec_eval():
    rng = np.random.default_rng(0)
    rankings = [rng.permutation(30)[:20] for _ in range(40)]
    hidden = rng.integers(0, 30, 40)
    answers = iter(rankings)
    ranks = next_item_ranks(
        lambda _history, k: RankedList.of(next(answers), np.zeros(20)).head(k),
        [np.array([99])] * 40,
        hidden,
        20,
    )
    # Equal scores stand by row in a RankedList, so the run is written in that order.
    run = [
        ir_measures.ScoredDoc(str(q), str(row), -place)
        for q, ranking in enumerate(rankings)
        for place, row in enumerate(sorted(ranking.tolist()))
    ]
    judged = [ir_measures.Qrel(str(q), str(row), 1) for q, row in enumerate(hidden.tolist())]
    theirs = ir_measures.calc_aggregate([nDCG @ 10, R @ 10], judged, run)
    assert ranks.gains(10).mean() == pytest.approx(theirs[nDCG @ 10])
    assert ranks.hits(10).mean() == pytest.approx(theirs[R @ 10])


def test_the_last_or_the_one_before_is_left_out():
    sequences = [np.array([4, 5, 6]), np.array([7, 8, 9])]
    histories, hidden = leave_out(sequences)
    assert [history.tolist() for history in histories] == [[4, 5], [7, 8]]
    assert hidden.tolist() == [6, 9]
    histories, hidden = leave_out(sequences, back=2)
    assert [history.tolist() for history in histories] == [[4], [7]]
    assert hidden.tolist() == [5, 8]
    with pytest.raises(InputError, match="a sequence has 3"):
        leave_out(sequences, back=3)


def test_a_recommender_that_names_what_was_seen_is_refused():
    seen = RankedList.of(np.array([4, 2]), np.array([1.0, 0.5]))
    with pytest.raises(InputError, match="history"):
        next_item_ranks(lambda _history, _k: seen, [np.array([2])], np.array([4]), 10)
    with pytest.raises(InputError, match="1 histories"):
        next_item_ranks(lambda _history, _k: seen, [np.array([2])], np.array([4, 5]), 10)
