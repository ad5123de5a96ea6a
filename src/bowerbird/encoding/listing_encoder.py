"""Photos, words and whole listings to unit vectors of one space, by a network learned from the market.

It reads what the frozen encoders say (raw photo features, text vectors), so encoding a market again costs
seconds. The first `looks` numbers of a vector say what a photo looks like and are zero for words; the others
say what the thing is. So a photo's inner product with a photo counts both, and with words the second alone.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.artefact import NETWORK_FILE
from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.encoding.network import Inputs, Network, Precision
from bowerbird.encoding.text_encoder import unit_rows
from bowerbird.errors import MismatchError

WORDS_FILE = "words.onnx"  # what words mean; photos have the network file
DIMENSION = 256
_ROWS_AT_ONCE = 512


class ListingEncoder:
    """The listing encoder of one learned model. Safe between threads.

    The network is so small that it always computes in f32: its vectors are the same on every CPU.

    Raises:
        MismatchError: the model is of another kind, or its network is none that the runtime can read.
    """

    def __init__(self, model: LearnedModel) -> None:
        if model.kind is not LearnedKind.LISTING:
            raise MismatchError(f"{model.folder} holds a {model.kind} model; a listing encoder is needed")
        self.fingerprint = model.fingerprint
        self.encoders: Mapping[str, str] = dict(model.encoders)
        self.dimension = int(model.config["dimension"])
        self._features = int(model.config["features"])
        self._text = int(model.config["text"])
        self._looks = int(model.config["looks"])
        if not (model.folder / WORDS_FILE).is_file():
            raise MismatchError(
                f"the listing encoder {model.fingerprint} was trained by an earlier bowerbird, which had one "
                "network for words and photos; run `bowerbird train listing`"
            )
        self._photo_network = Network(model.folder / NETWORK_FILE, Precision.F32)
        self._word_network = Network(model.folder / WORDS_FILE, Precision.F32)

    def check(self, encoders: Mapping[str, str]) -> None:
        """Nothing, where it reads the vectors of these `encoders`, by 'text' and 'photo'.

        Raises:
            MismatchError: it was trained on the vectors of others.
        """
        for part, fingerprint in self.encoders.items():
            if encoders.get(part) != fingerprint:
                raise MismatchError(
                    f"the listing encoder {self.fingerprint} reads vectors of the {part} encoder "
                    f"{fingerprint}, but this home uses {encoders.get(part)}; run `bowerbird train listing`, "
                    "or `bowerbird models rollback listing`"
                )

    def photos(self, features: Vectors) -> Vectors:
        """(n, dimension) unit vectors of (n, f) raw photo features.

        Raises:
            MismatchError: the features are of another width than those it was trained on.
        """
        self._check_width("photo features", features, self._features)
        return self._run(self._photo_network, features)

    def texts(self, vectors: Vectors) -> Vectors:
        """(n, dimension) unit vectors of the (n, t) vectors of words; zero stays zero.

        Raises:
            MismatchError: the vectors are of another width than those it was trained on.
        """
        self._check_width("text vectors", vectors, self._text)
        return self._run(self._word_network, vectors)

    def listings(self, features: Sequence[Vectors], texts: Vectors) -> Vectors:
        """(n, dimension) unit vectors of whole listings: the mean of a listing's photos, and its words.

        A listing looks as its photos do, and means what they and its words mean together.

        Args:
            features: (p, f) raw features of each listing's photos; p may be 0.
            texts: (n, t) text vectors; zero for a listing without words.

        Raises:
            MismatchError: one is of another width than those it was trained on.
        """
        means = np.zeros((len(features), self._features), np.float32)
        for row, of_listing in enumerate(features):
            if len(of_listing):
                self._check_width("photo features", of_listing, self._features)
                means[row] = of_listing.mean(axis=0)
        photos, words = self.photos(means), self.texts(texts)
        looks = self._looks
        meaning = unit_rows(unit_rows(photos[:, looks:]) + words[:, looks:])
        lengths = np.linalg.norm(photos[:, looks:], axis=1, keepdims=True)
        joined = np.concatenate([photos[:, :looks], meaning * np.where(lengths > 0, lengths, 1)], axis=1)
        return unit_rows(joined)

    def _run(self, network: Network, rows: Vectors) -> Vectors:
        """What is all zero is absent and stays so."""
        present = rows.any(axis=1, keepdims=True)
        if len(rows) <= _ROWS_AT_ONCE:
            return np.where(present, unit_rows(network.run([np.ascontiguousarray(rows, np.float32)])), 0)
        vectors = np.empty((len(rows), self.dimension), np.float32)
        outputs = network.run_many(_batches(rows))
        for start, output in zip(range(0, len(rows), _ROWS_AT_ONCE), outputs, strict=True):
            vectors[start : start + len(output)] = unit_rows(output)
        return np.where(present, vectors, 0)

    def _check_width(self, what: str, values: NDArray[np.float32], width: int) -> None:
        if values.ndim != 2 or values.shape[1] != width:
            raise MismatchError(
                f"the listing encoder {self.fingerprint} reads {what} of {width} columns, but {values.shape} "
                "was given; run `bowerbird train listing`"
            )


def _batches(rows: Vectors) -> Iterator[Inputs]:
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        yield [np.ascontiguousarray(rows[start : start + _ROWS_AT_ONCE], np.float32)]
