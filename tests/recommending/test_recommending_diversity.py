"""Variety: the greedy rule by its definition, and its caps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.errors import InputError
from bowerbird.recommending.diversity import SharedOut, Variety, varied

PLAIN = Variety(likeness=0.0, per_seller=100, head=1)


def drawn(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    wholes = rng.standard_normal((count, 6)).astype(np.float32)
    wholes /= np.linalg.norm(wholes, axis=1, keepdims=True)
    return rng.random(count), wholes, rng.integers(-1, 4, count), rng.random(count) < 0.7


@given(st.integers(0, 30), st.integers(0, 1000), st.integers(1, 40))
def test_every_candidate_comes_once_and_without_variety_by_score(count, seed, diversified):
    scores, wholes, sellers, may_head = drawn(count, seed)
    order = varied(scores, wholes, sellers, may_head, Variety(diversified=diversified))
    assert sorted(order) == list(range(count))
    free = np.ones(count, bool)
    plain = varied(scores, wholes, sellers, free, PLAIN)
    assert plain == np.argsort(-scores, kind="stable").tolist()


def test_a_copy_comes_after_something_else():
    wholes = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    scores = np.array([1.0, 0.9, 0.6])
    unknown = np.full(3, -1)
    free = np.ones(3, bool)
    # of the copy 0.9 - 0.4 is left, of the other thing 0.6
    assert varied(scores, wholes, unknown, free, Variety(likeness=0.4)) == [0, 2, 1]
    assert varied(scores, wholes, unknown, free, Variety(likeness=0.2)) == [0, 1, 2]


def test_an_interest_waits_where_it_has_more_than_its_share():
    wholes = np.eye(6, dtype=np.float32)
    scores = np.array([1.0, 0.95, 0.9, 0.85, 0.52, 0.45])
    shared = SharedOut(np.array([0, 0, 0, 0, 1, -1]), np.array([0.6, 0.4]))
    unknown, free = np.full(6, -1), np.ones(6, bool)
    balanced = varied(scores, wholes, unknown, free, Variety(likeness=0.0), shared)
    # second: 0.95 - (2/2 - 0.6) against 0.52 - (1/2 - 0.4); third: 0.9 - (3/3 - 0.6) against 0.52
    assert balanced[:3] == [0, 1, 4]
    assert shared.excess(np.array([2, 0]), 2).tolist() == pytest.approx([0.4, 0.4, 0.4, 0.4, 0.0, 0.0])
    unbalanced = varied(scores, wholes, unknown, free, Variety(likeness=0.0, calibration=0.0), shared)
    assert unbalanced == [0, 1, 2, 3, 4, 5]


def test_one_interest_leaves_room_for_other_things():
    count = 40
    wholes, unknown, free = np.eye(count, dtype=np.float32), np.full(count, -1), np.ones(count, bool)
    scores = np.linspace(1, 0.01, count)
    of = np.where(np.arange(count) < 25, 0, -1)
    variety = Variety(likeness=0.0, one_interest=0.5, own=4)
    for weights in ([1.0], [0.9, 0.1]):
        order = varied(scores, wholes, unknown, free, variety, SharedOut(of, np.array(weights)))
        theirs = np.cumsum(of[order] == 0)
        places = np.arange(1, count + 1)
        assert (theirs[:25] <= 4 + 0.5 * np.maximum(places[:25] - 4, 0)).all()
        assert sorted(order) == list(range(count))  # what is left of theirs comes after the others
    assert theirs[3] == 4
    full = varied(scores, wholes, unknown, free, variety, SharedOut(np.zeros(count, int), np.ones(1)))
    assert full == list(range(count))  # nothing else is there


def test_no_seller_fills_the_window():
    count = 12
    scores = np.linspace(1, 0.5, count)
    sellers = np.array([7] * 8 + [1, 2, 3, -1])
    wholes = np.eye(count, dtype=np.float32)
    variety = Variety(likeness=0.0, per_seller=2, window=4)
    order = varied(scores, wholes, sellers, np.ones(count, bool), variety)
    assert order[:6] == [0, 1, 8, 9, 2, 3]
    # where nobody else is left the rest follows all the same
    assert sorted(order) == list(range(count))


def test_what_heads_enough_feeds_stands_below_the_head():
    scores = np.array([1.0, 0.9, 0.8, 0.7])
    wholes = np.eye(4, dtype=np.float32)
    may_head = np.array([False, True, True, True])
    order = varied(scores, wholes, np.full(4, -1), may_head, Variety(likeness=0.0, head=2))
    assert order == [1, 2, 0, 3]
    nobody = varied(scores, wholes, np.full(4, -1), np.zeros(4, bool), Variety(likeness=0.0, head=2))
    assert nobody == [0, 1, 2, 3]


def test_senseless_varieties_are_refused():
    with pytest.raises(InputError, match="likeness=-1"):
        Variety(likeness=-1)
