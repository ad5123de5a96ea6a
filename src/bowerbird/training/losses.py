"""Losses of classifiers on dense targets.

A target is a (B, C) row of probabilities, so that smoothing, a teacher and mixing are all the same thing:
another target.
"""

import torch
from torch import Tensor


def dense_targets(labels: Tensor, classes: int, *, smoothing: float = 0.0) -> Tensor:
    """(B, C) float32: 1 - e + e/C at the label, e/C elsewhere (Szegedy et al., 2016); all 0 for label -1."""
    known = labels >= 0
    targets = torch.full((len(labels), classes), smoothing / classes, device=labels.device)
    hot = torch.nn.functional.one_hot(labels.clamp(min=0), classes).to(targets.dtype)
    return (targets + (1 - smoothing) * hot) * known[:, None]


def taught_targets(targets: Tensor, teacher: Tensor, weight: float) -> Tensor:
    """`targets` of which a share `weight` is the teacher's (Hinton, Vinyals and Dean, 2015, temperature 1).

    A row of `teacher` (B, C) that is all 0 has no teacher and keeps its target.
    """
    share = weight * (teacher.sum(dim=1, keepdim=True) > 0).to(targets.dtype)
    return (1 - share) * targets + share * teacher.to(targets.dtype)


def cross_entropy(logits: Tensor, targets: Tensor, class_weights: Tensor | None = None) -> Tensor:
    """-sum_c w_c p_c log q_c, averaged over the rows whose target is not all 0; 0 where there is none."""
    weighted = targets if class_weights is None else targets * class_weights
    losses = -(weighted * torch.log_softmax(logits.float(), dim=1)).sum(dim=1)
    return losses.sum() / (targets.sum(dim=1) > 0).sum().clamp(min=1)


def balancing_weights(labels: Tensor, classes: int) -> Tensor:
    """(C,) one over each class's frequency, scaled to a mean of 1 over `labels`; 0 for an unseen class."""
    counts = torch.bincount(labels[labels >= 0], minlength=classes).float()
    inverse = torch.where(counts > 0, 1 / counts.clamp(min=1), 0.0)
    return inverse * counts.sum() / (inverse * counts).sum().clamp(min=1e-12)


def mixed(inputs: Tensor, targets: Tensor, share: float, order: Tensor) -> tuple[Tensor, Tensor]:
    """Each row with that of `order`, of which it keeps `share` (mixup, Zhang et al., ICLR 2018)."""
    return torch.lerp(inputs[order], inputs, share), torch.lerp(targets[order], targets, share)
