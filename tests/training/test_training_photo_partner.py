"""The partner of a photo classifier: who gets one, how sure it is, and what a teacher changes."""

from dataclasses import replace

import numpy as np
import pytest

from bowerbird.training.datasets import LabelledPhotos
from bowerbird.training.photo_partner import POWERS, fit_partner, with_partner
from bowerbird.training.photo_training import PhotoTraining
from bowerbird.training.training_data import Part

NAME = "efficientnet-lite0"
TRAINING = PhotoTraining(architecture=NAME)


@pytest.fixture(scope="module")
def photos() -> LabelledPhotos:
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 3, 240)
    centres = rng.normal(size=(3, 1280)) * 0.5
    return LabelledPhotos(
        names=tuple(map(str, range(240))),
        classes=("a", "b", "c"),
        labels=labels,
        leaves=np.full(240, -1),
        leaf_names=(),
        parts=np.repeat([Part.TRAIN, Part.VALIDATION, Part.TEST], [120, 60, 60]).astype(np.int8),
        groups=np.arange(240),
        fingerprint="drawn",
        read=lambda _row: b"",
        features=np.abs(centres[labels] + rng.normal(size=(240, 1280))).astype(np.float32),
        features_of=NAME,
    )


def test_without_features_of_that_network_there_is_none(photos):
    assert fit_partner(replace(photos, features=None, features_of=""), TRAINING) is None
    assert fit_partner(photos, replace(TRAINING, architecture="efficientnet-lite2")) is None
    assert fit_partner(photos, replace(TRAINING, size=64)) is None
    assert fit_partner(photos, replace(TRAINING, remembered=0.0)) is None


def test_a_timid_fit_is_made_surer_and_the_answer_is_of_both(photos):
    partner = fit_partner(photos, TRAINING)
    assert partner is not None
    assert partner.power in POWERS[1:]
    rows = photos.rows(Part.TEST)
    own = np.full((60, 3), 1 / 3, np.float32)
    chances = with_partner(partner, photos, rows, own)
    assert chances.sum(axis=1) == pytest.approx(np.ones(60), abs=1e-5)
    assert (chances.argmax(axis=1) == photos.labels[rows]).mean() > 0.8
    assert chances.max() <= 0.5 / 3 + 0.5 + 1e-6  # the half of a classifier that knows nothing holds it down
    np.testing.assert_array_equal(with_partner(None, photos, rows, own), own)


def test_validation_photos_are_remembered_where_they_are_learned(photos):
    training = replace(TRAINING, learn_validation=True, patience=0)
    sizes = [
        len(fit_partner(replace(photos, learns_validation=learns), training).kernel.remembered)
        for learns in (False, True)
    ]
    assert sizes == [120, 180]


def test_a_teacher_has_its_share_of_what_is_told(photos):
    wrong = np.tile(np.array([0, 0, 1], np.float32), (240, 1))
    taught = fit_partner(replace(photos, teacher=wrong), replace(TRAINING, teacher_weight=1.0))
    rows = photos.rows(Part.TEST)
    chances = with_partner(taught, photos, rows, wrong[rows])
    assert set(chances.argmax(axis=1)) == {2}
