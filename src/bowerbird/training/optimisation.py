"""Optimisers and learning rate schedules of a training run, by name."""

import math
from collections.abc import Callable, Iterable
from typing import Any

from torch import nn
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

MOMENTUM = 0.9
STEP_FACTOR = 0.1  # what the step schedule multiplies by, after each third of the run


def parameter_groups(
    head: nn.Module, backbone: nn.Module, *, rate: float, backbone_factor: float, weight_decay: float
) -> list[dict[str, Any]]:
    """Trainable parameters in up to four groups: head and backbone, with and without weight decay."""
    groups = []
    for module, module_rate in ((head, rate), (backbone, rate * backbone_factor)):
        trainable = [one for one in module.parameters() if one.requires_grad]
        for decay, chosen in (
            (weight_decay, [one for one in trainable if one.ndim > 1]),
            # Decay of biases and scales takes capacity and regularises nothing (He et al., 2019).
            (0.0, [one for one in trainable if one.ndim <= 1]),
        ):
            if chosen:
                groups.append({"params": chosen, "lr": module_rate, "weight_decay": decay})
    return groups


def build_optimiser(name: str, groups: Iterable[dict[str, Any]]) -> Optimizer:
    """'adamw' (Loshchilov and Hutter, 2019), or 'sgd' with Nesterov's momentum of 0.9."""
    if name == "sgd":
        return SGD(groups, momentum=MOMENTUM, nesterov=True)
    return AdamW(groups)


def rate_factor(name: str, *, steps: int, warmup: int) -> Callable[[int], float]:
    """What the learning rate is multiplied by at a step from 0: rising over `warmup` steps, then by schedule.

    'cosine' falls to 0 at `steps` (SGDR without restarts, 2017); 'step' falls by ten after each third;
    'constant' stays.
    """

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / (warmup + 1)
        done = min((step - warmup) / max(1, steps - warmup), 1.0)
        if name == "cosine":
            return 0.5 * (1 + math.cos(math.pi * done))
        if name == "step":
            return STEP_FACTOR ** min(int(3 * done), 2)
        return 1.0

    return factor


def build_schedule(optimiser: Optimizer, name: str, *, steps: int, warmup: float) -> LambdaLR:
    """The schedule over `steps`, moved on once a step; `warmup` is a share of them."""
    return LambdaLR(optimiser, rate_factor(name, steps=steps, warmup=round(warmup * steps)))
