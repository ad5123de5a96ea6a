"""Words to unit vectors: tokens by `tokenizers`, batches of like length, one exported network."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from tokenizers import Tokenizer

from bowerbird.encoding.artefact import Artefact
from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.network import Inputs, Network, Precision
from bowerbird.encoding.text_preparation import TextPreparation
from bowerbird.errors import InputError, MismatchError

# Rows are padded to a multiple, so that the runtime prepares for a few shapes and not for every length.
LENGTH_STEP = 8
# Batches hold about this many tokens: enough to keep a core busy, little enough to stay in its cache.
BATCH_TOKENS = 1024


class TextEncoder:
    """An `Encoder` of texts.

    An empty text (nothing but white space) has the zero vector: its inner product with everything is 0, so it
    neither finds nor is found.

    Args:
        artefact: an exported text network.
        precision: auto, f32 or bf16.
        max_length: tokens read of each text; None reads as many as the network was exported for.
        threads: that compute; 0 is one a core.

    Raises:
        MismatchError: `artefact` is of another kind.
        InputError: `max_length` is more than the network reads.
        UnavailableError: this CPU does not compute in `precision`.
    """

    def __init__(
        self,
        artefact: Artefact,
        precision: Precision | str = Precision.AUTO,
        *,
        max_length: int | None = None,
        threads: int = 0,
    ) -> None:
        preparation = artefact.config.preparation
        if not isinstance(preparation, TextPreparation):
            raise MismatchError(
                f"{artefact.folder} holds a {artefact.kind} network; a text network is needed"
            )
        self.artefact = artefact
        self._preparation = preparation
        self.max_length = max_length or preparation.max_length
        if not 3 <= self.max_length <= preparation.max_length:
            raise InputError(
                f"max_length {self.max_length} must lie between 3 and the "
                f"{preparation.max_length} tokens that '{artefact.config.backbone}' was exported for"
            )
        self._tokenizer = Tokenizer.from_file(str(artefact.tokenizer_path))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self.max_length)
        self._network = Network(artefact.network_path, precision, threads=threads)
        self.precision = self._network.precision
        self.fingerprint = artefact.fingerprint_at(self.precision, self.max_length)
        self.dimension = artefact.config.dimension

    def encode(self, items: Sequence[str]) -> Vectors:
        """(n, dimension) float32 unit vectors, row i for text i; the zero vector for an empty text."""
        vectors = np.zeros((len(items), self.dimension), np.float32)
        rows = [row for row, text in enumerate(items) if text.strip()]
        if not rows:
            return vectors
        token_ids = self._preparation.tokenize(self._tokenizer, [items[row] for row in rows])
        batches = self._batches(token_ids)
        if len(batches) == 1:
            outputs = iter([self._network.run(self._inputs(token_ids, batches[0]))])
        else:
            outputs = self._network.run_many(self._inputs(token_ids, batch) for batch in batches)
        for batch, output in zip(batches, outputs, strict=True):
            vectors[[rows[position] for position in batch]] = unit_rows(output)
        return vectors

    @contextmanager
    def encoding(self, text: str) -> Iterator[Callable[[], Vectors]]:
        """What waits for the (dimension,) vector that `encode` gives; it is computed during the block."""
        if not text.strip():
            yield lambda: np.zeros(self.dimension, np.float32)
            return
        token_ids = self._preparation.tokenize(self._tokenizer, [text])
        with self._network.running(self._inputs(token_ids, [0])) as output:
            yield lambda: unit_rows(output())[0]

    def _batches(self, token_ids: Sequence[Sequence[int]]) -> list[list[int]]:
        """Positions by length, the longest first, cut so that a batch has about BATCH_TOKENS tokens."""
        return list(length_batches([self._padded_length(len(tokens)) for tokens in token_ids]))

    def _inputs(self, token_ids: Sequence[Sequence[int]], batch: Sequence[int]) -> Inputs:
        rows = [token_ids[position] for position in batch]
        ids, mask = self._preparation.batch(rows, self._padded_length(max(map(len, rows))))
        return [ids] if self._preparation.fixed_length else [ids, mask]

    def _padded_length(self, length: int) -> int:
        if self._preparation.fixed_length:
            return self._preparation.max_length
        return min(-(-length // LENGTH_STEP) * LENGTH_STEP, self.max_length)


def length_batches(lengths: Sequence[int], tokens: int = BATCH_TOKENS) -> Iterator[list[int]]:
    """Positions of `lengths` in batches of like length, the longest first, each of about `tokens` tokens.

    Every position comes once; a batch of n rows whose longest is T has n * T <= `tokens`, or one row.
    """
    batch: list[int] = []
    longest = 0
    for position in sorted(range(len(lengths)), key=lambda position: (-lengths[position], position)):
        if batch and longest * (len(batch) + 1) > tokens:
            yield batch
            batch = []
        if not batch:
            longest = lengths[position]
        batch.append(position)
    if batch:
        yield batch


def unit_rows(vectors: Vectors) -> Vectors:
    """The (n, d) `vectors` at length 1, in float32 whatever the network computed in; zero stays zero."""
    lengths = np.sqrt(np.vecdot(vectors, vectors))[:, None]
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)
