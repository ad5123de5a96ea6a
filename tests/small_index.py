"""Real indexes of a few listings, whose vectors are drawn from their ids: no encoder is needed."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bowerbird.indexing.keyword_settings import KeywordSettings
from bowerbird.indexing.market_index import EncodedListing, IndexSettings, MarketIndex
from bowerbird.indexing.vector_index_settings import VectorIndexSettings
from bowerbird.market.listing import Listing, Photo

TEXT_DIMENSION, PHOTO_DIMENSION = 8, 6


def unit_vector(name: str, dimension: int) -> np.ndarray:
    """The (dimension,) unit vector that `name` stands for, in numbers that float16 holds."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
    vector = np.random.default_rng(seed).standard_normal(dimension)
    return (vector / np.linalg.norm(vector)).astype(np.float16).astype(np.float32)


def photos_named(*names: str) -> tuple[Photo, ...]:
    """A photo a name; the same name is the same content."""
    return tuple(
        Photo(f"p-{place}", hashlib.sha256(name.encode()).hexdigest(), "0" * 16, 10, 10)
        for place, name in enumerate(names)
    )


def encoded(listing: Listing) -> EncodedListing:
    """`listing` with the vectors of its title and of its photos' content."""
    photos = [unit_vector(photo.content_hash, PHOTO_DIMENSION) for photo in listing.photos]
    return EncodedListing(
        listing,
        unit_vector(listing.title, TEXT_DIMENSION),
        np.array(photos, np.float32).reshape(len(photos), PHOTO_DIMENSION),
    )


def open_index(folder: Path, listings: Sequence[Listing] = (), kind: str = "auto") -> MarketIndex:
    """The index of `listings`, built into `folder`, saved and loaded; close it."""
    settings = IndexSettings(VectorIndexSettings(kind=kind, gather_limit=1), KeywordSettings())
    folder.mkdir(parents=True)
    MarketIndex.build(
        folder, [[encoded(listing) for listing in listings]], (TEXT_DIMENSION, PHOTO_DIMENSION), settings
    )
    return MarketIndex.load(folder, folder / "keywords", settings, lambda _: {})
