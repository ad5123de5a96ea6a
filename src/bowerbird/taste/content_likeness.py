"""How like the listings of a trail another listing is, by vectors and by the words of its title.

This is what recommends a listing that nobody has met yet. Either part may be absent.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.encoder import Vectors
from bowerbird.errors import InputError, MismatchError
from bowerbird.indexing.exact_index import inner_products
from bowerbird.taste.growing_array import GrowingArray
from bowerbird.taste.title_words import TitleWords

Listings = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ContentWeights:
    """What a cosine of 1 adds to a score, beside the counts of pairs; chosen on validation purchases.

    Raises:
        InputError: a weight is negative.
    """

    vectors: float = 0.1
    words: float = 0.3

    def __post_init__(self) -> None:
        if min(self.vectors, self.words) < 0:
            raise InputError(f"vectors {self.vectors} and words {self.words} must be 0 or more")


class ContentLikeness:
    """The vectors and title words of a market's listings, a row each.

    Args:
        vectors: (n, d) unit vectors in float32 or float16, such as the text encoder's; None has none.
        words: the words of the n titles; None has none.
        weights: what each adds.

    Raises:
        MismatchError: there are not as many vectors as titles.
    """

    def __init__(
        self,
        vectors: Vectors | None = None,
        words: TitleWords | None = None,
        weights: ContentWeights | None = None,
    ) -> None:
        if vectors is not None and words is not None and len(vectors) != len(words):
            raise MismatchError(
                f"there are {len(vectors)} vectors for {len(words)} titles; give every listing both"
            )
        self.weights = weights or ContentWeights()
        self.words = words
        self._vectors = None if vectors is None else GrowingArray(vectors)

    @property
    def size(self) -> int | None:
        """How many listings it knows; None where it has neither vectors nor words."""
        known = self._vectors if self._vectors is not None else self.words
        return None if known is None else len(known)

    @property
    def dimension(self) -> int | None:
        """The length of a vector; None without vectors."""
        return None if self._vectors is None else self._vectors.view.shape[1]

    def append(self, title: str, vector: Vectors | None = None) -> None:
        """Take one listing more; `vector` is (d,).

        Raises:
            MismatchError: the others have a vector and this has none, or one of another length.
        """
        given = None if vector is None else len(vector)
        if given != self.dimension:
            raise MismatchError(f"listings have vectors of {self.dimension} numbers, but this one of {given}")
        if self._vectors is not None and vector is not None:
            self._vectors.append(vector[None])
        if self.words is not None:
            self.words.append(title)

    def profile(self, listings: Listings, strengths: NDArray[np.floating]) -> Vectors | None:
        """(d,) the summed vector of `listings`, each times its strength: what to ask a vector index for."""
        if self._vectors is None:
            return None
        chosen = self._vectors.view[listings].astype(np.float32)
        return np.asarray(strengths.astype(np.float32) @ chosen, np.float32)

    def scores(
        self, listings: Listings, strengths: NDArray[np.floating], candidates: Listings | None = None
    ) -> NDArray[np.float64]:
        """(m,) what likeness to `listings` adds to the score of each candidate (None: every listing)."""
        scores = np.zeros((self.size or 0) if candidates is None else len(candidates))
        profile = self.profile(listings, strengths)
        if profile is not None and self._vectors is not None and self.weights.vectors:
            vectors = self._vectors.view if candidates is None else self._vectors.view[candidates]
            scores += self.weights.vectors * inner_products(profile, vectors).astype(np.float64)
        if self.words is not None and self.weights.words:
            scores += self.weights.words * self.words.likeness(listings, strengths, candidates)
        return scores
