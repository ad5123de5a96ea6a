"""Listings as growing arrays, one row each: what filters, facets, sorts and features read.

A row is never changed or taken away: a changed listing gets a new row, and whoever holds the columns keeps a
bitmap of the live rows. Arrays double as they grow, so appending is amortised O(1) and readers see views.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError
from bowerbird.market.listing import CATEGORY_SEPARATOR, Listing, Status

UNKNOWN = -1
UNKNOWN_TIME = np.iinfo(np.int64).min

# Every array column: its dtype and the value that says 'unknown'.
_ARRAYS: dict[str, tuple[Any, Any]] = {
    "price_minor": (np.int64, UNKNOWN),
    "currency": (np.int32, UNKNOWN),
    "category": (np.int32, UNKNOWN),
    "place": (np.int32, UNKNOWN),
    "seller": (np.int32, UNKNOWN),
    "status": (np.int8, UNKNOWN),
    "created": (np.int64, UNKNOWN_TIME),
    "latitude": (np.float32, np.nan),
    "longitude": (np.float32, np.nan),
    "photo_count": (np.int32, 0),
}
_VOCABULARIES = ("currency", "category", "place", "seller")
STATUSES = tuple(Status)


class ListingColumns:
    """(n,) arrays by name, with the vocabularies that their codes point into.

    `price_minor` is in minor units, `created` in seconds since 1970 (UTC), `latitude` and `longitude` in
    degrees. `category` codes point to whole paths, joined with ' / '.
    """

    def __init__(self) -> None:
        self.listing_ids: list[str] = []
        self.vocabularies: dict[str, list[str]] = {name: [] for name in _VOCABULARIES}
        self._codes: dict[str, dict[str, int]] = {name: {} for name in _VOCABULARIES}
        self._arrays: dict[str, NDArray[Any]] = {
            name: np.full(16, unknown, dtype) for name, (dtype, unknown) in _ARRAYS.items()
        }

    def __len__(self) -> int:
        return len(self.listing_ids)

    def __getattr__(self, name: str) -> NDArray[Any]:
        if name.startswith("_") or name not in _ARRAYS:
            raise AttributeError(name)
        view: NDArray[Any] = self._arrays[name][: len(self.listing_ids)]
        return view

    def append(self, listing: Listing) -> int:
        """The new row of `listing`."""
        row = len(self.listing_ids)
        if row == len(self._arrays["status"]):
            for name, (dtype, unknown) in _ARRAYS.items():
                grown = np.full(2 * row, unknown, dtype)
                grown[:row] = self._arrays[name]
                self._arrays[name] = grown
        for name, value in self._values(listing).items():
            self._arrays[name][row] = value
        self.listing_ids.append(listing.listing_id)
        return row

    def extend(self, listings: Iterable[Listing]) -> None:
        """Append each of `listings` in order."""
        for listing in listings:
            self.append(listing)

    def knows(self, column: str) -> bool:
        """Whether any listing of this market has a value in `column`."""
        values = getattr(self, column)
        if column in ("latitude", "longitude"):
            return bool(np.any(~np.isnan(values)))
        return bool(np.any(values != _ARRAYS[column][1]))

    def save(self) -> tuple[dict[str, NDArray[Any]], dict[str, list[str]]]:
        """Arrays and string lists that `load` takes back; neither needs pickle."""
        arrays = {name: np.array(getattr(self, name)) for name in _ARRAYS}
        return arrays, {"listing_ids": list(self.listing_ids), **self.vocabularies}

    @classmethod
    def load(
        cls, arrays: Mapping[str, NDArray[Any]], strings: Mapping[str, Sequence[str]]
    ) -> "ListingColumns":
        """The columns that `save` gave.

        Raises:
            InputError: the arrays and the ids differ in length.
        """
        columns = cls()
        columns.listing_ids = list(strings["listing_ids"])
        for name, (dtype, unknown) in _ARRAYS.items():
            if len(arrays[name]) != len(columns.listing_ids):
                raise InputError(
                    f"column {name} has {len(arrays[name])} rows for {len(columns.listing_ids)} listings; "
                    "the index is damaged: run `bowerbird index` to build a new one"
                )
            room = np.full(max(16, len(arrays[name])), unknown, dtype)
            room[: len(arrays[name])] = arrays[name]
            columns._arrays[name] = room
        for name in _VOCABULARIES:
            columns.vocabularies[name] = list(strings[name])
            columns._codes[name] = {value: code for code, value in enumerate(strings[name])}
        return columns

    def _values(self, listing: Listing) -> dict[str, Any]:
        price, created = listing.price, listing.created_at
        category = CATEGORY_SEPARATOR.join(listing.category) or None
        return {
            "price_minor": UNKNOWN if price is None else price.minor,
            "currency": self._code("currency", None if price is None else price.currency),
            "category": self._code("category", category),
            "place": self._code("place", listing.place),
            "seller": self._code("seller", listing.seller_id),
            "status": UNKNOWN if listing.status is None else STATUSES.index(listing.status),
            "created": UNKNOWN_TIME if created is None else int(created.timestamp()),
            "latitude": np.nan if listing.latitude is None else listing.latitude,
            "longitude": np.nan if listing.longitude is None else listing.longitude,
            "photo_count": len(listing.photos),
        }

    def _code(self, name: str, value: str | None) -> int:
        if value is None:
            return UNKNOWN
        codes = self._codes[name]
        if value not in codes:
            codes[value] = len(self.vocabularies[name])
            self.vocabularies[name].append(value)
        return codes[value]
