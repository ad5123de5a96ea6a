"""Photos, words and listings in one space, by a network of random weights."""

import dataclasses
import shutil

import numpy as np
import pytest

from bowerbird.encoding.learned_model import LearnedKind
from bowerbird.encoding.listing_encoder import ListingEncoder
from bowerbird.errors import MismatchError
from bowerbird.settings import load_settings
from tiny_listing import publish_random

RNG = np.random.default_rng(3)


@pytest.fixture(scope="module")
def model(indexed_home):
    return publish_random(load_settings(indexed_home))  # not put in use: other tests share the home


@pytest.fixture(scope="module")
def encoder(model):
    return ListingEncoder(model)


def features(n, encoder):
    return np.abs(RNG.normal(size=(n, encoder._features))).astype(np.float32)


def texts(n, encoder):
    vectors = RNG.normal(size=(n, encoder._text)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_vectors_are_of_length_one(encoder):
    photos, words = features(3, encoder), texts(3, encoder)
    for vectors in (encoder.photos(photos), encoder.texts(words), encoder.listings([photos] * 3, words)):
        assert vectors.shape == (3, encoder.dimension)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_batch_equals_one_by_one_whatever_its_size(encoder):
    photos = features(1100, encoder)
    batch = encoder.photos(photos)
    for row in (0, 511, 512, 1099):
        np.testing.assert_allclose(batch[row], encoder.photos(photos[row : row + 1])[0], atol=1e-5)


def test_words_have_no_looks_and_photos_have(encoder):
    words, photos = encoder.texts(texts(4, encoder)), encoder.photos(features(4, encoder))
    assert not words[:, :16].any()
    assert np.abs(photos[:, :16]).sum(axis=1).min() > 0.1


def test_a_listing_of_photos_alone_or_words_alone_is_its_photos_or_its_words(encoder):
    photos, words = features(2, encoder), texts(1, encoder)
    nothing = np.zeros_like(words)
    mean = photos.mean(axis=0, keepdims=True)
    np.testing.assert_allclose(encoder.listings([photos], nothing), encoder.photos(mean), atol=1e-5)
    np.testing.assert_allclose(encoder.listings([photos[:0]], words), encoder.texts(words), atol=1e-5)


def test_a_listing_lies_between_its_photos_and_its_words(encoder):
    photos, words = features(1, encoder), texts(1, encoder)
    whole = encoder.listings([photos], words)[0]
    alone = float(encoder.photos(photos)[0] @ encoder.texts(words)[0])
    assert whole @ encoder.photos(photos)[0] > alone
    assert whole @ encoder.texts(words)[0] > alone


def test_no_words_and_no_photos_are_zero(encoder):
    assert not encoder.texts(np.zeros((2, encoder._text), np.float32)).any()
    assert encoder.texts(np.empty((0, encoder._text), np.float32)).shape == (0, encoder.dimension)


def test_vectors_of_another_width_are_refused(encoder):
    with pytest.raises(
        MismatchError, match=r"reads text vectors of 384 columns.*run `bowerbird train listing`"
    ):
        encoder.texts(np.ones((1, 5), np.float32))
    with pytest.raises(MismatchError, match=r"reads photo features of 1912 columns"):
        encoder.photos(np.ones((1, 1280), np.float32))


def test_other_encoders_than_those_it_was_trained_on_are_refused(encoder):
    encoder.check(encoder.encoders)
    with pytest.raises(
        MismatchError, match=r"reads vectors of the photo encoder .* run `bowerbird train listing`"
    ):
        encoder.check({**encoder.encoders, "photo": "another"})


def test_a_model_of_another_kind_is_refused(model):
    with pytest.raises(MismatchError, match="holds a price model"):
        ListingEncoder(dataclasses.replace(model, kind=LearnedKind.PRICE))


def test_a_model_of_an_earlier_version_is_to_be_trained_anew(model, tmp_path):
    folder = tmp_path / model.fingerprint
    shutil.copytree(model.folder, folder, ignore=shutil.ignore_patterns("words.onnx"))
    with pytest.raises(MismatchError, match=r"earlier bowerbird.*run `bowerbird train listing`"):
        ListingEncoder(dataclasses.replace(model, folder=folder))
