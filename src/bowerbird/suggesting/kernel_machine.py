"""What a listing is like, said by the listings it resembles: kernel ridge regression, read from tables.

A score is the mean target plus sum_j k(x, x_j) alpha_j over the remembered listings j (Saunders, Gammerman
and Vovk, ICML 1998). For words k(x, x') = <n-grams, n-grams'> + w near + p [same place] (1 + near), where
near = exp(g (<meaning, meaning'> - 1)): who offers one thing in a small town offers more of its kind. For
photos it is exp(g (<look, look'> - 1)), like near a Gaussian kernel of unit vectors. `training.kernel_ridge`
learns alpha.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.text_encoder import unit_rows
from bowerbird.suggesting.word_features import NO_PLACE, Keys, Vocabulary, Weights, learn_vocabulary

Scores = NDArray[np.float32]
Places = NDArray[np.int64]
Tables = Mapping[str, NDArray[np.generic]]
Terms = tuple[Keys, NDArray[np.int64]]


@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """The n-grams of m remembered listings, by term: which have it and how much it weighs there."""

    vocabulary: Vocabulary  # of v terms
    starts: NDArray[np.int64]  # (v + 1,) where each term's entries begin
    rows: NDArray[np.int32]  # listings
    weights: Weights
    count: int  # m

    def products(self, terms: Terms) -> Scores:
        """(m,) inner products of a text's n-grams with those of the remembered listings."""
        places, weights = self.vocabulary.weigh(*terms)
        begins, lengths = self.starts[places], self.starts[places + 1] - self.starts[places]
        before = np.cumsum(lengths) - lengths
        entries = np.arange(int(lengths.sum())) + np.repeat(begins - before, lengths)
        values = self.weights[entries] * np.repeat(weights, lengths)
        return np.bincount(self.rows[entries], values, self.count).astype(np.float32)


def remember(texts: Sequence[Terms]) -> Postings:
    """The postings of m `texts` over the vocabulary that they share."""
    vocabulary = learn_vocabulary(texts)
    weighed = [vocabulary.weigh(*one) for one in texts]
    places = np.concatenate([places for places, _ in weighed]) if weighed else np.empty(0, np.int64)
    weights = np.concatenate([weights for _, weights in weighed]) if weighed else np.empty(0, np.float32)
    rows = np.repeat(np.arange(len(texts), dtype=np.int32), [len(places) for places, _ in weighed])
    order = np.argsort(places, kind="stable")
    sizes = np.bincount(places, minlength=len(vocabulary.keys))
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return Postings(vocabulary, starts, rows[order], weights[order], len(texts))


@dataclass(frozen=True, slots=True, eq=False)
class WordKernel:
    """Likeness in words to m remembered listings: shared n-grams, meaning by the text encoder, and place."""

    postings: Postings
    meanings: Vectors  # (m, t) unit vectors
    meaning_weight: float  # w
    sharpness: float  # g
    places: Places  # (m,) by `place_key`
    place_weight: float  # p

    def __len__(self) -> int:
        return self.postings.count

    def likeness(self, terms: Terms, meaning: Vectors, place: int = NO_PLACE) -> Scores:
        """(m,) kernel values of one text; `meaning` is its (t,) unit vector, `place` its `place_key`."""
        near = np.exp(self.sharpness * (self.meanings @ meaning - 1))
        beside = self.meaning_weight * near + self.place_weight * same_place(self.places, place) * (1 + near)
        return np.asarray(self.postings.products(terms) + beside, np.float32)


def same_place(places: Places, place: Places | int) -> NDArray[np.bool_]:
    """Which of `places` are known and are `place`, by the rules of broadcasting."""
    return np.asarray((places == place) & (places != NO_PLACE))


@dataclass(frozen=True, slots=True, eq=False)
class LookKernel:
    """Likeness in looks to m remembered listings."""

    looks: Vectors  # (m, f) unit vectors, by `look`
    centre: Vectors  # (f,) mean of the photos' own directions
    spread: Vectors  # (f,) what each feature is divided by
    sharpness: float

    def __len__(self) -> int:
        return len(self.looks)

    def likeness(self, features: Vectors) -> Scores:
        """(m,) kernel values of one listing's (p, f) raw photo features, p at least 1."""
        own = look(features, self.centre, self.spread)
        return np.asarray(np.exp(self.sharpness * (self.looks @ own - 1)), np.float32)


def directions(features: Vectors) -> Vectors:
    """(p, f) unit vectors of square roots, which keep a few strong features from hiding the others."""
    return unit_rows(np.sqrt(np.maximum(features, 0)))


def look(features: Vectors, centre: Vectors, spread: Vectors) -> Vectors:
    """(f,) unit vector of how a listing's (p, f) photos differ from the usual one, on average, in spreads."""
    apart = (directions(features) - centre) / spread
    mean: Vectors = unit_rows(apart.mean(axis=0, keepdims=True))[0]
    return mean


def word_tables(kernel: WordKernel) -> dict[str, NDArray[np.generic]]:
    """The arrays of `kernel` by name."""
    postings = kernel.postings
    return {
        "word_keys": postings.vocabulary.keys,
        "word_blocks": postings.vocabulary.blocks,
        "word_idf": postings.vocabulary.idf,
        "word_starts": postings.starts,
        "word_rows": postings.rows,
        "word_weights": postings.weights.astype(np.float16),
        "word_places": kernel.places,
        "meanings": kernel.meanings.astype(np.float16),
    }


def read_word_kernel(
    tables: Tables, *, meaning_weight: float, sharpness: float, place_weight: float = 0.0
) -> WordKernel:
    """The kernel that `word_tables` gave.

    Raises:
        KeyError: a table is missing.
    """
    vocabulary = Vocabulary(
        tables["word_keys"].astype(np.uint64),
        tables["word_blocks"].astype(np.uint8),
        tables["word_idf"].astype(np.float32),
    )
    meanings = tables["meanings"].astype(np.float32)
    postings = Postings(
        vocabulary,
        tables["word_starts"].astype(np.int64),
        tables["word_rows"].astype(np.int32),
        tables["word_weights"].astype(np.float32),
        len(meanings),
    )
    # A model that was learned before places were read has neither them nor their weight.
    places = tables.get("word_places", np.full(len(meanings), NO_PLACE)).astype(np.int64)
    return WordKernel(postings, meanings, meaning_weight, sharpness, places, place_weight)
