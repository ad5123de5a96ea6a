"""What a seller is told of what they are about to offer: its category, its price, and what it repeats.

A draft is read once, whatever is asked of it: its photos are cleaned and encoded side by side with its words.
"""

import io
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from PIL import Image

from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.text_encoder import TextEncoder
from bowerbird.errors import UnavailableError
from bowerbird.indexing.market_index import MarketIndex
from bowerbird.market.listing import Listing
from bowerbird.ranking.stage_clock import StageClock
from bowerbird.suggesting.draft import Draft
from bowerbird.suggesting.draft_photos import DraftPhotoReader
from bowerbird.suggesting.duplicates import Duplicate, ReadListings, find_duplicates
from bowerbird.suggesting.photo_alignment import SIDE, Floats, thumbnail
from bowerbird.suggesting.photo_matches import DraftPhotos

_KEPT_THUMBNAILS = 1024  # 49 kB each


class Part(StrEnum):
    """What can be suggested."""

    CATEGORY = "category"
    PRICE = "price"
    DUPLICATES = "duplicates"


@dataclass(frozen=True, slots=True, eq=False)
class SearchedMarket:
    """The index that is served, and how raw photo features become vectors of its space."""

    index: MarketIndex
    photo_vectors: Callable[[Vectors], Vectors]  # (n, f) -> (n, d)


@dataclass(frozen=True, slots=True, eq=False)
class Suggestions:
    """The parts that were asked for; one that cannot be given is None and `missing` says why."""

    draft: Draft
    duplicates: tuple[Duplicate, ...] | None
    missing: Mapping[Part, UnavailableError]
    took_ms: float
    stages: Mapping[str, float]  # milliseconds


class Sellers:
    """The suggesters of one market. Safe between threads.

    Args:
        texts: the text encoder.
        photos: reads what sellers upload.
        listings_of: listings of the catalogue by id.
        photo_bytes: a stored photo by its content hash.
    """

    def __init__(
        self,
        texts: TextEncoder,
        photos: DraftPhotoReader,
        listings_of: ReadListings,
        photo_bytes: Callable[[str], bytes],
    ) -> None:
        self._texts = texts
        self._photos = photos
        self._listings_of = listings_of
        self._photo_bytes = photo_bytes
        self._thumbnail_of = lru_cache(maxsize=_KEPT_THUMBNAILS)(self._read_thumbnail)

    def suggest(
        self,
        listing: Listing,
        uploads: Sequence[bytes] | None,
        market: SearchedMarket,
        parts: Collection[Part],
    ) -> Suggestions:
        """What can be said of `listing` on its way to `market`.

        Args:
            listing: what the seller typed; its id is '' unless it changes a listing that exists.
            uploads: photos as files; None takes those stored with `listing`.
            market: what it would stand among.
            parts: what is asked.

        Raises:
            InputError: a photo cannot be used.
        """
        clock = StageClock()
        with clock.stage("draft"):
            draft, photos = self._draft(listing, uploads, market)
        missing: dict[Part, UnavailableError] = {}
        duplicates = None
        if Part.DUPLICATES in parts:
            with clock.stage("duplicates"):
                duplicates = tuple(
                    find_duplicates(draft, photos, market.index, self._listings_of, self._thumbnail_of)
                )
        return Suggestions(draft, duplicates, missing, clock.total_ms, clock.stages)

    def close(self) -> None:
        """Let go of the threads."""
        self._photos.close()

    def _draft(
        self, listing: Listing, uploads: Sequence[bytes] | None, market: SearchedMarket
    ) -> tuple[Draft, DraftPhotos]:
        if uploads is None:
            uploads = [self._photo_bytes(photo.content_hash) for photo in listing.photos]
        reading = self._photos.begin(uploads)  # in threads, while the words are encoded here
        text = self._texts.encode([listing.text] if listing.text else [])
        read = reading()
        features = self._photos.features(read)
        photos = tuple(one.photo for one in read)
        draft = Draft(replace(listing, photos=photos), text, features)
        thumbnails = [one.thumbnail for one in read]
        return draft, DraftPhotos(photos, thumbnails, market.photo_vectors(features))

    def _read_thumbnail(self, content_hash: str) -> Floats:
        with Image.open(io.BytesIO(self._photo_bytes(content_hash))) as image:
            image.draft("RGB", (2 * SIDE, 2 * SIDE))  # decodes a large JPEG at a fraction of its size
            return thumbnail(image)
