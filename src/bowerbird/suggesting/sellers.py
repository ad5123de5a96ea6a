"""What a seller is told of what they are about to offer: its category, its price, and what it repeats.

A draft is read once, whatever is asked of it: its photos are cleaned and encoded side by side with its words.
"""

import io
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

from PIL import Image

from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.text_encoder import TextEncoder
from bowerbird.errors import BowerbirdError, InputError, UnavailableError
from bowerbird.indexing.market_index import MarketIndex
from bowerbird.indexing.vector_index import Mask
from bowerbird.market.listing import CATEGORY_SEPARATOR, Listing
from bowerbird.market.query import Filters
from bowerbird.ranking.stage_clock import StageClock
from bowerbird.suggesting.category import CategorySuggester, CategorySuggestion
from bowerbird.suggesting.draft import Draft
from bowerbird.suggesting.draft_photos import DraftPhotoReader
from bowerbird.suggesting.duplicates import Duplicate, ReadListings, find_duplicates
from bowerbird.suggesting.market_neighbours import market_comparables
from bowerbird.suggesting.photo_alignment import SIDE, Floats, thumbnail
from bowerbird.suggesting.photo_matches import DraftPhotos
from bowerbird.suggesting.price import PriceSuggester, PriceSuggestion

Suggested = TypeVar("Suggested")
_BESIDE = 4  # drafts at once
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
    category: CategorySuggestion | None
    price: PriceSuggestion | None
    duplicates: tuple[Duplicate, ...] | None
    missing: Mapping[Part, BowerbirdError]
    took_ms: float
    stages: Mapping[str, float]  # milliseconds; duplicates are looked for beside category and price


class Sellers:
    """The suggesters of one market. Safe between threads.

    Args:
        texts: the text encoder.
        photos: reads what sellers upload.
        listings_of: listings of the catalogue by id.
        photo_bytes: a stored photo by its content hash.
        category: the suggester in use; raises UnavailableError where there is none.
        price: likewise.
    """

    def __init__(
        self,
        texts: TextEncoder,
        photos: DraftPhotoReader,
        listings_of: ReadListings,
        photo_bytes: Callable[[str], bytes],
        category: Callable[[], CategorySuggester],
        price: Callable[[], PriceSuggester],
    ) -> None:
        self._texts = texts
        self._photos = photos
        self._listings_of = listings_of
        self._photo_bytes = photo_bytes
        self._category = category
        self._price = price
        # What a draft repeats does not wait for its category and price: the two halves take as long.
        self._beside = ThreadPoolExecutor(_BESIDE, thread_name_prefix="duplicates")
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
        started, clock = time.perf_counter(), StageClock()
        with clock.stage("draft"):
            draft, photos = self._draft(listing, uploads, market)
            allowed = _others(listing, market.index)
        tried = _Tried(parts, clock)
        repeated = self._beside.submit(
            tried.part,
            Part.DUPLICATES,
            lambda: tuple(
                find_duplicates(draft, photos, market.index, allowed, self._listings_of, self._thumbnail_of)
            ),
        )
        category = tried.part(Part.CATEGORY, lambda: self._category().suggest(draft))
        price = tried.part(
            Part.PRICE, lambda: self._priced(_filed(draft, category), photos, market.index, allowed)
        )
        duplicates = repeated.result()
        took_ms = 1000 * (time.perf_counter() - started)
        return Suggestions(draft, category, price, duplicates, tried.missing, took_ms, clock.stages)

    def close(self) -> None:
        """Let go of the threads."""
        self._beside.shutdown()
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

    def _priced(
        self, draft: Draft, photos: DraftPhotos, index: MarketIndex, allowed: Mask
    ) -> PriceSuggestion:
        suggester = self._price()
        near = market_comparables(draft.text, photos.vectors, index, allowed, suggester.currency)
        return suggester.suggest(draft, near)

    def _read_thumbnail(self, content_hash: str) -> Floats:
        with Image.open(io.BytesIO(self._photo_bytes(content_hash))) as image:
            image.draft("RGB", (2 * SIDE, 2 * SIDE))  # decodes a large JPEG at a fraction of its size
            return thumbnail(image)


def _others(listing: Listing, index: MarketIndex) -> Mask:
    """(n,) True for the listings on sale but the one that `listing` changes."""
    allowed = index.allowed(Filters())
    own = index.row(listing.listing_id)
    if own is not None and own < len(allowed):
        allowed[own] = False
    return allowed


def _filed(draft: Draft, suggestion: CategorySuggestion | None) -> Draft:
    """`draft` under the suggested category, where the seller chose none and the suggestion is no guess."""
    if draft.listing.category or suggestion is None or suggestion.unsure:
        return draft
    path = suggestion.leaf[0][0].split(CATEGORY_SEPARATOR)
    return replace(draft, listing=replace(draft.listing, category=tuple(path)))


class _Tried:
    """Parts that are computed where they are asked for, and why some could not be."""

    def __init__(self, parts: Collection[Part], clock: StageClock) -> None:
        self.missing: dict[Part, BowerbirdError] = {}
        self._parts = parts
        self._clock = clock

    def part(self, part: Part, suggest: Callable[[], Suggested]) -> Suggested | None:
        """What `suggest` gives; None where `part` is not asked for, or has no model or nothing to go by."""
        if part not in self._parts:
            return None
        with self._clock.stage(part.value):
            try:
                return suggest()
            except (UnavailableError, InputError) as error:
                self.missing[part] = error
                return None
