"""What the listings that a price model remembers say of another one's price: kernel ridge regression.

Three scores, each a predicted log(1 + price): by words, by looks, and by words, looks and category together
(Saunders, Gammerman and Vovk, ICML 1998; sums of kernels as in Duvenaud, 2014, chapter 2). A score is the
mean plus sum_j k(x, x_j) alpha_j over the remembered listings j. For n-grams k is the inner product, kept as
one weight a term; for meanings and looks it is exp(2 (cosine - 1)), a Gaussian kernel of unit vectors; for
categories it is the share of four levels that agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.text_encoder import unit_rows
from bowerbird.market.listing import CATEGORY_SEPARATOR, Listing
from bowerbird.suggesting.price_words import without_money
from bowerbird.suggesting.word_features import CHARACTERS, Keys, Vocabulary, terms

Tables = Mapping[str, NDArray[np.generic]]
SCORES = ("words", "looks", "joint")
WORDS, LOOKS, JOINT = range(len(SCORES))
LEVELS = 4
MEANING_WEIGHT = 2.0
SHARPNESS = 2.0
NO_CATEGORY = -1


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """One listing beside the m remembered ones; None for what it lacks."""

    terms: NDArray[np.float32] | None  # (2,) what its n-grams add to the scores by words and joint
    meaning: NDArray[np.float32] | None  # (m,) weighted kernel values
    look: NDArray[np.float32] | None  # (m,)
    category: NDArray[np.float32] | None  # (m,)

    def only(self, *, words: bool = True, looks: bool = True, category: bool = True) -> "Likeness":
        """What would be known without some of it."""
        return replace(
            self,
            terms=self.terms if words else None,
            meaning=self.meaning if words else None,
            look=self.look if looks else None,
            category=self.category if category else None,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """What was learned on the m remembered listings."""

    duals: NDArray[np.float32]  # (m, 3) alpha, a column a score
    mean: float  # of the log prices
    log_prices: NDArray[np.float32]  # (m,) log(1 + price)

    def scores(self, likeness: Likeness) -> NDArray[np.float64]:
        """(3,) predicted log(1 + price) by words, looks and jointly; NaN for what the listing lacks."""
        found = np.full(len(SCORES), np.nan)
        joint = self.mean
        if likeness.meaning is not None and likeness.terms is not None:
            by_words, by_joint = (likeness.meaning @ self.duals[:, [WORDS, JOINT]] + likeness.terms).tolist()
            found[WORDS] = self.mean + by_words
            joint += by_joint
        if likeness.look is not None:
            by_looks, by_joint = (likeness.look @ self.duals[:, [LOOKS, JOINT]]).tolist()
            found[LOOKS] = self.mean + by_looks
            joint += by_joint
        if likeness.category is not None:
            joint += float(likeness.category @ self.duals[:, JOINT])
        found[JOINT] = joint
        return found


@dataclass(frozen=True, slots=True, eq=False)
class PriceMemory:
    """The m remembered listings as kernels read them."""

    vocabulary: Vocabulary  # of v terms, without runs of characters
    term_weights: NDArray[np.float32]  # (v, 2) for the scores by words and joint
    meanings: Vectors  # (m, t) unit vectors
    looks: Vectors  # (m, f) unit vectors, 0 without a photo
    centre: Vectors  # (f,) the usual photo
    levels: NDArray[np.int32]  # (m, 4) codes of the category's first levels
    codes: Mapping[str, int]  # of those

    def likeness(self, listing: Listing, text: Vectors, features: Vectors) -> Likeness:
        """`listing` beside the remembered ones.

        Args:
            listing: its words and category are read.
            text: (1, t) unit vector of its words; (0, t) without.
            features: (p, f) raw features of its photos.
        """
        by_terms = meaning = look = category = None
        if len(text):
            places, weights = self.vocabulary.weigh(*word_terms(listing))
            by_terms = np.asarray(weights @ self.term_weights[places], np.float32)
            meaning = meaning_kernel(self.meanings, text[0])
        if len(features):
            look = look_kernel(self.looks, look_vector(features, self.centre))
        if listing.category:
            category = category_kernel(self.levels, category_codes(listing.category, self.codes))
        return Likeness(by_terms, meaning, look, category)


def word_terms(listing: Listing) -> tuple[Keys, NDArray[np.int64]]:
    """Words and pairs of words of a listing and of its title, without money and runs of characters."""
    title = without_money(listing.title)
    keys, counts = terms(title, without_money(listing.text[len(listing.title) :]))
    words = (keys >> np.uint64(62)) != CHARACTERS
    return keys[words], counts[words]


def meaning_kernel(meanings: Vectors, meaning: Vectors) -> NDArray[np.float32]:
    """(m,) weighted kernel values of one (t,) unit vector; (n, m) for (t, n)."""
    return np.asarray(MEANING_WEIGHT * np.exp(SHARPNESS * (meanings @ meaning - 1)), np.float32)


def look_kernel(looks: Vectors, look: Vectors) -> NDArray[np.float32]:
    """(m,) kernel values of one (f,) unit vector; 0 for what has no photo."""
    cosines = looks @ look
    return np.asarray(np.where(cosines == 0, 0, np.exp(SHARPNESS * (cosines - 1))), np.float32)


def photo_directions(features: Vectors) -> Vectors:
    """(p, f) unit vectors of square roots, which keep a few strong features from hiding the others."""
    vectors: Vectors = unit_rows(np.sqrt(np.maximum(features, 0)))
    return vectors


def look_vector(features: Vectors, centre: Vectors) -> Vectors:
    """(f,) unit vector of how a listing's (p, f) photos differ from the usual photo, on average."""
    vector: Vectors = unit_rows((photo_directions(features) - centre).mean(axis=0, keepdims=True))[0]
    return vector


def category_paths(category: tuple[str, ...]) -> list[str]:
    """The category down to each of four levels; one that is shorter repeats its last."""
    return [CATEGORY_SEPARATOR.join(category[: level + 1]) for level in range(LEVELS)]


def category_codes(category: tuple[str, ...], codes: Mapping[str, int]) -> NDArray[np.int32]:
    """(4,) codes of the levels; NO_CATEGORY where one is not known."""
    return np.array([codes.get(path, NO_CATEGORY) for path in category_paths(category)], np.int32)


def category_kernel(levels: NDArray[np.int32], codes: NDArray[np.int32]) -> NDArray[np.float32]:
    """(m,) the share of the four levels that agree."""
    return np.asarray(((levels == codes) & (codes != NO_CATEGORY)).mean(axis=-1), np.float32)
