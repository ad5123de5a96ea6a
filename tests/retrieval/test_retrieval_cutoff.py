"""The dense cut-off: strengths by value, calibration on nonsense, and what is kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.market.ranked_list import RankedList
from bowerbird.retrieval.cutoff import (
    SAMPLE_SIZE,
    SMALLEST_SAMPLE,
    Background,
    Cutoff,
    calibrated_cutoff,
)


def unit_vectors(count: int, seed: int = 0, dimension: int = 16) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_a_strength_is_the_cosine_times_its_deviations_above_the_background():
    sample, query = unit_vectors(200), unit_vectors(1, seed=1)[0]
    cosines = [float(vector @ query) for vector in sample]
    mean = sum(cosines) / 200
    deviation = (sum((cosine - mean) ** 2 for cosine in cosines) / 200) ** 0.5
    strengths = Background(sample).strengths(query, np.array([0.9, 0.3, -0.5], np.float32))
    expected = [score * (score - mean) / deviation for score in (0.9, 0.3, -0.5)]
    assert strengths.tolist() == pytest.approx(expected, rel=1e-4)


def test_a_small_market_has_no_background_and_keeps_the_floor_alone():
    few = Background(unit_vectors(SMALLEST_SAMPLE - 1))
    ranked = RankedList(np.array([4, 2]), np.array([0.5, 0.1], np.float32))
    assert few.keep(unit_vectors(1)[0], ranked, Cutoff(strength=9.0, floor=0.2)).rows.tolist() == [4]


def test_a_background_of_one_vector_over_and_over_divides_by_no_zero():
    query = unit_vectors(1)[0]
    strengths = Background(np.tile(query, (50, 1))).strengths(query, np.array([1.0, 0.5], np.float32))
    assert np.isfinite(strengths).all()


def test_the_sample_is_without_repeats_and_the_same_every_time():
    asked = []

    def vectors_of(rows):
        asked.append(rows.tolist())
        return unit_vectors(len(rows))

    Background.of(3 * SAMPLE_SIZE, vectors_of)
    Background.of(3 * SAMPLE_SIZE, vectors_of)
    Background.of(7, vectors_of)
    assert len(set(asked[0])) == SAMPLE_SIZE
    assert asked[0] == asked[1] == sorted(asked[0])
    assert max(asked[0]) > 2 * SAMPLE_SIZE  # drawn from the whole market
    assert asked[2] == list(range(7))


@given(st.integers(0, 1000), st.floats(-2, 4), st.floats(-1, 1))
def test_what_is_kept_satisfies_both_and_what_is_dropped_fails_one(seed: int, strength: float, floor: float):
    background, query = Background(unit_vectors(60, seed)), unit_vectors(1, seed + 1)[0]
    scores = np.sort(np.random.default_rng(seed).uniform(-1, 1, 20).astype(np.float32))[::-1]
    ranked = RankedList(np.arange(20), scores)
    kept = set(background.keep(query, ranked, Cutoff(strength, floor)).rows.tolist())
    strengths = background.strengths(query, scores)
    for row, (score, reached) in enumerate(zip(scores, strengths, strict=True)):
        assert (row in kept) == (reached >= strength and score >= floor)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.97])
def test_calibration_leaves_its_share_of_nonsense_without_a_hit(share: float):
    strengths = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
    cutoff = calibrated_cutoff(strengths, share, floor=0.2)
    assert np.mean(strengths < cutoff.strength) == pytest.approx(share, abs=0.002)
    assert cutoff.floor == 0.2
