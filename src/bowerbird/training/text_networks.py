"""Networks that read tokens: the classic convolutions on frozen embeddings, and the backbone trained on.

In: (B, T) int64 ids and the (B, T) int64 mask, 1 where a token stands. Out: (B, C) logits.
"""

from typing import Any

import torch
from torch import Tensor, nn

from bowerbird.training.networks import mean_pool
from bowerbird.training.text_backbone import TextBackbone

WIDTHS = (2, 3, 4)  # tokens that a convolution sees
CHANNELS = 128
HIDDEN = 128


class ConvText(nn.Module):
    """Convolutions of several widths, the strongest answer of each, two linear layers (Kim, EMNLP 2014).

    Args:
        embeddings: (V, d) of the backbone's tokens; they stay as they are.
        classes: C.
        dropout: between the layers.
    """

    def __init__(self, embeddings: Tensor, classes: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(embeddings), embeddings.shape[1])
        self.embedding.weight = nn.Parameter(embeddings.detach().clone(), requires_grad=False)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(embeddings.shape[1], CHANNELS, width, padding=width - 1) for width in WIDTHS
        )
        self.head = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(CHANNELS * len(WIDTHS), HIDDEN),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(HIDDEN, classes),
        )

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(B, T) ids and mask -> (B, C) logits."""
        tokens = (self.embedding(ids) * mask.unsqueeze(-1)).transpose(1, 2)  # (B, d, T)
        strongest = [torch.relu(conv(tokens)).amax(dim=2) for conv in self.convolutions]
        logits: Tensor = self.head(torch.cat(strongest, dim=1))
        return logits


class FineTunedText(nn.Module):
    """The backbone's hidden states, their mean, and a linear layer; all of it learns."""

    def __init__(self, backbone: nn.Module, dimension: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(dimension, classes))

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(B, T) ids and mask -> (B, C) logits."""
        output: Any = self.backbone(input_ids=ids, attention_mask=mask)
        # Of length 1 the mean would be too small for a linear layer at its usual start.
        mean = mean_pool(output.last_hidden_state, mask) * output.last_hidden_state.shape[-1] ** 0.5
        logits: Tensor = self.head(mean)
        return logits


def token_embeddings(backbone: TextBackbone) -> Tensor:
    """(V, d) the input embeddings of the backbone's tokens."""
    model: Any = backbone.network.model
    weights: Tensor = model.get_input_embeddings().weight
    return weights
