"""What is told of photos in closed form: by the formula, by a market that follows a rule, and as exported."""

import numpy as np
import pytest
import torch

from bowerbird.encoding.network import Network, Precision
from bowerbird.encoding.text_encoder import unit_rows
from bowerbird.encoding.whitening import signed_root
from bowerbird.settings import Settings
from bowerbird.training.export import write_graph
from bowerbird.training.listing_examples import read_examples
from bowerbird.training.listing_kernel import WordMap, fit_told_words
from bowerbird.training.listing_looks import fit_looks
from bowerbird.training.listing_network import FeatureStatistics, ListingNetwork
from bowerbird.training.listing_space import ListingSpace, WordSide
from bowerbird.training.listing_training import DIMENSION, ListingTraining
from bowerbird.training.training_data import Part, load_training_data
from tiny_listing import TINY

TRAINING = ListingTraining(**TINY)


@pytest.fixture
def examples(settings: Settings):
    return read_examples(settings, load_training_data(settings))


@pytest.fixture
def rows(examples):
    return examples.rows(Part.TRAIN)


def test_words_are_whitened_and_rare_directions_get_less():
    rng = np.random.default_rng(0)
    words = (rng.normal(size=(4000, 3)) * [4, 1, 0.01]).astype(np.float32)
    whole = WordMap.fit(words, 0.0)
    spread = ((words - whole.mean) @ whole.directions).std(axis=0)
    np.testing.assert_allclose(spread, 1, atol=1e-3)
    damped = WordMap.fit(words, 1.0)
    # Variances 16, 1 and 0.0001 have a mean of 5.67: the square roots of 16 / 21.67, 1 / 6.67 and nothing.
    spread = np.sort(((words - damped.mean) @ damped.directions).std(axis=0))
    np.testing.assert_allclose(spread, [0.004, 0.387, 0.859], atol=0.02)


def test_what_is_told_is_kernel_ridge_regression(examples, rows):
    told = fit_told_words(examples, rows, TRAINING)
    photos = np.concatenate([examples.photos[row] for row in rows])
    owners = examples.data.photo_owners[photos]
    words = WordMap.fit(
        np.concatenate([examples.titles[rows], examples.texts[rows]]), TRAINING.word_shrinkage
    )
    targets = unit_rows(
        words.apply(examples.titles.numpy()[owners]) + words.apply(examples.texts.numpy()[owners])
    )
    roots = signed_root(examples.features[:, :1280].numpy())
    centred = unit_rows(roots - roots[photos].mean(axis=0))

    def kernel(one, other):
        return np.exp(TRAINING.sharpness * (one @ other.T - 1))

    gram = kernel(centred[photos], centred[photos]) + TRAINING.ridge * np.eye(len(photos))
    alpha = np.linalg.solve(gram, targets - targets.mean(axis=0))
    asked = photos[:20]  # which the compared directions span
    expected = unit_rows(
        (kernel(centred[asked], centred[photos]) @ alpha + targets.mean(axis=0)).astype(np.float32)
    )
    found = told.photos(examples.features[asked]).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_photos_are_near_the_words_that_name_their_colour(examples, rows):
    told = fit_told_words(examples, rows, TRAINING)
    test = examples.rows(Part.TEST)
    photos = told.photos(examples.features[[examples.photos[row][0] for row in test]]).numpy()
    words = told.words(examples.titles[test]).numpy()
    colours = np.array([examples.data.listings[row].title.split()[0] for row in test])
    same = colours[:, None] == colours[None]
    scores = words @ photos.T
    assert scores[same].mean() > scores[~same].mean() + 0.1


def test_a_space_has_256_numbers_and_its_export_says_the_same(examples, rows, tmp_path):
    network = ListingNetwork(
        examples.features.shape[1],
        examples.texts.shape[1],
        TRAINING,
        FeatureStatistics.fit(examples.data.features),
    )
    looks = fit_looks(examples, rows, TRAINING)
    space = ListingSpace(network, looks, fit_told_words(examples, rows, TRAINING), told_share=0.5).eval()
    features, texts = examples.features[:9].numpy(), examples.texts[:9].numpy()
    before = space.word_vectors(texts) @ space.word_vectors(texts).T
    space.turn(examples, rows)
    photos, words = space.photo_vectors(features), space.word_vectors(texts)
    assert photos.shape == words.shape == (9, DIMENSION)
    np.testing.assert_allclose(np.linalg.norm(photos, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(words @ words.T, before, atol=0.1)  # turning keeps the cosines nearly
    for side, given, expected in ((space, features, photos), (WordSide(space), texts, words)):
        path = tmp_path / f"{len(given[0])}.onnx"
        write_graph(side, (torch.from_numpy(given[:2]),), path, inputs=("given",), outputs=("vectors",))
        np.testing.assert_allclose(Network(path, Precision.F32).run([given]), expected, atol=1e-4)
