"""The arithmetic under every vector index: exact conversion, and scores that do not depend on neighbours."""

import numpy as np

from bowerbird.indexing.exact_index import inner_products, singles


def test_every_finite_float16_converts_as_numpy_converts_it():
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)]
    assert singles(halves).view(np.uint32).tolist() == halves.astype(np.float32).view(np.uint32).tolist()


def test_float32_stays_as_it_is():
    vectors = np.array([[0.1, -0.2]], np.float32)
    assert singles(vectors) is vectors


def test_scores_equal_a_double_loop_and_a_row_scores_the_same_alone():
    rng = np.random.default_rng(0)
    for dtype in (np.float16, np.float32):
        vectors = rng.standard_normal((50, 37)).astype(dtype)
        query = rng.standard_normal(37).astype(np.float32)
        scores = inner_products(query, vectors)
        slow = [sum(float(a) * float(b) for a, b in zip(row, query, strict=True)) for row in vectors]
        np.testing.assert_allclose(scores, slow, atol=1e-5)
        alone = [inner_products(query, vectors[i : i + 1])[0] for i in range(50)]
        assert scores.tolist() == [float(score) for score in alone]
