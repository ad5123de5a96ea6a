"""Which photos of a market are the same picture as those of a draft, and how that is known.

Candidates come from two sides. Perceptual hashes a few bits apart are the same picture saved again, smaller
or in grey: they are compared with every photo's, 8 bytes each, in about a millisecond for a million photos. A
crop, a turn or a mirror image changes the hash, but hardly the vector of the photo network: the photos of the
nearest vectors are laid over the draft's and compared in detail (`photo_alignment`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from bowerbird.cleaning.duplicates import NEAR_BITS
from bowerbird.encoding.encoder import Vectors
from bowerbird.indexing.market_index import MarketIndex
from bowerbird.indexing.vector_index import Mask
from bowerbird.market.listing import Photo
from bowerbird.suggesting.photo_alignment import Floats, likeness

ReadThumbnail = Callable[[str], Floats]
_TELLING_BITS = 32  # set in the hash of any photo with contrast
_NEIGHBOURS = 10  # listings by the vector of each photo
_LEAST_COSINE = 0.6  # 95% of photos cropped by 10% stay above; a ninth of all has another that near
_MOST_BY_HASH = 50  # listings that share one photo; beyond, it is a shop's or a maker's
_MOST_ALIGNED = 8  # comparisons of two photos in all, 4 ms each
_SIMILAR_DETAIL, _SIMILAR_COSINE = 0.6, 0.85


class PhotoRelation(IntEnum):
    """What a photo is to another; the greater says more."""

    SIMILAR = 1  # one scene perhaps: says nothing by itself
    EDITED = 2  # one picture, cropped, turned, mirrored or written upon
    SAME_PICTURE = 3  # one picture, saved again
    SAME_FILE = 4  # the same bytes


@dataclass(frozen=True, slots=True)
class PhotoPair:
    """A photo of the draft, by its position from 0, and the photo of a listing that it matches."""

    photo: int
    content_hash: str
    relation: PhotoRelation


@dataclass(frozen=True, slots=True, eq=False)
class DraftPhotos:
    """The photos of a draft, as each way of comparing reads them; three sequences of one length."""

    photos: Sequence[Photo]
    thumbnails: Sequence[Floats]  # (64, 64, 3)
    vectors: Vectors  # (p, d) unit vectors in the space of the index


def photo_matches(
    mine: DraftPhotos, index: MarketIndex, allowed: Mask, thumbnail_of: ReadThumbnail
) -> dict[int, list[PhotoPair]]:
    """By listing row, the best pair of each of the draft's photos, the draft's first photo first.

    Args:
        mine: the draft's photos.
        index: the market.
        allowed: (n,) rows that may be answered.
        thumbnail_of: the thumbnail of a stored photo by its content hash.
    """
    found: dict[tuple[int, int], PhotoPair] = {}
    for position, photo in enumerate(mine.photos):
        for row, content_hash, relation in _by_hash(photo, index, allowed):
            known = found.get((row, position))
            if known is None or known.relation < relation:
                found[row, position] = PhotoPair(position, content_hash, relation)
    for row, pair in _by_looks(mine, index, allowed, thumbnail_of, found):
        found[row, pair.photo] = pair
    matches: dict[int, list[PhotoPair]] = {}
    for (row, _), pair in sorted(found.items()):
        matches.setdefault(row, []).append(pair)
    return matches


def near_hashes(
    perceptual_hash: int, hashes: NDArray[np.uint64], near_bits: int = NEAR_BITS
) -> NDArray[np.int64]:
    """Positions among (n,) `hashes` that differ from one in at most `near_bits` bits."""
    distances = np.bitwise_count(hashes ^ np.uint64(perceptual_hash))
    return np.flatnonzero(distances <= near_bits).astype(np.int64, copy=False)


def _by_hash(photo: Photo, index: MarketIndex, allowed: Mask) -> list[tuple[int, str, PhotoRelation]]:
    """(listing row, content hash, relation) of the stored photos that are the same file or picture."""
    owners, n = index.photo_owners, len(allowed)
    hashes, rows = owners.perceptual_hashes(n), owners.rows(n)
    mine = int(photo.perceptual_hash, 16)
    telling = mine.bit_count() == _TELLING_BITS
    near = near_hashes(mine, hashes, NEAR_BITS if telling else 0)
    found = []
    for at in near[allowed[rows[near]]].tolist():
        content_hash = owners.content_hashes[at]
        if content_hash == photo.content_hash:
            found.append((int(rows[at]), content_hash, PhotoRelation.SAME_FILE))
        elif telling and int(hashes[at]).bit_count() == _TELLING_BITS:
            found.append((int(rows[at]), content_hash, PhotoRelation.SAME_PICTURE))
    found.sort(key=lambda match: -match[2])
    return found[:_MOST_BY_HASH]


def _by_looks(
    mine: DraftPhotos,
    index: MarketIndex,
    allowed: Mask,
    thumbnail_of: ReadThumbnail,
    found: Mapping[tuple[int, int], PhotoPair],
) -> list[tuple[int, PhotoPair]]:
    """(listing row, pair) of the nearest vectors whose photos agree once they lie on each other."""
    nearest: list[tuple[float, int, int]] = []  # cosine, listing row, my photo
    for position, vector in enumerate(mine.vectors):
        ranked = index.search_photos(vector, _NEIGHBOURS, allowed)
        nearest += [
            (score, row, position)
            for row, score in zip(ranked.rows.tolist(), ranked.scores.tolist(), strict=True)
            if score >= _LEAST_COSINE and (row, position) not in found
        ]
    pairs = []
    for cosine, row, position in sorted(nearest, reverse=True)[:_MOST_ALIGNED]:
        best = index.best_photo(mine.vectors[position], row)
        if best is None:
            continue
        alike = likeness(mine.thumbnails[position], thumbnail_of(best[0]))
        if alike.same_picture:
            pairs.append((row, PhotoPair(position, best[0], PhotoRelation.EDITED)))
        elif alike.detail >= _SIMILAR_DETAIL or cosine >= _SIMILAR_COSINE:
            pairs.append((row, PhotoPair(position, best[0], PhotoRelation.SIMILAR)))
    return pairs
