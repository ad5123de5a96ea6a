"""Whitening: what it does to a covariance, to few photos and to zero; saved is loaded."""

import numpy as np
import pytest

from bowerbird.encoding.photo_embedder import PhotoEmbedder
from bowerbird.encoding.whitening import WHITENING_FILE, Whitening, signed_root
from bowerbird.errors import InputError, MismatchError, NotFoundError


@pytest.fixture(scope="module")
def features():
    """(600, 24) of falling variances, mixed."""
    rng = np.random.default_rng(11)
    mixed = rng.normal(size=(600, 24)) * np.geomspace(9, 0.3, 24) @ rng.normal(size=(24, 24))
    return (mixed * np.abs(mixed)).astype(np.float32)


def test_the_signed_root_by_value():
    np.testing.assert_array_equal(signed_root(np.array([[-4, 0, 9]], np.float32)), [[-2, 0, 3]])


def test_whitened_roots_have_the_identity_as_covariance(features):
    whitening = Whitening.fit(features, 8)
    white = (signed_root(features) - whitening.mean) @ whitening.projection
    np.testing.assert_allclose(white.T @ white / len(white), np.eye(8), atol=1e-3)
    np.testing.assert_allclose(white.mean(axis=0), 0, atol=1e-3)


def test_vectors_have_length_1_and_the_wanted_dimension(features):
    whitening = Whitening.fit(features, 8)
    vectors = whitening.apply(features)
    assert whitening.dimension == 8
    assert vectors.shape == (600, 8)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)


def test_equals_the_singular_value_decomposition(features):
    roots = signed_root(features).astype(np.float64)
    roots -= roots.mean(axis=0)
    left, _, _ = np.linalg.svd(roots, full_matrices=False)
    expected = left[:, :8] / np.linalg.norm(left[:, :8], axis=1, keepdims=True)
    found = Whitening.fit(features, 8).apply(features)
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=1e-3)


def test_the_order_of_photos_and_the_sign_of_directions_do_not_matter(features):
    whitening = Whitening.fit(features, 8)
    shuffled = Whitening.fit(features[::-1], 8)
    np.testing.assert_allclose(shuffled.projection, whitening.projection, rtol=1e-3, atol=1e-4)
    largest = np.abs(whitening.projection).argmax(axis=0)
    assert (whitening.projection[largest, np.arange(8)] > 0).all()
    assert Whitening.fit(features, 8).fingerprint == whitening.fingerprint
    assert Whitening.fit(features[1:], 8).fingerprint != whitening.fingerprint


def test_few_photos_keep_the_square_root_alone(features):
    whitening = Whitening.fit(features[:31], 8)
    assert whitening.projection is None
    assert whitening.dimension == 24
    roots = signed_root(features)
    expected = roots / np.linalg.norm(roots, axis=1, keepdims=True)
    np.testing.assert_allclose(whitening.apply(features), expected, rtol=1e-5, atol=1e-6)
    assert Whitening.fit(features[:32], 8).dimension == 8
    assert Whitening.fit(features[:0], 8).dimension == 24


def test_directions_without_variance_are_left_out():
    rng = np.random.default_rng(2)
    flat = rng.uniform(1, 9, (100, 3)).astype(np.float32)
    whitening = Whitening.fit(np.hstack([flat, np.ones((100, 5), np.float32)]), 8)
    assert whitening.dimension == 3
    assert np.isfinite(whitening.apply(np.ones((2, 8), np.float32))).all()


def test_equal_photos_have_no_directions():
    whitening = Whitening.fit(np.ones((100, 5), np.float32), 4)
    assert whitening.projection is None
    np.testing.assert_allclose(whitening.apply(np.ones((1, 5), np.float32)), 1 / np.sqrt(5), rtol=1e-6)


def test_a_zero_row_stays_zero_without_a_projection():
    whitening = Whitening(np.zeros(3, np.float32), None)
    assert not whitening.apply(np.zeros((1, 3), np.float32)).any()


@pytest.mark.parametrize("count", [20, 600])
def test_saved_is_loaded(features, count, tmp_path):
    whitening = Whitening.fit(features[:count], 8)
    whitening.save(tmp_path)
    loaded = Whitening.load(tmp_path)
    assert loaded.fingerprint == whitening.fingerprint
    np.testing.assert_array_equal(loaded.apply(features), whitening.apply(features))


def test_missing_and_damaged_files_are_refused(tmp_path):
    with pytest.raises(NotFoundError, match="does not exist; run `bowerbird"):
        Whitening.load(tmp_path)
    (tmp_path / WHITENING_FILE).write_bytes(b"torn")
    with pytest.raises(MismatchError, match="is damaged"):
        Whitening.load(tmp_path)


def test_features_that_do_not_fit_are_refused(features):
    whitening = Whitening.fit(features, 8)
    with pytest.raises(MismatchError, match=r"\(2, 7\), but the whitening was fitted on 24 columns"):
        whitening.apply(np.ones((2, 7), np.float32))
    with pytest.raises(InputError, match="dimension must be 1 or more, but 0"):
        Whitening.fit(features, 0)
    with pytest.raises(InputError, match="finite"):
        Whitening.fit(np.full((4, 4), np.nan, np.float32))


def test_more_dimensions_than_features_are_all_features():
    features = np.random.default_rng(1).normal(size=(100, 6)).astype(np.float32)
    assert Whitening.fit(features, 999).dimension == 6


def test_an_embedder_is_its_encoder_and_its_whitening(photo_encoder, photos):
    features = photo_encoder.encode(photos)
    width = photo_encoder.dimension
    projection = np.random.default_rng(4).normal(size=(width, 3)).astype(np.float32)
    whitening = Whitening(features.mean(axis=0), projection)
    embedder = PhotoEmbedder(photo_encoder, whitening)
    np.testing.assert_array_equal(embedder.encode(photos), whitening.apply(features))
    assert embedder.dimension == 3
    assert embedder.fingerprint not in (photo_encoder.fingerprint, whitening.fingerprint)
    with pytest.raises(MismatchError, match="takes 24 features, but the photo network gives 1912"):
        PhotoEmbedder(photo_encoder, Whitening(np.zeros(24, np.float32), None))
