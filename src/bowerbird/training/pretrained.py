"""Any Hugging Face checkpoint, by name or local folder, as one torch module from prepared input to a vector.

Read with `transformers` from safetensors only and without remote code. Pooling and, for words, L2
normalisation happen inside the module, so that one exported graph gives the vector.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from transformers import AutoModel
from transformers.utils.logging import disable_progress_bar

from bowerbird.errors import TrainingError
from bowerbird.training.networks import mean_pool, unit

T = TypeVar("T")


class PooledPhoto(nn.Module):
    """A vision model, or the vision half of a two-tower model, to one vector a photo."""

    def __init__(self, model: nn.Module, *, has_pooler: bool) -> None:
        super().__init__()
        self.model = model
        self.has_pooler = has_pooler

    def forward(self, pixels: Tensor) -> Tensor:
        """(B, 3, s, s) -> (B, d): the pooled output, or the class token where there is no pooler."""
        run: Any = getattr(self.model, "get_image_features", self.model)
        return _vector(run(pixel_values=pixels), pooled=self.has_pooler)


class PooledText(nn.Module):
    """A text model, or the text half of a two-tower model, to one unit vector a text."""

    def __init__(self, model: nn.Module, pooling: str) -> None:
        super().__init__()
        self.model = model
        self.pooling = pooling

    def forward(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, T) ids and mask -> (B, d) unit vectors; without a mask every token counts."""
        run: Any = getattr(self.model, "get_text_features", self.model)
        output = run(input_ids=ids, attention_mask=mask)
        if self.pooling == "mean":
            return mean_pool(output.last_hidden_state, torch.ones_like(ids) if mask is None else mask)
        return unit(_vector(output, pooled=self.pooling == "pooler"))


def load_pretrained(name: str) -> tuple[Any, bool]:
    """The model, and whether its pooler was trained (a checkpoint without one gets random weights for it).

    Raises:
        TrainingError: it cannot be reached, has no safetensors, or lacks weights outside the pooler.
    """
    model, report = translating(
        name,
        lambda: AutoModel.from_pretrained(
            name,
            use_safetensors=True,
            dtype=torch.float32,
            attn_implementation="eager",
            output_loading_info=True,
        ),
    )
    missing = sorted(report["missing_keys"])
    if lacking := [key for key in missing if "pooler" not in key]:
        raise TrainingError(
            f"the checkpoint '{name}' lacks {len(lacking)} weights, the first being {lacking[0]}; "
            "export it from the model it was trained as"
        )
    return model.eval(), not missing


def translating(name: str, load: Callable[[], T]) -> T:
    """What `load` returns.

    Raises:
        TrainingError: `transformers` cannot load or run the network `name`.
    """
    # Its bar of weights read, over in a blink, would break into ours.
    disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers has no types here
    try:
        return load()
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        reason = str(error).strip().partition("\n")[0] or repr(error)
        raise TrainingError(
            f"the network '{name}' cannot be loaded: {reason} Give a packaged name, a Hugging Face name that "
            "this machine can reach, or a folder with config.json and model.safetensors"
        ) from error


def _vector(output: Any, *, pooled: bool) -> Tensor:  # noqa: ANN401 - each model has its own output class
    if isinstance(output, Tensor):
        return output.flatten(1)
    pooler_output = getattr(output, "pooler_output", None)
    if pooled and pooler_output is not None:
        return torch.flatten(pooler_output, 1)
    return torch.as_tensor(output.last_hidden_state)[:, 0]
