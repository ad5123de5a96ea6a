"""Corrections of misspelt words, from the words that the listings themselves use.

A correction lies within a Damerau-Levenshtein distance that grows with the word (optimal string alignment:
insert, delete, replace, swap neighbours; Damerau, 1964). All terms of a fitting length are compared at once:
one edit changes at most two letters of a word's set of letters, which leaves few for the table of distances.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

_SHORTEST, _TWO_EDITS, _LONGEST = 4, 8, 24  # letters
_MOST = 20  # corrections of each length that are given, the commonest


@dataclass(frozen=True, slots=True, order=True)
class Correction:
    """A term that may have been meant; the least is the best."""

    distance: float  # edits, and half an edit more if the first letter differs
    rarity: int  # minus the number of listings that have it
    term: str

    @property
    def frequency(self) -> int:
        """How many listings have it."""
        return -self.rarity


class Vocabulary:
    """Terms with their frequencies, arranged by length for comparison.

    Args:
        frequencies: (term, number of listings); terms of other signs than letters are left out.
    """

    def __init__(self, frequencies: Iterable[tuple[str, int]]) -> None:
        usable = [pair for pair in frequencies if pair[0].isalpha() and len(pair[0]) <= _LONGEST]
        usable.sort(key=lambda pair: len(pair[0]))
        self._by_length: dict[int, _SameLength] = {
            length: _SameLength.of(list(group), length)
            for length, group in groupby(usable, key=lambda pair: len(pair[0]))
        }

    def corrections(self, word: str, least_frequency: int = 1) -> list[Correction]:
        """The terms nearest to `word`, best first; none for short words or those with digits.

        Words of eight letters and more may be two edits away, if nothing is nearer and the first letter is
        kept.
        """
        if not word.isalpha() or not _SHORTEST <= len(word) <= _LONGEST:
            return []
        for reach in (1, 2) if len(word) >= _TWO_EDITS else (1,):
            lengths = range(len(word) - reach, len(word) + reach + 1)
            groups = [self._by_length[length] for length in lengths if length in self._by_length]
            if found := [c for group in groups for c in group.near(word, reach, least_frequency)]:
                return sorted(found)
        return []

    def completions(self, prefix: str, least_frequency: int = 1) -> list[Correction]:
        """The longer terms that begin, but for one edit, with `prefix`; the first letter is kept."""
        if not prefix.isalpha() or not _SHORTEST <= len(prefix) < _LONGEST:
            return []
        longer = (group for length, group in self._by_length.items() if length > len(prefix))
        return sorted(c for group in longer for c in group.beginning(prefix, least_frequency))


@dataclass(frozen=True, slots=True, eq=False)
class _SameLength:
    terms: list[str]
    frequencies: NDArray[np.int64]  # (n,)
    codes: NDArray[np.uint32]  # (n, length) code points
    letters: NDArray[np.uint64]  # (n,) a bit for each letter, code point modulo 64

    @classmethod
    def of(cls, frequencies: list[tuple[str, int]], length: int) -> "_SameLength":
        terms = [term for term, _ in frequencies]
        codes = _codes(terms, length)
        return cls(terms, np.array([n for _, n in frequencies]), codes, _letters(codes))

    def near(self, word: str, reach: int, least_frequency: int) -> list[Correction]:
        codes = _codes([word], len(word))
        differing = np.bitwise_count(self.letters ^ _letters(codes))
        possible = (differing <= 2 * reach) & (self.frequencies >= least_frequency)
        if reach > 1:
            possible &= self.codes[:, 0] == codes[0, 0]
        rows = np.flatnonzero(possible)
        distances = alignment_distances(codes[0], self.codes[rows])[:, -1]
        return self._corrections(word, rows, distances, reach)

    def beginning(self, prefix: str, least_frequency: int) -> list[Correction]:
        codes = _codes([prefix], len(prefix))
        lacking = np.bitwise_count(_letters(codes) & ~self.letters)
        possible = (lacking <= 1) & (self.frequencies >= least_frequency)
        rows = np.flatnonzero(possible & (self.codes[:, 0] == codes[0, 0]))
        heads = self.codes[rows, : len(prefix) + 1]
        distances = alignment_distances(codes[0], heads)[:, len(prefix) - 1 :].min(axis=1)
        return self._corrections(prefix, rows, distances, reach=1)

    def _corrections(
        self, word: str, rows: NDArray[np.int64], distances: NDArray[np.int16], reach: int
    ) -> list[Correction]:
        near = np.flatnonzero((distances > 0) & (distances <= reach))
        near = near[np.argsort(-self.frequencies[rows[near]], kind="stable")[:_MOST]]
        return [
            Correction(
                float(distance) + (0.5 if self.terms[row][0] != word[0] else 0),
                -int(self.frequencies[row]),
                self.terms[row],
            )
            for row, distance in zip(rows[near], distances[near], strict=True)
        ]


def alignment_distances(word: NDArray[np.uint32], terms: NDArray[np.uint32]) -> NDArray[np.int16]:
    """(n, l + 1) optimal string alignment distances of the (m,) code points `word`.

    Column j is the distance to the first j code points of each of the (n, l) `terms`.
    """
    n, length = terms.shape
    steps = np.arange(length + 1, dtype=np.int16)
    before = np.broadcast_to(steps, (n, length + 1))
    twice_before = before
    for i, letter in enumerate(word):
        same = terms == letter
        row = np.empty((n, length + 1), np.int16)
        row[:, 0] = i + 1
        row[:, 1:] = np.minimum(before[:, 1:] + 1, before[:, :-1] + ~same)
        if i:
            swapped = same[:, :-1] & (terms[:, 1:] == word[i - 1])
            over = np.where(swapped, twice_before[:, :-2] + 1, row[:, 2:])
            row[:, 2:] = np.minimum(row[:, 2:], over)
        # An insertion costs one a column: the running minimum of (cost - column), put back.
        row = np.minimum.accumulate(row - steps, axis=1) + steps
        twice_before, before = before, row
    return np.asarray(before)


def _codes(terms: list[str], length: int) -> NDArray[np.uint32]:
    return np.array(terms, dtype=f"<U{length}").view(np.uint32).reshape(len(terms), length)


def _letters(codes: NDArray[np.uint32]) -> NDArray[np.uint64]:
    bits = np.uint64(1) << (codes & 63).astype(np.uint64)
    return np.asarray(np.bitwise_or.reduce(bits, axis=1))
