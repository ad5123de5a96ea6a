"""Losses by value, the arithmetic in the assertion, and by gradient."""

from math import log

import pytest
import torch

from bowerbird.training.losses import (
    balancing_weights,
    cross_entropy,
    dense_targets,
    mixed,
    taught_targets,
)


def test_a_smoothed_target_by_hand():
    # 4 classes, e = 0.2: each gets 0.2 / 4, the label 0.8 more; an unknown label gets nothing.
    expected = torch.tensor([[0.05, 0.85, 0.05, 0.05], [0.0, 0.0, 0.0, 0.0]])
    torch.testing.assert_close(dense_targets(torch.tensor([1, -1]), 4, smoothing=0.2), expected)


def test_a_teacher_takes_its_share_where_it_speaks():
    targets = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    teacher = torch.tensor([[0.2, 0.8], [0.0, 0.0]])
    # 0.75 (1, 0) + 0.25 (0.2, 0.8) = (0.8, 0.2); a row of zeros has no teacher.
    expected = torch.tensor([[0.8, 0.2], [1.0, 0.0]])
    torch.testing.assert_close(taught_targets(targets, teacher, 0.25), expected)


def test_cross_entropy_by_hand():
    logits = torch.tensor([[0.0, log(3)], [5.0, -5.0]])
    targets = torch.tensor([[0.5, 0.5], [0.0, 0.0]])
    # q = (1/4, 3/4); -(log(1/4) + log(3/4)) / 2; the row without a target does not count.
    assert cross_entropy(logits, targets) == pytest.approx(-(log(1 / 4) + log(3 / 4)) / 2)
    weights = torch.tensor([2.0, 0.0])
    assert cross_entropy(logits, targets, weights) == pytest.approx(-log(1 / 4))


def test_without_any_target_there_is_no_loss():
    assert cross_entropy(torch.randn(3, 4), torch.zeros(3, 4)) == 0


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_cross_entropy_is_torchs(smoothing):
    logits = torch.randn(7, 5, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([0, 4, 2, 2, 1, 3, 0])
    expected = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=smoothing)
    found = cross_entropy(logits, dense_targets(labels, 5, smoothing=smoothing))
    torch.testing.assert_close(found, expected)


def test_the_gradient_is_what_is_said_less_what_is_true():
    logits = torch.zeros(1, 2, requires_grad=True)
    cross_entropy(logits, torch.tensor([[1.0, 0.0]])).backward()
    torch.testing.assert_close(logits.grad, torch.tensor([[0.5 - 1, 0.5 - 0]]))


def test_rare_classes_weigh_more():
    labels = torch.tensor([0, 0, 0, 1, -1])
    # 1/3 and 1, scaled by s so that (3 s/3 + s) / 4 = 1: s = 2. The third class was not seen.
    torch.testing.assert_close(balancing_weights(labels, 3), torch.tensor([2 / 3, 2.0, 0.0]))


def test_mixing_keeps_a_share_of_each():
    inputs, targets = torch.tensor([[1.0], [3.0]]), torch.eye(2)
    found, both = mixed(inputs, targets, 0.75, torch.tensor([1, 0]))
    torch.testing.assert_close(found, torch.tensor([[0.75 + 0.25 * 3], [0.75 * 3 + 0.25]]))
    torch.testing.assert_close(both, torch.tensor([[0.75, 0.25], [0.25, 0.75]]))
