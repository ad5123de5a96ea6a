"""The comparables of a draft, looked up in the index: live listings with a price in one currency."""

import numpy as np

from bowerbird.encoding.encoder import Vectors
from bowerbird.indexing.market_index import MarketIndex
from bowerbird.indexing.vector_index import Mask
from bowerbird.suggesting.comparables import DEPTH, NO_COMPARABLES, Comparables, nearest_comparables


def market_comparables(
    text: Vectors, photos: Vectors, index: MarketIndex, allowed: Mask, currency: str
) -> Comparables:
    """The listings nearest by words and by looks among those that are `allowed` and have a price.

    Args:
        text: (1, t) of the draft's words, or (0, t).
        photos: (p, d) of its photos, in the space of the index.
        index: the market.
        allowed: (n,) rows that may be answered.
        currency: of the prices; those in others say nothing here.
    """
    columns, n = index.columns, len(allowed)
    currencies = columns.vocabularies["currency"]
    if currency not in currencies:
        return NO_COMPARABLES
    priced = allowed & (columns.price_minor[:n] > 0)
    priced &= columns.currency[:n] == currencies.index(currency)
    nearest = [index.search_texts(vector, DEPTH, priced).rows for vector in text]
    nearest += [index.search_photos(vector, DEPTH, priced).rows for vector in photos]
    if not nearest:
        return NO_COMPARABLES
    rows = np.unique(np.concatenate(nearest))
    unknown = np.full(len(rows), np.nan, np.float32)
    words = index.texts.scores(text[0], rows) if len(text) else unknown
    looks = unknown
    if len(photos) and len(rows):
        looks = np.max([index.photo_scores(vector, rows) for vector in photos], axis=0)
        looks = np.where(columns.photo_count[rows] > 0, looks, np.nan).astype(np.float32)
    ids = [columns.listing_ids[row] for row in rows.tolist()]
    return nearest_comparables(ids, columns.price_minor[rows] / 100, words, looks)
