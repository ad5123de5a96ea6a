"""Photos to raw features: decoding in threads, overlapped with one exported network.

The features are what the network says, not yet comparable by inner product: `photo_embedder.py` adds the
whitening that makes unit vectors of them.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.artefact import Artefact
from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.network import Inputs, Network, Precision
from bowerbird.encoding.photo_preparation import PhotoItem, PhotoPreparation, Pixels
from bowerbird.errors import InputError, MismatchError

Key = TypeVar("Key")
DEFAULT_BATCH = 16
DEFAULT_DECODERS = 2
# Decoded photos wait for the network in at most this many batches: memory stays bounded.
_BATCHES_AHEAD = 3
# As many photos as a listing or a query has are done at once, without threads and streams.
_SMALL = 8


class PhotoEncoder:
    """An `Encoder` of photos, except that its rows are raw features and not unit vectors.

    A photo is an (h, w, 3) uint8 RGB array, a Pillow image, or the bytes of an image file.

    Args:
        artefact: an exported photo network.
        precision: auto, f32 or bf16.
        decoders: threads that decode and scale.
        threads: that compute; 0 is one a core.

    Raises:
        MismatchError: `artefact` is of another kind.
        UnavailableError: this CPU does not compute in `precision`.
    """

    def __init__(
        self,
        artefact: Artefact,
        precision: Precision | str = Precision.AUTO,
        *,
        decoders: int = DEFAULT_DECODERS,
        threads: int = 0,
    ) -> None:
        preparation = artefact.config.preparation
        if not isinstance(preparation, PhotoPreparation):
            raise MismatchError(
                f"{artefact.folder} holds a {artefact.kind} network; a photo network is needed"
            )
        self.artefact = artefact
        self._preparation = preparation
        self._decoders = decoders
        self._network = Network(
            artefact.network_path, precision, mean=preparation.mean, std=preparation.std, threads=threads
        )
        self.precision = self._network.precision
        self.fingerprint = artefact.fingerprint_at(self.precision)
        self.dimension = artefact.config.dimension

    def encode(self, items: Sequence[PhotoItem]) -> Vectors:
        """(n, dimension) float32 features, row i for photo i.

        Raises:
            InputError: a photo cannot be read.
        """
        if 1 <= len(items) <= _SMALL:
            return self._network.run([np.stack([self._preparation.pixels(item) for item in items])])
        features = np.empty((len(items), self.dimension), np.float32)
        for rows, output in self.encode_stream(enumerate(items)):
            features[rows] = output
        return features

    def encode_stream(
        self, items: Iterable[tuple[Key, PhotoItem]], batch: int = DEFAULT_BATCH
    ) -> Iterator[tuple[list[Key], Vectors]]:
        """(keys, (n, dimension) features) in the order of `items`, n = `batch` but for the last.

        Photos are decoded while others are in the network; `items` is read a few batches ahead.

        Raises:
            InputError: a photo cannot be read; the message has its key.
        """
        if batch < 1:
            raise InputError(f"a batch holds 1 photo or more, but batch={batch} was given")
        keys_in_flight: deque[list[Key]] = deque()

        def batches() -> Iterator[Inputs]:
            while chunk := list(islice(decoded, batch)):
                keys_in_flight.append([key for key, _ in chunk])
                yield [np.stack([pixels for _, pixels in chunk])]

        with ThreadPoolExecutor(self._decoders, thread_name_prefix="decode") as pool:
            decoded = self._decoded(items, pool, ahead=_BATCHES_AHEAD * batch)
            for output in self._network.run_many(batches()):
                yield keys_in_flight.popleft(), output

    def _decoded(
        self, items: Iterable[tuple[Key, PhotoItem]], pool: ThreadPoolExecutor, ahead: int
    ) -> Iterator[tuple[Key, Pixels]]:
        waiting: deque[tuple[Key, Future[Pixels]]] = deque()
        try:
            for key, item in items:
                if len(waiting) == ahead:
                    yield _result(*waiting.popleft())
                waiting.append((key, pool.submit(self._preparation.pixels, item)))
            while waiting:
                yield _result(*waiting.popleft())
        finally:
            for _, future in waiting:
                future.cancel()


def _result(key: Key, future: "Future[NDArray[np.uint8]]") -> tuple[Key, Pixels]:
    try:
        return key, future.result()
    except InputError as error:
        raise type(error)(f"photo {key!r}: {error.message}", details=error.details) from error
