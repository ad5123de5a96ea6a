"""What every encoder is: something that turns items into unit vectors, and says which one it is."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Item = TypeVar("Item", contravariant=True)


class Encoder(Protocol[Item]):
    """Turns items (texts, or RGB images) into vectors.

    `fingerprint` names the weights, the preparation and the precision: vectors of two fingerprints are never
    compared. Encoding a batch equals encoding its items one by one to 1e-5 in f32 (cosine 0.9999 in bf16).
    """

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits."""

    @property
    def dimension(self) -> int:
        """The length of a vector."""

    def encode(self, items: Sequence[Item]) -> Vectors:
        """(n, dimension) float32, row i for item i."""
