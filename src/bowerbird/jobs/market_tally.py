"""What a profile says of a market's listings, counted in one pass.

Memory grows with the number of prices, photos and distinct values: descriptions are not kept.
"""

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bowerbird.market.listing import Listing, Photo, Price

# A field's name and whether a listing has it. The order is the page's.
FIELDS: dict[str, Callable[[Listing], bool]] = {
    "title": lambda listing: bool(listing.title),
    "description": lambda listing: bool(listing.description),
    "category": lambda listing: bool(listing.category),
    "price": lambda listing: listing.price is not None,
    "photo": lambda listing: bool(listing.photos),
    "place": lambda listing: listing.place is not None,
    "coordinates": lambda listing: listing.latitude is not None and listing.longitude is not None,
    "status": lambda listing: listing.status is not None,
    "seller": lambda listing: listing.seller_id is not None,
    "date": lambda listing: listing.created_at is not None,
    "attributes": lambda listing: bool(listing.attributes),
}
NO_CATEGORY = "(no category)"
_DEAREST = 8


@dataclass(frozen=True, slots=True)
class ListedPhoto:
    """A photo with what its listing says of itself."""

    photo: Photo
    place: int  # 0 for the listing's first photo
    listing_id: str
    root: str
    title: str
    price: str


@dataclass(slots=True)
class MarketTally:
    """Counts over the listings that were `add`ed."""

    listings: int = 0
    known: Counter[str] = field(default_factory=Counter)
    categories: Counter[tuple[str, ...]] = field(default_factory=Counter)
    prices_minor: dict[tuple[str, str], list[int]] = field(default_factory=dict)  # by (currency, root)
    dearest: list[tuple[int, str, str]] = field(default_factory=list)  # (minor, title, price), a heap
    places: Counter[str] = field(default_factory=Counter)
    title_words: Counter[int] = field(default_factory=Counter)
    description_words: Counter[int] = field(default_factory=Counter)
    photos_per_listing: Counter[int] = field(default_factory=Counter)
    photo_sizes: Counter[tuple[int, int]] = field(default_factory=Counter)  # (width, height) in pixels
    photos: list[ListedPhoto] = field(default_factory=list)

    def add(self, listing: Listing) -> None:
        """Count `listing`."""
        self.listings += 1
        self.known.update(name for name, has in FIELDS.items() if has(listing))
        self.categories[listing.category or (NO_CATEGORY,)] += 1
        if listing.price is not None:
            self._add_price(listing, listing.price)
        if listing.place is not None:
            self.places[listing.place] += 1
        self.title_words[len(listing.title.split())] += 1
        self.description_words[len(listing.description.split())] += 1
        self.photos_per_listing[len(listing.photos)] += 1
        self.photo_sizes.update((photo.width, photo.height) for photo in listing.photos)
        root, price = listing.root or NO_CATEGORY, _asked(listing.price)
        self.photos.extend(
            ListedPhoto(photo, place, listing.listing_id, root, listing.title, price)
            for place, photo in enumerate(listing.photos)
        )

    def roots(self) -> Counter[str]:
        """Listings by root category."""
        roots: Counter[str] = Counter()
        for path, count in self.categories.items():
            roots[path[0]] += count
        return roots

    def currency(self) -> str | None:
        """The currency of most prices; None where no listing has a price."""
        totals: Counter[str] = Counter()
        for (currency, _), prices in self.prices_minor.items():
            totals[currency] += len(prices)
        return max(totals, key=totals.__getitem__, default=None)

    def prices_by_root(self, currency: str) -> dict[str, NDArray[np.int64]]:
        """The prices in `currency`, in minor units, rising, by root category."""
        return {
            root: np.sort(np.array(prices, np.int64))
            for (of, root), prices in self.prices_minor.items()
            if of == currency
        }

    def _add_price(self, listing: Listing, price: Price) -> None:
        self.prices_minor.setdefault((price.currency, listing.root or NO_CATEGORY), []).append(price.minor)
        entry = (price.minor, listing.title, str(price))
        if len(self.dearest) < _DEAREST:
            heapq.heappush(self.dearest, entry)
        else:
            heapq.heappushpop(self.dearest, entry)


def _asked(price: Price | None) -> str:
    if price is None:
        return ""
    return str(price) if price.minor else "free"
