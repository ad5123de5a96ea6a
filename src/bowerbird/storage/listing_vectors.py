"""The vectors of listings: read from the embedding stores, encoding only what is not there.

Texts are stored by the hash of what the encoder reads, photos by their content hash, so that nothing is
encoded twice, a changed price costs nothing, and two listings with one photo share its vector.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.photo_encoder import PhotoEncoder
from bowerbird.encoding.text_encoder import TextEncoder
from bowerbird.indexing.market_index import EncodedListing
from bowerbird.market.listing import Listing
from bowerbird.storage.embedding_store import EmbeddingStore
from bowerbird.storage.photo_store import PhotoStore

Progress = Callable[[int], None]
PhotoVectors = Callable[[Vectors], Vectors]  # (n, f) -> (n, d)
TEXTS_AT_ONCE = 1024  # encoded and stored together: what a kill can cost


@dataclass(frozen=True, slots=True)
class EncodedCounts:
    """How many texts and photos were encoded, not counting those that were stored already."""

    texts: int = 0
    photos: int = 0

    def __add__(self, other: "EncodedCounts") -> "EncodedCounts":
        return EncodedCounts(self.texts + other.texts, self.photos + other.photos)


@dataclass(frozen=True, slots=True, eq=False)
class ListingVectors:
    """Two encoders with a store each, and the photos they read."""

    text_encoder: TextEncoder
    photo_encoder: PhotoEncoder
    text_store: EmbeddingStore
    feature_store: (
        EmbeddingStore  # raw photo features: the space of their vectors belongs to an index generation
    )
    photo_store: PhotoStore

    def missing(self, listings: Sequence[Listing]) -> tuple[dict[str, str], list[str]]:
        """Texts by key, and content hashes of photos, that no store holds yet; each once."""
        texts = {text_key(listing.text): listing.text for listing in listings}
        hashes = list(dict.fromkeys(photo.content_hash for listing in listings for photo in listing.photos))
        missing_texts = {key: texts[key] for key in self.text_store.missing(list(texts))}
        return missing_texts, list(self.feature_store.missing(hashes))

    def encode_missing(self, listings: Sequence[Listing], progress: Progress | None = None) -> EncodedCounts:
        """Encode and store what `listings` lack; `progress` is told how many vectors were stored."""
        texts, hashes = self.missing(listings)
        for keys in _chunks(texts, TEXTS_AT_ONCE):
            self.text_store.put(keys, self.text_encoder.encode([texts[key] for key in keys]))
            if progress:
                progress(len(keys))
        for keys, features in self.photo_encoder.encode_stream(self.photo_store.read_many(hashes)):
            self.feature_store.put(keys, features)
            if progress:
                progress(len(keys))
        return EncodedCounts(len(texts), len(hashes))

    def encoded(self, listings: Sequence[Listing], photo_vectors: PhotoVectors) -> list[EncodedListing]:
        """`listings` with their stored vectors, those of photos made by `photo_vectors` of raw features.

        Raises:
            NotFoundError: some were not encoded yet.
        """
        texts = self.text_store.get([text_key(listing.text) for listing in listings])
        features = self.features([photo.content_hash for listing in listings for photo in listing.photos])
        photos = photo_vectors(features)
        ends = np.cumsum([len(listing.photos) for listing in listings])
        return [
            EncodedListing(listing, text, photos[end - len(listing.photos) : end])
            for listing, text, end in zip(listings, texts, ends, strict=True)
        ]

    def close(self) -> None:
        """Let go of the embedding stores."""
        self.text_store.close()
        self.feature_store.close()

    def features(self, content_hashes: Sequence[str]) -> Vectors:
        """(n, d) raw features of stored photos."""
        if not content_hashes:
            return np.empty((0, self.photo_encoder.dimension), np.float32)
        return self.feature_store.get(content_hashes)


def text_key(text: str) -> str:
    """The name a text's vector is stored under."""
    return hashlib.sha256(text.encode()).hexdigest()


def _chunks(keys: Iterable[str], size: int) -> Iterator[list[str]]:
    iterator = iter(keys)
    while chunk := list(islice(iterator, size)):
        yield chunk
