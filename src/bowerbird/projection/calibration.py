"""The dense cut-offs of a market, found while its index is built: nonsense must find nothing in it."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.listing_encoder import ListingEncoder
from bowerbird.encoding.text_encoder import TextEncoder
from bowerbird.indexing.faiss_index import FaissIndex
from bowerbird.indexing.keyword_index import KeywordIndex
from bowerbird.retrieval.cutoff import Background, Cutoff, calibrated_cutoff
from bowerbird.retrieval.nonsense import nonsense_queries

NONSENSE_QUERIES = 1000


def calibrated_cutoffs(
    staged: Path, texts: TextEncoder, listing: ListingEncoder | None, found_nothing: float, floor: float
) -> dict[str, float]:
    """The cut-offs of the text branch and, with a listing encoder, of the pictured one, for a manifest.

    Nonsense must find nothing in either, so the second may let half as much of it pass as the first.

    Args:
        staged: the folder of the generation, its index written.
        texts: what encodes a query's words.
        listing: what takes them to the photos' space.
        found_nothing: share of nonsense queries that the text branch must leave without a hit.
        floor: the least cosine of a text hit.
    """
    knows = KeywordIndex.open(staged / "keywords").knows
    queries = texts.encode(nonsense_queries(NONSENSE_QUERIES, knows, np.random.default_rng(0)))
    text = _calibrated(staged / "texts", queries, found_nothing, floor)
    cutoffs = {"strength": text.strength, "floor": text.floor}
    if listing is not None:
        stricter = 1 - (1 - found_nothing) / 2
        pictured = _calibrated(staged / "photos", listing.texts(queries), stricter, 0.0)
        cutoffs |= {"pictured_strength": pictured.strength, "pictured_floor": pictured.floor}
    return cutoffs


def _calibrated(folder: Path, queries: Vectors, found_nothing: float, floor: float) -> Cutoff:
    """The cut-off of the vectors in `folder` for nonsense `queries` (q, d)."""
    index = FaissIndex.load(folder)
    if not len(index):
        return Cutoff(strength=0.0, floor=floor)
    background = Background.of(len(index), index.vectors)
    strengths = _best_strengths(index, background, queries)
    if not np.isfinite(strengths).all():  # too small a market to have a background
        return Cutoff(strength=0.0, floor=floor)
    return calibrated_cutoff(strengths, found_nothing, floor)


def _best_strengths(index: FaissIndex, background: Background, queries: Vectors) -> NDArray[np.float32]:
    """(q,) strength of each query's best hit."""
    top_scores, _ = index.search(queries, 1)
    pairs = zip(queries, top_scores, strict=True)
    return np.concatenate([background.strengths(query, scores) for query, scores in pairs])
