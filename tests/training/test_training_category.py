"""The category model on a market whose truth is known."""

import dataclasses

import numpy as np
import pytest
from told_market import told_market

from bowerbird.errors import InputError, TrainingError
from bowerbird.suggesting.category_model import Evidence
from bowerbird.training.category_figures import answers_on, category_figures, late_fusion
from bowerbird.training.category_kernels import category_targets, look_examples, word_examples
from bowerbird.training.category_learning import cross_fitted_probabilities, learn_categories
from bowerbird.training.category_training import CategoryTraining
from bowerbird.training.training_data import Part

TRAINING = CategoryTraining(folds=4)


class Unseen:
    """Progress that nobody looks at."""

    def step(self, name, total):
        pass

    def advance(self, units):
        pass


@pytest.fixture(scope="module")
def data():
    return told_market()


@pytest.fixture(scope="module")
def model(data):
    return learn_categories(data, TRAINING, Unseen())[0]


def test_words_photos_and_both_find_the_category(data, model):
    answers = answers_on(model, data, data.rows(Part.TEST))
    right = {
        kind: (own.root.argmax(1) == [model.roots.index(data.roots[row]) for row in own.rows]).mean()
        for kind, own in answers.items()
    }
    assert right[Evidence.WORDS] > 0.8  # one in ten says another kind
    assert right[Evidence.PHOTOS] > 0.6
    assert right[Evidence.BOTH] >= right[Evidence.WORDS]
    fused = late_fusion(answers)
    assert fused.sum(1) == pytest.approx(1)


def test_probabilities_are_consistent(data, model):
    for own in answers_on(model, data, data.rows(Part.TEST)).values():
        assert own.root.sum(1) == pytest.approx(1)
        for root in range(len(model.roots)):
            assert own.leaf[:, model.leaf_roots == root].sum(1) == pytest.approx(own.root[:, root])


def test_cross_fitted_probabilities_leave_the_test_part_out_and_know_nothing_of_it(data):
    chances, roots = cross_fitted_probabilities(data, TRAINING, Unseen())
    seen = data.rows(Part.TRAIN, Part.VALIDATION)
    assert np.isnan(chances[data.rows(Part.TEST)]).all()
    assert chances[seen].sum(1) == pytest.approx(1, abs=1e-5)
    truth = [roots.index(data.roots[row]) for row in seen]
    assert (chances[seen].argmax(1) == truth).mean() > 0.8
    hidden = dataclasses.replace(
        data,
        listings=tuple(
            dataclasses.replace(one, title="!", category=("Elsewhere",))
            if data.parts[row] == Part.TEST
            else one
            for row, one in enumerate(data.listings)
        ),
    )
    again, _ = cross_fitted_probabilities(hidden, TRAINING, Unseen())
    assert again[seen] == pytest.approx(chances[seen])


def test_names_of_categories_are_learned_from(data):
    targets = category_targets(data, TRAINING)
    encode = lambda texts: np.ones((len(texts), 8), np.float32) / np.sqrt(8)  # noqa: E731
    kernel, examples = word_examples(data, targets, TRAINING, encode)
    assert len(kernel) == len(targets.rows) + len(targets.leaves)
    assert (examples.folds[-len(targets.leaves) :] == -1).all()
    assert (examples.weights[-len(targets.leaves) :] == TRAINING.name_weight).all()
    # The Gram matrix is the likeness that will be served.
    row = int(targets.rows[3])
    from bowerbird.suggesting.word_features import listing_terms, place_key

    place = place_key(data.listings[row].place)
    served = kernel.likeness(listing_terms(data.listings[row]), data.texts[row], place)
    assert examples.gram[3] == pytest.approx(served, abs=1e-5)


def test_the_gram_matrix_of_looks_is_the_likeness_that_is_served(data):
    targets = category_targets(data, TRAINING)
    kernel, examples = look_examples(data, targets, TRAINING)
    row = int(targets.rows[examples.listings[5]])
    served = kernel.likeness(data.features[data.photo_owners == row])
    assert examples.gram[5] == pytest.approx(served, abs=1e-5)


def test_a_market_without_photos_or_without_words_learns_from_the_other():
    bare = told_market(photos=False)
    model, _ = learn_categories(bare, TRAINING, Unseen())
    assert set(model.pooling) == {Evidence.WORDS}
    answers = answers_on(model, bare, bare.rows(Part.TEST))
    assert category_figures(model, bare, answers, (0, 0))
    mute, _ = learn_categories(told_market(words=False), TRAINING, Unseen())
    assert set(mute.pooling) == {Evidence.PHOTOS}


def test_one_category_is_too_few(data):
    alike = dataclasses.replace(
        data, listings=tuple(dataclasses.replace(one, category=("Home",)) for one in data.listings)
    )
    with pytest.raises(TrainingError, match="1 root categories"):
        learn_categories(alike, TRAINING, Unseen())


@pytest.mark.parametrize(
    "values", [{"folds": 1}, {"word_ridge": 0}, {"precision": 1.5}, {"meaning_weight": -1}]
)
def test_settings_out_of_range_are_refused(values):
    with pytest.raises(InputError, match=next(iter(values))):
        CategoryTraining(**values)
