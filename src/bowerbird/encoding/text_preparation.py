"""Text becomes network input: token ids, cut at a length, padded to the length of the batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from bowerbird.errors import InputError

Tokens = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TextPreparation:
    """What a text network was trained to read."""

    max_length: int  # tokens, the special ones included; the rest of a text is not read
    padding_id: int
    pooling: str  # mean, cls or pooler: done inside the network; here for the reader
    fixed_length: bool = False  # pad every text to max_length and mask nothing (SigLIP was trained so)

    def __post_init__(self) -> None:
        if self.max_length < 1:
            raise InputError(f"max_length must be 1 token or more, but {self.max_length} was given")

    def tokenize(self, tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, none over `max_length`; `tokenizer` must truncate and not pad."""
        return [encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts))]

    def batch(self, token_ids: Sequence[Sequence[int]], length: int) -> tuple[Tokens, Tokens]:
        """(n, length) ids and (n, length) mask, 1 where a token stands.

        Args:
            token_ids: the ids of n texts, none longer than `length`.
            length: tokens a row is padded to; `max_length` where the length is fixed.
        """
        length = self.max_length if self.fixed_length else length
        ids = np.full((len(token_ids), length), self.padding_id, np.int64)
        mask = np.zeros((len(token_ids), length), np.int64)
        for row, tokens in enumerate(token_ids):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        return ids, mask
