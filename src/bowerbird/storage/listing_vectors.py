"""The vectors of listings: read from the embedding stores, encoding only what is not there.

Texts are stored by the hash of what the encoder reads, photos by their content hash, so that nothing is
encoded twice, a changed price costs nothing, and two listings with one photo share its vector.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from bowerbird.encoding.artefact import Kind
from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.photo_encoder import PhotoEncoder
from bowerbird.encoding.text_encoder import TextEncoder
from bowerbird.indexing.market_index import EncodedListing
from bowerbird.market.listing import Listing
from bowerbird.storage.embedding_store import EmbeddingStore
from bowerbird.storage.photo_store import PhotoStore

PhotoVectors = Callable[[Vectors], Vectors]  # (n, f) -> (n, d)
TEXTS_AT_ONCE = 1024  # encoded and stored together: what a kill can cost


@dataclass(frozen=True, slots=True)
class EncodedCounts:
    """How many texts and photos were encoded, not counting those that were stored already."""

    texts: int = 0
    photos: int = 0

    def __add__(self, other: "EncodedCounts") -> "EncodedCounts":
        return EncodedCounts(self.texts + other.texts, self.photos + other.photos)


@dataclass(frozen=True, slots=True)
class Missing:
    """What a batch of listings lacks, each once, in order."""

    texts: dict[str, str]  # by key
    photos: list[str]  # content hashes

    def __len__(self) -> int:
        return len(self.texts) + len(self.photos)

    def text_batches(self) -> Iterator[dict[str, str]]:
        """Texts that are encoded together. A text's vector depends a little on which texts those are."""
        keys = iter(self.texts)
        while batch := list(islice(keys, TEXTS_AT_ONCE)):
            yield {key: self.texts[key] for key in batch}


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """Texts or photos with their vectors, row i that of key i."""

    kind: Kind
    keys: Sequence[str]
    vectors: Vectors


Progress = Callable[[int], None]
Encode = Callable[[Iterable[Missing]], Iterator[Encoded]]  # in the order of what is missing


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

    def missing(self, listings: Sequence[Listing], but: Collection[str] = ()) -> Missing:
        """What no store holds yet, without the keys in `but`."""
        texts = {text_key(listing.text): listing.text for listing in listings}
        hashes = dict.fromkeys(photo.content_hash for listing in listings for photo in listing.photos)
        return Missing(
            {key: texts[key] for key in self.text_store.missing(list(texts)) if key not in but},
            [key for key in self.feature_store.missing(list(hashes)) if key not in but],
        )

    def encode_missing(self, listings: Sequence[Listing], progress: Progress | None = None) -> EncodedCounts:
        """Encode and store what `listings` lack; `progress` is told how many vectors were stored."""
        return self.encode_batches([listings], self.encode_here, progress)

    def encode_batches(
        self, batches: Iterable[Sequence[Listing]], encode: Encode, progress: Progress | None = None
    ) -> EncodedCounts:
        """Store what `encode` makes of all that batches of listings lack.

        The order, and what is encoded with what, are the same however far `encode` reads ahead and whenever
        it was cut short before: so are the vectors.
        """
        on_their_way: set[str] = set()

        def missing() -> Iterator[Missing]:
            for listings in batches:
                lacking = self.missing(listings, on_their_way)
                on_their_way.update(lacking.texts, lacking.photos)
                yield lacking

        done = EncodedCounts()
        for encoded in encode(missing()):
            if encoded.kind is Kind.TEXT:
                self.text_store.put(encoded.keys, encoded.vectors)
                done += EncodedCounts(texts=len(encoded.keys))
            else:
                self.feature_store.put(encoded.keys, encoded.vectors)
                done += EncodedCounts(photos=len(encoded.keys))
            on_their_way.difference_update(encoded.keys)
            if progress:
                progress(len(encoded.keys))
        return done

    def encode_here(self, missing: Iterable[Missing]) -> Iterator[Encoded]:
        """Encode in this process."""
        for lacking in missing:
            for texts in lacking.text_batches():
                yield Encoded(Kind.TEXT, list(texts), self.text_encoder.encode(list(texts.values())))
            photos = self.photo_store.read_many(lacking.photos)
            for keys, features in self.photo_encoder.encode_stream(photos):
                yield Encoded(Kind.PHOTO, keys, features)

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
