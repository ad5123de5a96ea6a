"""Photos and listings that are one and the same thing, as group numbers.

Equal stored bytes are the same photo; so are perceptual hashes that differ in a few bits. Near hashes are
found by multi-index hashing (Norouzi, Punjani and Fleet, 2012): of the four 16-bit bands of two hashes that
differ in at most 3 bits one is equal, and of those that differ in at most 7 one differs in a single bit at
most, so only hashes that share such a band are compared.
"""

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError
from bowerbird.market.listing import Listing, Photo

Groups = NDArray[np.int64]
Hashes = NDArray[np.uint64]

# Seen on the classic set, byte-identical photos aside: up to 4 bits apart, pairs show one scene of one
# seller; at 6 bits two unlike dresses meet, at 8 bits an Xbox and memory chips.
NEAR_BITS = 4
MOST_BITS = 7
SHORTEST_TEXT = 40  # normalised characters; 'sofa for sale' twice is no duplicate
_BANDS, _BAND_BITS = 4, 16
_COMPARISONS_AT_ONCE = 4_000_000
_WORDS = re.compile(r"\w+")


def duplicate_photo_groups(photos: Sequence[Photo], *, near_bits: int = NEAR_BITS) -> Groups:
    """(n,) the group of each photo, numbered from 0 in order of appearance.

    Groups are closed: a photo near two others brings them together. A picture without contrast has a hash
    that is not half ones (all flat ones share a single hash); such photos are grouped by their bytes alone.

    Args:
        photos: of any listings.
        near_bits: how many of the 64 bits may differ, 0 to 7.

    Raises:
        InputError: `near_bits` is out of range.
    """
    hashes = np.array([int(photo.perceptual_hash, 16) for photo in photos], np.uint64)
    telling = np.flatnonzero(np.bitwise_count(hashes) == 32)
    distinct, which = np.unique(hashes[telling], return_inverse=True)
    near = near_pairs(distinct, near_bits)
    # Hashes stand behind photos in one graph: each photo is tied to its bytes' first photo and to its hash.
    same_bytes = _ties_by_key((photo.content_hash,) for photo in photos)
    to_hash = np.stack([telling, len(photos) + which], axis=1).astype(np.int64)
    ties = np.concatenate([same_bytes, to_hash, near + len(photos)])
    return _components(len(photos) + len(distinct), ties)[: len(photos)]


def duplicate_listing_groups(listings: Sequence[Listing], *, near_bits: int = NEAR_BITS) -> Groups:
    """(n,) the group of each listing: those that share a photo group or a text, numbered from 0.

    Texts are compared by their words in lower case. A description of 40 characters or more is enough to
    share; a shorter one must share the title too, and 40 characters with it.
    """
    photos = [photo for listing in listings for photo in listing.photos]
    owners = np.repeat(np.arange(len(listings)), [len(listing.photos) for listing in listings])
    first_owner: dict[int, int] = {}
    by_photo = [
        (first_owner.setdefault(group, owner), owner)
        for group, owner in zip(
            duplicate_photo_groups(photos, near_bits=near_bits).tolist(), owners.tolist(), strict=True
        )
    ]
    ties = [np.array(by_photo, np.int64).reshape(-1, 2), _ties_by_key(map(_texts, listings))]
    return _components(len(listings), np.concatenate(ties))


def near_pairs(hashes: Hashes, near_bits: int) -> NDArray[np.int64]:
    """(p, 2) positions of all pairs of the distinct (n,) `hashes` that differ in at most `near_bits` bits.

    Raises:
        InputError: `near_bits` is not 0 to 7.
    """
    if not 0 <= near_bits <= MOST_BITS:
        raise InputError(f"near_bits must lie between 0 and {MOST_BITS}, but {near_bits} was given")
    found = [np.empty((0, 2), np.int64)]
    flips = [0] if near_bits < _BANDS else [0, *(1 << bit for bit in range(_BAND_BITS))]
    for band in range(_BANDS):
        keys = ((hashes >> np.uint64(band * _BAND_BITS)) & np.uint64(0xFFFF)).astype(np.int64)
        order = np.argsort(keys, kind="stable")
        starts = np.searchsorted(keys[order], np.arange((1 << _BAND_BITS) + 1))
        for flip in flips:
            for left, right in _in_same_bucket(keys ^ flip, order, starts):
                near = np.bitwise_count(hashes[left] ^ hashes[right]) <= near_bits
                ordered = near & (left < right)
                found.append(np.stack([left[ordered], right[ordered]], axis=1))
    return np.unique(np.concatenate(found), axis=0)


def _in_same_bucket(
    wanted: NDArray[np.int64], order: NDArray[np.int64], starts: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Every position with every one whose key is the first's `wanted` key, a few million at a time."""
    sizes = starts[wanted + 1] - starts[wanted]
    ends = np.cumsum(sizes)
    at = 0
    while at < len(wanted):
        before = int(ends[at - 1]) if at else 0
        stop = max(int(np.searchsorted(ends, before + _COMPARISONS_AT_ONCE, side="right")), at + 1)
        part = sizes[at:stop]
        left = np.repeat(np.arange(at, stop), part)
        within = np.arange(len(left)) - np.repeat(ends[at:stop] - part - before, part)
        yield left, order[np.repeat(starts[wanted[at:stop]], part) + within]
        at = stop


def _texts(listing: Listing) -> list[str]:
    description = " ".join(_WORDS.findall(listing.description.casefold()))
    if len(description) >= SHORTEST_TEXT:
        return [description]
    text = " ".join([*_WORDS.findall(listing.title.casefold()), "/", description])
    return [text] if len(text) >= SHORTEST_TEXT else []


def _ties_by_key(keys: Iterable[Iterable[Hashable]]) -> NDArray[np.int64]:
    """(p, 2) each item with the first item that has one of its keys."""
    first: dict[Hashable, int] = {}
    ties = [(first.setdefault(key, item), item) for item, its in enumerate(keys) for key in its]
    return np.array(ties, np.int64).reshape(-1, 2)


def _components(n: int, ties: NDArray[np.int64]) -> Groups:
    """(n,) connected components, numbered in order of appearance (union-find with path halving)."""
    parent = list(range(n))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for one, other in ties.tolist():
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(root(item), len(numbers)) for item in range(n)], np.int64)
