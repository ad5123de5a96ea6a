"""The dense cut-offs of a market, found while its index is built: nonsense must find nothing in it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.listing_encoder import ListingEncoder
from bowerbird.encoding.text_encoder import TextEncoder
from bowerbird.indexing.keyword_index import KeywordIndex
from bowerbird.indexing.vector_index import VectorIndex
from bowerbird.retrieval.cutoff import Background, Cutoff, calibrated_cutoff
from bowerbird.retrieval.nonsense import nonsense_queries

NONSENSE_QUERIES = 1000
# Of all photos, those that one photo finds by whitened vectors at the default strength of 0.8: 26 listings of
# 6,095 at the median on the real market. Each space spreads its cosines otherwise, hence its own strength.
STRANGERS_FOUND = 0.004
_PHOTO_QUERIES = 200
_ITSELF = 0.999  # the least cosine of a photo and a copy of it


def calibrated_cutoffs(
    staged: Path,
    load: Callable[[Path], VectorIndex],
    texts: TextEncoder,
    listing: ListingEncoder | None,
    found_nothing: float,
    floor: float,
) -> dict[str, float]:
    """The cut-offs of the text branch and, with a listing encoder, of those of photos, for a manifest.

    Nonsense must find nothing in either branch of words, so the pictured one may let half as much of it pass
    as the text branch. Photos have no nonsense: as many strangers may pass as of whitened vectors.

    Args:
        staged: the folder of the generation, its index written.
        load: opens the index of vectors in a folder of it.
        texts: what encodes a query's words.
        listing: what takes them to the photos' space.
        found_nothing: share of nonsense queries that the text branch must leave without a hit.
        floor: the least cosine of a text hit.
    """
    knows = KeywordIndex.open(staged / "keywords").knows
    queries = texts.encode(nonsense_queries(NONSENSE_QUERIES, knows, np.random.default_rng(0)))
    text = _calibrated(load(staged / "texts"), queries, found_nothing, floor)
    cutoffs = {"strength": text.strength, "floor": text.floor}
    if listing is not None:
        stricter = 1 - (1 - found_nothing) / 2
        photos = load(staged / "photos")
        pictured = _calibrated(photos, listing.texts(queries), stricter, 0.0)
        cutoffs |= {"pictured_strength": pictured.strength, "pictured_floor": pictured.floor}
        cutoffs |= _photo_strength(photos)
    return cutoffs


def _calibrated(index: VectorIndex, queries: Vectors, found_nothing: float, floor: float) -> Cutoff:
    """The cut-off of the vectors in `index` for nonsense `queries` (q, d)."""
    if not len(index):
        return Cutoff(strength=0.0, floor=floor)
    background = Background.of(len(index), index.vectors)
    strengths = _best_strengths(index, background, queries)
    if not np.isfinite(strengths).all():  # too small a market to have a background
        return Cutoff(strength=0.0, floor=floor)
    return calibrated_cutoff(strengths, found_nothing, floor)


def _photo_strength(index: VectorIndex) -> dict[str, float]:
    """The strength that `STRANGERS_FOUND` of the pairs of photos reach; nothing where photos are too few."""
    background = Background.of(len(index), index.vectors)
    rows = np.random.default_rng(1).permutation(len(index))[:_PHOTO_QUERIES].astype(np.int64)
    strengths = [np.empty(0, np.float32)]
    for query in index.vectors(rows):
        scores = background.sample @ query
        strengths.append(background.strengths(query, scores[scores < _ITSELF]))
    of_strangers = np.concatenate(strengths)
    if not len(of_strangers) or not np.isfinite(of_strangers).all():
        return {}
    return {"photo_strength": float(np.quantile(of_strangers, 1 - STRANGERS_FOUND))}


def _best_strengths(index: VectorIndex, background: Background, queries: Vectors) -> NDArray[np.float32]:
    """(q,) strength of each query's best hit."""
    top_scores, _ = index.search(queries, 1)
    pairs = zip(queries, top_scores, strict=True)
    return np.concatenate([background.strengths(query, scores) for query, scores in pairs])
