"""The listing encoder's losses, by value and by gradient."""

import math

import pytest
import torch

from bowerbird.training.listing_losses import category_loss, contrastive_loss, symmetric_loss

EYE = torch.eye(2, dtype=torch.bool)


def test_one_positive_is_the_cross_entropy_of_its_row():
    scores = torch.tensor([[2.0, 0.0], [1.0, 3.0]])
    # -log(e^2 / (e^2 + e^0)) and -log(e^3 / (e^1 + e^3)), in the mean.
    expected = (math.log(1 + math.exp(-2)) + math.log(1 + math.exp(-2))) / 2
    assert contrastive_loss(scores, EYE).item() == pytest.approx(expected)


def test_positives_of_a_row_are_held_against_the_negatives_alone():
    scores = torch.tensor([[1.0, 5.0, 0.0]])
    positives = torch.tensor([[True, True, False]])
    # For the first -log(e^1 / (e^1 + e^0)), though the second scores 5; for that -log(e^5 / (e^5 + e^0)).
    expected = (math.log(1 + math.exp(-1)) + math.log(1 + math.exp(-5))) / 2
    assert contrastive_loss(scores, positives).item() == pytest.approx(expected)


def test_a_duplicate_is_drawn_near_and_a_stranger_pushed_away():
    scores = torch.tensor([[2.0, 1.0, 1.0]], requires_grad=True)
    contrastive_loss(scores, torch.tensor([[True, True, False]])).backward()
    assert scores.grad[0, 0] < 0
    assert scores.grad[0, 1] < 0
    assert scores.grad[0, 2] > 0


def test_what_is_excluded_is_neither_positive_nor_negative():
    scores = torch.tensor([[9.0, 2.0, 0.0]], requires_grad=True)
    positives = torch.tensor([[True, True, False]])
    excluded = torch.tensor([[True, False, False]])
    loss = contrastive_loss(scores, positives, excluded)
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-2)))
    loss.backward()
    assert scores.grad[0, 0] == 0


def test_rows_without_a_positive_do_not_count():
    scores = torch.tensor([[2.0, 0.0], [7.0, 1.0]])
    positives = torch.tensor([[True, False], [False, False]])
    assert contrastive_loss(scores, positives).item() == pytest.approx(math.log(1 + math.exp(-2)))
    assert contrastive_loss(scores, torch.zeros(2, 2, dtype=torch.bool)).item() == 0


def test_symmetric_is_the_mean_of_both_ways():
    scores = torch.tensor([[2.0, 0.0], [1.0, 3.0]])
    there, back = contrastive_loss(scores, EYE), contrastive_loss(scores.T, EYE)
    assert symmetric_loss(scores, EYE).item() == pytest.approx((there.item() + back.item()) / 2)


def test_unknown_categories_do_not_count():
    logits = torch.tensor([[[1.0, 0.0], [0.0, 9.0]]], requires_grad=True)
    loss = category_loss(logits, torch.tensor([[0, -1]]))
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-1)))
    assert category_loss(logits, torch.tensor([[-1, -1]])).item() == 0
