"""Schedules by value, and which parameters are trained how fast."""

import pytest
import torch
from torch import nn

from bowerbird.training.optimisation import build_optimiser, build_schedule, parameter_groups, rate_factor


@pytest.mark.parametrize(
    ("name", "step", "expected"),
    [
        ("cosine", 0, 1 / 3),  # warming up: one third, two thirds
        ("cosine", 1, 2 / 3),
        ("cosine", 2, 1.0),
        ("cosine", 7, 0.5),  # half of the ten steps after the two
        ("cosine", 12, 0.0),
        ("cosine", 99, 0.0),
        ("step", 5, 1.0),
        ("step", 6, 0.1),  # a third of ten is 3.3
        ("step", 9, 0.01),
        ("step", 12, 0.01),
        ("constant", 11, 1.0),
    ],
)
def test_a_schedule_by_hand(name, step, expected):
    assert rate_factor(name, steps=12, warmup=2)(step) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_every_optimiser_follows_its_schedule_downhill(name):
    head, backbone = nn.Linear(3, 2), nn.Linear(4, 3)
    groups = parameter_groups(head, backbone, rate=0.05, backbone_factor=0.5, weight_decay=0.0)
    optimiser = build_optimiser(name, groups)
    schedule = build_schedule(optimiser, "cosine", steps=20, warmup=0.1)
    torch.manual_seed(0)
    inputs, targets = torch.randn(16, 4), torch.randn(16, 2)
    losses = []
    for _ in range(20):
        loss = nn.functional.mse_loss(head(backbone(inputs)), targets)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert optimiser.param_groups[0]["lr"] == pytest.approx(0, abs=1e-12)


def test_biases_do_not_decay_and_the_backbone_learns_slower():
    head, backbone = nn.Linear(3, 2), nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    backbone[0].weight.requires_grad_(False)
    groups = parameter_groups(head, backbone, rate=1.0, backbone_factor=0.1, weight_decay=0.5)
    seen = [(group["lr"], group["weight_decay"], [one.shape for one in group["params"]]) for group in groups]
    assert seen == [
        (1.0, 0.5, [torch.Size([2, 3])]),
        (1.0, 0.0, [torch.Size([2])]),
        (0.1, 0.0, [torch.Size([3])] * 3),  # a bias, and the scale and offset of the normalisation
    ]
