"""A trained text network becomes one ONNX file: 'ids' and 'mask' (B, T) int64 to 'logits' (B, C) float32."""

import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.jit._trace import TracerWarning

from bowerbird.encoding.network import Network, Precision
from bowerbird.errors import TrainingError
from bowerbird.training.export import OPSET

MOST_DIFFERENCE = 1e-3  # of logits


def write_text_network(network: nn.Module, vocabulary: int, path: Path) -> None:
    """Write `network` to `path`, and run it once against torch.

    Raises:
        TrainingError: the export computes something else.
    """
    network.eval()
    axes = {0: "batch", 1: "tokens"}
    with warnings.catch_warnings():
        # As in export.py: the exporter is deprecated but writes one file, and parity is checked below.
        for category in (DeprecationWarning, TracerWarning, UserWarning):
            warnings.simplefilter("ignore", category)
        torch.onnx.export(
            network,
            _example(vocabulary, 2, 9),
            str(path),
            dynamo=False,
            input_names=["ids", "mask"],
            output_names=["logits"],
            dynamic_axes={"ids": axes, "mask": axes, "logits": {0: "batch"}},
            opset_version=OPSET,
        )
    inputs = _example(vocabulary, 3, 14)
    with torch.inference_mode():
        expected = network(*inputs).numpy()
    found = Network(path, Precision.F32).run([tensor.numpy() for tensor in inputs])
    difference = float(np.abs(expected - found).max())
    if not difference <= MOST_DIFFERENCE:
        raise TrainingError(
            f"the exported text network differs from the trained one by {difference:.4f} in its logits, and "
            f"{MOST_DIFFERENCE} is allowed; train with another architecture"
        )


def _example(vocabulary: int, rows: int, tokens: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(rows)
    ids = torch.randint(vocabulary, (rows, tokens), generator=generator)
    mask = (torch.arange(tokens) < torch.arange(tokens, tokens - rows, -1)[:, None]).to(torch.int64)
    return ids, mask
