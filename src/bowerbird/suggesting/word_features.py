"""Words become n-gram terms with weights: what a model that knows the market's own vocabulary reads.

Three blocks of terms, each of length 1 on its own: words and word pairs of title and description, runs of 3
to 5 characters inside words (they forgive spelling), and words and pairs of the title once more, which says
best what a thing is. A term is known by a 64-bit hash, so no list of words has to be kept or searched; its
weight is (1 + log count) x idf (Salton and Buckley, 1988, doi:10.1016/0306-4573(88)90021-0, variant 'ltc').
"""

import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.market.listing import Listing

Keys = NDArray[np.uint64]
Weights = NDArray[np.float32]

NO_PLACE = 0
BLOCKS = 3
WORDS, CHARACTERS, TITLE_WORDS = range(BLOCKS)
_SHORTEST_RUN, _LONGEST_RUN = 3, 5
# A term of one listing alone says nothing about another, and one of many costs time and says little.
_FEWEST_LISTINGS = 2
_COMMONEST, _COMMONEST_LISTINGS = 0.03, 50  # a share, and what is never too many

_WORD = re.compile(r"\w\w+")
# Line ends that a source lost leave 'conditionWheels' and 'good.Collection'.
_RUN_TOGETHER = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[.!?,:;)])(?=\w)")
_PRIME = np.uint64(0x100000001B3)  # of FNV-1a
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: Knuth's multiplicative hash
_SPACE = ord(" ")


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """The v terms that are known, by rising key."""

    keys: Keys  # (v,)
    blocks: NDArray[np.uint8]  # (v,) WORDS, CHARACTERS or TITLE_WORDS
    idf: Weights  # (v,)

    def weigh(self, keys: Keys, counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], Weights]:
        """Places in the vocabulary of those `keys` that are in it, and their weights.

        Args:
            keys: (n,) distinct terms of one text.
            counts: (n,) how often each stands in it.
        """
        places = np.minimum(np.searchsorted(self.keys, keys), max(len(self.keys) - 1, 0))
        known = self.keys[places] == keys if len(self.keys) else np.zeros(len(keys), np.bool_)
        places = places[known].astype(np.int64)
        weights = (1 + np.log(counts[known])).astype(np.float32) * self.idf[places]
        blocks = self.blocks[places]
        lengths = np.sqrt(np.bincount(blocks, weights * weights, BLOCKS))
        return places, (weights / lengths[blocks]).astype(np.float32)


def learn_vocabulary(texts: Sequence[tuple[Keys, NDArray[np.int64]]]) -> Vocabulary:
    """The terms that several of the `texts` have, and not too many; idf = log((1 + n) / (1 + df)) + 1."""
    if not texts:
        return Vocabulary(np.empty(0, np.uint64), np.empty(0, np.uint8), np.empty(0, np.float32))
    keys, listings = np.unique(np.concatenate([keys for keys, _ in texts]), return_counts=True)
    most = max(_COMMONEST * len(texts), _COMMONEST_LISTINGS)
    shared = (listings >= _FEWEST_LISTINGS) & (listings <= most)
    idf = np.log((1 + len(texts)) / (1 + listings[shared])) + 1
    return Vocabulary(keys[shared], _block_of(keys[shared]), idf.astype(np.float32))


def listing_terms(listing: Listing) -> tuple[Keys, NDArray[np.int64]]:
    """The distinct terms of a listing's words by rising key, and how often each stands there."""
    return terms(listing.title, listing.text[len(listing.title) :])


def place_key(place: str | None) -> int:
    """A number for where a listing is, however it is cased, accented or spaced; `NO_PLACE` where unknown."""
    plain = " ".join(_plain(place or "").split())
    return zlib.crc32(plain.encode("utf-8", "replace")) or 1 if plain else NO_PLACE


def terms(title: str, rest: str = "") -> tuple[Keys, NDArray[np.int64]]:
    """The distinct terms of a title and the words after it by rising key, and how often each stands there."""
    plain_title = _plain(title)
    plain = f"{plain_title} {_plain(rest)}"
    found = np.concatenate([_word_keys(plain, WORDS), _run_keys(plain), _word_keys(plain_title, TITLE_WORDS)])
    keys, counts = np.unique(found, return_counts=True)
    return keys, counts.astype(np.int64)


def _plain(text: str) -> str:
    """`text` without accents, in lower case, with words that run together parted."""
    parted = _RUN_TOGETHER.sub(" ", text)
    if not parted.isascii():
        decomposed = unicodedata.normalize("NFKD", parted)
        parted = "".join(one for one in decomposed if not unicodedata.combining(one))
    return parted.lower()


def _word_keys(text: str, block: int) -> Keys:
    """Keys of every word and of every pair of neighbours in plain `text`."""
    hashes = [zlib.crc32(word.encode("utf-8", "replace")) for word in _WORD.findall(text)]
    words = np.array(hashes, np.uint64) + np.uint64(1)
    pairs = words[:-1] * _PRIME + words[1:] * _MIX
    return _marked(np.concatenate([words, pairs]), block)


def _run_keys(text: str) -> Keys:
    """Keys of the runs of characters in plain `text`, none across a gap; a gap may begin or end one."""
    joined = f" {' '.join(text.split())} "
    codes = np.frombuffer(joined.encode("utf-32-le", "replace"), np.uint32).astype(np.uint64)
    gap = codes == _SPACE
    gaps = np.concatenate([[0], np.cumsum(gap)])
    found = []
    for size in range(_SHORTEST_RUN, _LONGEST_RUN + 1):
        count = len(codes) - size + 1
        if count < 1:
            break
        run = np.full(count, size, np.uint64)
        for offset in range(size):
            run = run * _PRIME + codes[offset : offset + count]
        starts = np.arange(count)
        inside = gaps[starts + size - 1] - gaps[starts + 1]  # gaps at neither end
        found.append(run[inside == 0])
    return _marked(np.concatenate(found) if found else np.empty(0, np.uint64), CHARACTERS)


def _marked(hashes: Keys, block: int) -> Keys:
    """Well spread hashes whose two highest bits say the block."""
    mixed = hashes * _MIX
    mixed ^= mixed >> np.uint64(29)
    mixed *= _MIX
    return (mixed >> np.uint64(2)) | np.uint64(block << 62)


def _block_of(keys: Keys) -> NDArray[np.uint8]:
    return (keys >> np.uint64(62)).astype(np.uint8)
