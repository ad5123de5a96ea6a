"""The stems of titles by row: what of a question each title says, without reading the titles again."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bowerbird.indexing.text_analysis import STEMMED, analysers, listing_text, normalise
from bowerbird.market.ranked_list import Rows

Codes = NDArray[np.uint32]
_FILE = "title_stems.npz"


class TitleStems:
    """The different stems of each title as 32-bit codes (CRC-32), 4 bytes a stem."""

    def __init__(self) -> None:
        self._analyser = analysers()[STEMMED]
        self._titles: list[bytes] = []

    def __len__(self) -> int:
        return len(self._titles)

    def append(self, title: str) -> None:
        """The title of the next row."""
        self._titles.append(self._codes(listing_text(title)))

    def asked(self, words: str) -> Codes:
        """(k,) the different stems of a question."""
        return np.frombuffer(self._codes(normalise(words)), np.uint32)

    def of(self, rows: Rows) -> tuple[Codes, NDArray[np.int64]]:
        """(e,) the stems of the (n,) `rows`, one row after the other, and (n,) how many each has."""
        titles = list(map(self._titles.__getitem__, rows.tolist()))
        lengths = np.fromiter(map(len, titles), np.int64, len(titles)) // 4
        return np.frombuffer(b"".join(titles), np.uint32), lengths

    def save(self, folder: Path) -> None:
        """Write into `folder`."""
        lengths = np.fromiter(map(len, self._titles), np.int64, len(self._titles)) // 4
        stems = np.frombuffer(b"".join(self._titles), np.uint32)
        np.savez(folder / _FILE, allow_pickle=False, stems=stems, lengths=lengths)

    @classmethod
    def load(
        cls, folder: Path, listing_ids: Sequence[str], read: Callable[[Sequence[str]], Mapping[str, str]]
    ) -> "TitleStems":
        """What `save` wrote; where an older version did not, from the titles that are `read` by id."""
        titles = cls()
        if not (folder / _FILE).is_file():
            found = read(listing_ids)
            for listing_id in listing_ids:
                titles.append(found.get(listing_id, ""))
            return titles
        with np.load(folder / _FILE, allow_pickle=False) as arrays:
            stems, ends = arrays["stems"].tobytes(), 4 * np.cumsum(arrays["lengths"])
        starts = [0, *ends.tolist()]
        titles._titles = [stems[start:end] for start, end in pairwise(starts)]
        return titles

    def _codes(self, text: str) -> bytes:
        stems = sorted({zlib.crc32(stem.encode()) for stem in self._analyser.analyze(text)})
        return np.array(stems, np.uint32).tobytes()
