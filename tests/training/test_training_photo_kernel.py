"""What remembered photos say: of classes by neighbours, bounded in number, and within the exported graph."""

import numpy as np
import pytest
import torch
from torch import nn

from bowerbird.training import photo_kernel
from bowerbird.training.photo_classifier import ExportedClassifier, FrozenPartner, PhotoClassifier
from bowerbird.training.photo_kernel import KernelChoices, fit_photo_kernel, remembered_rows

RNG = np.random.default_rng(5)
CENTRES = RNG.normal(size=(3, 12)) * 3


def drawn(n):
    labels = RNG.integers(0, 3, n)
    return (CENTRES[labels] + RNG.normal(size=(n, 12))).astype(np.float32), labels


@pytest.fixture(scope="module")
def kernel():
    features, labels = drawn(200)
    return fit_photo_kernel(features, np.eye(3, dtype=np.float32)[labels], KernelChoices(compared=12))


def test_photos_are_told_by_those_they_are_like(kernel):
    features, labels = drawn(300)
    told = kernel(torch.from_numpy(features)).numpy()
    assert (told.argmax(axis=1) == labels).mean() > 0.95
    assert told.sum(axis=1) == pytest.approx(
        np.ones(300), abs=1e-4
    )  # least squares keeps the sum of its targets


def test_what_stands_behind_the_first_columns_is_not_read(kernel):
    features, _ = drawn(4)
    wider = np.concatenate([features, np.full((4, 5), 9, np.float32)], axis=1)
    torch.testing.assert_close(kernel(torch.from_numpy(wider)), kernel(torch.from_numpy(features)))


def test_so_many_photos_are_remembered_and_no_more(monkeypatch):
    monkeypatch.setattr(photo_kernel, "MOST_REMEMBERED", 10)
    rows = np.arange(5, 40)
    kept = remembered_rows(rows, seed=1)
    assert len(set(kept.tolist())) == 10
    assert set(kept.tolist()) <= set(rows.tolist())
    assert kept.tolist() == remembered_rows(rows, seed=1).tolist() == sorted(kept.tolist())
    assert remembered_rows(rows[:10], seed=1).tolist() == rows[:10].tolist()


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_the_answer_is_the_mean_of_both_by_their_shares(kernel, share):
    torch.manual_seed(0)
    classifier = PhotoClassifier(nn.Identity(), 12, 3, 0, 0.0).eval()
    partner = FrozenPartner(nn.Identity(), kernel, share)
    features = torch.from_numpy(drawn(6)[0])
    own = torch.softmax(classifier(features).logits, dim=1)
    told = kernel(features).clamp(min=1e-3)
    told = told / told.sum(dim=1, keepdim=True)
    _, logits = ExportedClassifier(nn.Identity(), classifier, partner)(features)
    torch.testing.assert_close(torch.softmax(logits, dim=1), (1 - share) * own + share * told)
    _, alone = ExportedClassifier(nn.Identity(), classifier)(features)
    torch.testing.assert_close(torch.softmax(alone, dim=1), own)
