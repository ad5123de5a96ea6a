"""The stems of titles by row: what of a question each title says, without reading the titles again."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bowerbird.indexing.text_analysis import STEMMED, analysers, listing_text, normalise
from bowerbird.market.ranked_list import Rows

Codes = NDArray[np.uint32]
_FILE = "title_stems.npz"


class TitleStems:
    """The different stems of each title as 32-bit codes (CRC-32), one title after the other."""

    def __init__(self) -> None:
        self._analyser = analysers()[STEMMED]
        self._count = 0
        self._starts: NDArray[np.int64] = np.zeros(16, np.int64)  # of each title, and where the last one ends
        self._stems: Codes = np.empty(16, np.uint32)

    def __len__(self) -> int:
        return self._count

    def append(self, title: str) -> None:
        """The title of the next row."""
        stems, start = self._codes(listing_text(title)), int(self._starts[self._count])
        end = start + len(stems)
        if end > len(self._stems):
            self._stems = np.concatenate([self._stems, np.empty(end, np.uint32)])
        if self._count + 1 == len(self._starts):
            self._starts = np.concatenate([self._starts, np.zeros(len(self._starts), np.int64)])
        self._stems[start:end] = stems
        self._starts[self._count + 1] = end
        self._count += 1

    def asked(self, words: str) -> Codes:
        """(k,) the different stems of a question."""
        return self._codes(normalise(words))

    def of(self, rows: Rows) -> tuple[Codes, NDArray[np.int64]]:
        """(e,) the stems of the (n,) `rows`, one row after the other, and (n,) how many each has."""
        first = self._starts[rows]
        lengths = self._starts[rows + 1] - first
        before = np.cumsum(lengths) - lengths
        places = np.repeat(first - before, lengths) + np.arange(int(lengths.sum()))
        return self._stems[places], lengths

    def save(self, folder: Path) -> None:
        """Write into `folder`."""
        starts = self._starts[: self._count + 1]
        np.savez(folder / _FILE, allow_pickle=False, starts=starts, stems=self._stems[: starts[-1]])

    @classmethod
    def load(
        cls, folder: Path, listing_ids: Sequence[str], read: Callable[[Sequence[str]], Mapping[str, str]]
    ) -> "TitleStems":
        """What `save` wrote; where an older version did not, from the titles that are `read` by id."""
        titles = cls()
        if (folder / _FILE).is_file():
            with np.load(folder / _FILE, allow_pickle=False) as arrays:
                titles._starts, titles._stems = arrays["starts"], arrays["stems"]
            titles._count = len(titles._starts) - 1
            return titles
        found = read(listing_ids)
        for listing_id in listing_ids:
            titles.append(found.get(listing_id, ""))
        return titles

    def _codes(self, text: str) -> Codes:
        return np.array(
            sorted({zlib.crc32(stem.encode()) for stem in self._analyser.analyze(text)}), np.uint32
        )
