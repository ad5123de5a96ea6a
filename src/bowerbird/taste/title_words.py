"""How much the words of two titles have in common, rare words counting more.

A title is the unit vector of its words' rarities, log(1 + n / df) (the inverse document frequency of Spärck
Jones, 1972, doi:10.1108/eb026526, smoothed); likeness is the inner product. Brands, models and scents are
rare words, which is where dense vectors of titles are weakest. Rarities stay as they were fitted; a word that
is first met afterwards is as rare as a word of one title.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.indexing.text_analysis import STEMMED, analysers, listing_text
from bowerbird.taste.growing_array import GrowingArray

Listings = NDArray[np.int64]
Scores = NDArray[np.float64]


class TitleWords:
    """The titles of a market as rows of word weights.

    Args:
        words: every known word, its number being its place.
        rarities: (w,) of each word.
        rarest: what an unknown word gets.
        starts: (n + 1,) where the words of each title begin.
        codes: (e,) the numbers of the words of title 0, of title 1 and so on.
        weights: (e,) their weights; those of a title have length 1.
    """

    def __init__(
        self,
        words: Sequence[str],
        rarities: NDArray[np.float64],
        rarest: float,
        starts: NDArray[np.int64],
        codes: NDArray[np.int32],
        weights: NDArray[np.float32],
    ) -> None:
        self._codes_of = {word: code for code, word in enumerate(words)}
        self._rarities = GrowingArray(rarities)
        self._rarest = rarest
        self._starts, self._codes = GrowingArray(starts), GrowingArray(codes)
        self._weights = GrowingArray(weights)
        self._analyser = analysers()[STEMMED]

    def __len__(self) -> int:
        return len(self._starts) - 1

    @classmethod
    def fit(cls, titles: Iterable[str]) -> "TitleWords":
        """The words of all `titles`, row i for title i."""
        analyser = analysers()[STEMMED]
        texts = [sorted(set(analyser.analyze(listing_text(title)))) for title in titles]
        frequencies: dict[str, int] = {}
        for text in texts:
            for word in text:
                frequencies[word] = frequencies.get(word, 0) + 1
        rarities = np.array([math.log(1 + len(texts) / one) for one in frequencies.values()], np.float64)
        code_of = {word: code for code, word in enumerate(frequencies)}
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        every = (code_of[word] for text in texts for word in text)
        codes = np.fromiter(every, np.int32, int(lengths.sum()))
        owners = np.repeat(np.arange(len(texts)), lengths)
        norms = np.sqrt(np.bincount(owners, rarities[codes] ** 2, len(texts)))
        return cls(
            list(frequencies),
            rarities,
            math.log(1 + max(len(texts), 1)),
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            codes,
            (rarities[codes] / np.maximum(norms, 1e-12)[owners]).astype(np.float32),
        )

    def append(self, title: str) -> None:
        """The next row."""
        self._append(sorted(set(self._analyser.analyze(listing_text(title)))))

    def likeness(
        self, listings: Listings, strengths: NDArray[np.floating], candidates: Listings | None = None
    ) -> Scores:
        """(m,) the summed likeness of each candidate (None: every title) to `listings`, by strength."""
        profile = np.zeros(len(self._rarities))
        entries, owners = self._entries(listings)
        np.add.at(profile, self._codes.view[entries], strengths[owners] * self._weights.view[entries])
        if candidates is None:
            candidates = np.arange(len(self))
        entries, owners = self._entries(candidates)
        products = profile[self._codes.view[entries]] * self._weights.view[entries]
        return np.bincount(owners, weights=products, minlength=len(candidates)).astype(np.float64)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays that `of_arrays` takes back, with `words`."""
        return {
            "rarities": np.array(self._rarities.view),
            "rarest": np.array([self._rarest]),
            "starts": np.array(self._starts.view),
            "codes": np.array(self._codes.view),
            "weights": np.array(self._weights.view),
        }

    @property
    def words(self) -> list[str]:
        """Every known word, its number being its place."""
        return list(self._codes_of)

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]], words: Sequence[str]) -> "TitleWords":
        """The titles that `arrays` and `words` gave."""
        named = (arrays[name] for name in ("starts", "codes", "weights"))
        return cls(words, arrays["rarities"], float(arrays["rarest"][0]), *named)

    def _append(self, words: Sequence[str]) -> None:
        for word in words:
            if word not in self._codes_of:
                self._codes_of[word] = len(self._codes_of)
                self._rarities.append([self._rarest])
        codes = np.array([self._codes_of[word] for word in words], np.int32)
        weights = self._rarities.view[codes]
        self._codes.append(codes)
        self._weights.append(weights / max(float(np.linalg.norm(weights)), 1e-12))
        self._starts.append([len(self._codes)])

    def _entries(self, listings: Listings) -> tuple[Listings, Listings]:
        """Places in the flat arrays of all words of `listings`, and whose of `listings` each is."""
        starts = self._starts.view
        lengths = starts[listings + 1] - starts[listings]
        owners = np.repeat(np.arange(len(listings)), lengths)
        offsets = np.arange(len(owners)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return starts[listings][owners] + offsets, owners
