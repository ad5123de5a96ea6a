"""The losses of the listing encoder: what belongs together is near, among the others of a batch."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

UNKNOWN = -1  # a category that a listing lacks
_NEVER = -1e4  # a logit that counts for nothing


def contrastive_loss(scores: Tensor, positives: Tensor, excluded: Tensor | None = None) -> Tensor:
    """The mean over rows and their positives of -log p(positive | it and the negatives).

    In-batch negatives (InfoNCE: van den Oord et al., arXiv:1807.03748) with several positives a row, each of
    which is held against the negatives alone: positives never repel one another (as in the supervised
    contrastive loss L_out, Khosla et al., NeurIPS 2020, without the other positives in the denominator).

    Args:
        scores: (B, N) similarity over temperature.
        positives: (B, N) True where the column belongs to the row.
        excluded: (B, N) True where the column is no example for the row, such as itself.

    Rows without a positive do not count; where none has one the loss is 0.
    """
    if excluded is not None:
        scores = scores.masked_fill(excluded, _NEVER)
        positives = positives & ~excluded
    negatives = torch.logsumexp(scores.masked_fill(positives, _NEVER), dim=1, keepdim=True)
    log_p = scores - torch.logaddexp(negatives, scores)
    counts = positives.sum(dim=1)
    asked = counts > 0
    if not asked.any():
        return scores.sum() * 0.0
    return -((log_p * positives).sum(dim=1)[asked] / counts[asked]).mean()


def symmetric_loss(scores: Tensor, positives: Tensor) -> Tensor:
    """The mean of the contrastive loss of rows among columns and of columns among rows."""
    return (contrastive_loss(scores, positives) + contrastive_loss(scores.T, positives.T)) / 2


def category_loss(logits: Tensor, codes: Tensor) -> Tensor:
    """Cross-entropy of (..., C) `logits` with (...) `codes`; those of -1 do not count."""
    if not bool((codes != UNKNOWN).any()):
        return logits.sum() * 0.0
    return cross_entropy(logits.flatten(0, -2), codes.flatten(), ignore_index=UNKNOWN)
