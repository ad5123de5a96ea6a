"""What is asked: words, a photo or both, and filters that act before any cut."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from math import asin, cos, degrees, radians, sin
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError
from bowerbird.market.conditions import Between, Condition, Mask, OneOf, all_hold
from bowerbird.market.listing import CATEGORY_SEPARATOR, Status
from bowerbird.market.listing_columns import STATUSES, UNKNOWN, ListingColumns

EARTH_RADIUS_KM = 6371.0
_SLACK_DEGREES = 1e-3  # columns are float32, and distances are rounded to the metre
HIGHEST_PRICE = 1e12  # of a filter, in major units
FACETS = ("category", "price", "place", "status", "seller")
_VISIBLE = (Status.ACTIVE, Status.RESERVED)


class Sort(StrEnum):
    """The orders that a match set can be read in."""

    RELEVANCE = "relevance"
    PRICE_ASC = "price_asc"
    PRICE_DESC = "price_desc"
    NEWEST = "newest"
    DISTANCE = "distance"


@dataclass(frozen=True, slots=True)
class Near:
    """A circle on the earth; degrees and kilometres."""

    lat: float
    lon: float
    km: float

    def __post_init__(self) -> None:
        if not (-90 <= self.lat <= 90 and -180 <= self.lon <= 180 and self.km > 0):
            raise InputError(
                f"near takes lat in [-90, 90], lon in [-180, 180] and km above 0, "
                f"but lat={self.lat}, lon={self.lon}, km={self.km} was given"
            )

    @classmethod
    def read(cls, text: str) -> Self:
        """The circle written as 'latitude,longitude,kilometres'.

        Raises:
            InputError: `text` is not written so.
        """
        try:
            lat, lon, km = (float(part) for part in text.split(","))
        except ValueError:
            raise InputError(
                f"near takes 'latitude,longitude,kilometres' such as '53.8,-1.55,25', but '{text}' was given"
            ) from None
        return cls(lat, lon, km)

    def distances_km(self, columns: ListingColumns) -> NDArray[np.float64]:
        """(n,) great-circle distances to the metre, by the haversine formula; NaN where one is unknown."""
        return self.distances_km_to(columns.latitude, columns.longitude)

    def distances_km_to(
        self, latitude: NDArray[np.floating], longitude: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """(n,) the same of places given in degrees."""
        lat, lon = (np.radians(column.astype(np.float64)) for column in (latitude, longitude))
        here_lat, here_lon = np.radians(self.lat), np.radians(self.lon)
        a = (
            np.sin((lat - here_lat) / 2) ** 2
            + np.cos(lat) * np.cos(here_lat) * np.sin((lon - here_lon) / 2) ** 2
        )
        # Rounding can take the far side of the earth past 1.
        distances = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(a, 0, 1)))
        # One place must have one distance, and vectorised sines may differ by where in the array they stand.
        return np.asarray(np.round(distances, 3))

    def box(self) -> tuple[Between, ...]:
        """Bounds of latitude and longitude around the circle, or of latitude alone.

        Where it meets a pole or the date line, longitudes on both sides are near each other.
        """
        angle = self.km / EARTH_RADIUS_KM
        high = degrees(angle) + _SLACK_DEGREES
        latitude = Between("latitude", self.lat - high, self.lat + high)
        if angle >= radians(90) or abs(self.lat) + high >= 90:
            return (latitude,)
        wide = degrees(asin(min(1.0, sin(angle) / cos(radians(self.lat))))) + _SLACK_DEGREES
        if abs(self.lon) + wide >= 180:
            return (latitude,)
        return latitude, Between("longitude", self.lon - wide, self.lon + wide)


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions that all must hold. None means 'any'.

    `category` is a path ('Home & Garden / Garden & Patio') or one name at any depth. Prices are in major
    units (pounds). `place` matches a whole place or one of its comma-separated parts, whatever the case.
    Without `status`, listings that are active, reserved or of unknown status match; hidden ones never do.
    """

    category: str | None = None
    price_min: float | None = None
    price_max: float | None = None
    place: str | None = None
    near: Near | None = None
    status: Status | None = None
    seller: str | None = None
    listed_after: float | None = None  # seconds since 1970, UTC

    def __post_init__(self) -> None:
        for name in ("price_min", "price_max"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= HIGHEST_PRICE:
                raise InputError(f"{name} must lie between 0 and {HIGHEST_PRICE:g}, but {value} was given")
        if self.price_min is not None and self.price_max is not None and self.price_min > self.price_max:
            raise InputError(f"price_min {self.price_min} is above price_max {self.price_max}; swap them")

    def mask(self, columns: ListingColumns) -> Mask:
        """(n,) True where a listing satisfies every condition.

        Raises:
            InputError: a condition is on a field that no listing of this market has.
        """
        allowed = all_hold(self._on_columns(columns), columns)
        if self.near is not None:
            _require(columns, "latitude", "near")
            with np.errstate(invalid="ignore"):
                allowed &= self.near.distances_km(columns) <= self.near.km
        return allowed

    def conditions(self, columns: ListingColumns) -> list[Condition]:
        """What every listing of the mask meets, by column: all of it, but for the corners around a circle.

        Raises:
            InputError: a condition is on a field that no listing of this market has.
        """
        near = () if self.near is None else self.near.box()
        return [*self._on_columns(columns), *near]

    def _on_columns(self, columns: ListingColumns) -> list[Condition]:
        conditions: list[Condition] = [self._on_status(columns)]
        named = (
            ("category", self.category, _category_matches),
            ("place", self.place, _place_matches),
            ("seller", self.seller, str.__eq__),
        )
        for column, wanted, matches in named:
            if wanted is not None:
                _require(columns, column, column)
                codes = _matching_codes(columns.vocabularies[column], wanted, matches)
                conditions.append(OneOf(column, codes))
        if self.price_min is not None or self.price_max is not None:
            _require(columns, "price_minor", "price_min or price_max")
            highest = None if self.price_max is None else _minor(self.price_max)
            conditions.append(Between("price_minor", _minor(self.price_min or 0), highest))
        if self.listed_after is not None:
            _require(columns, "created", "listed_after")
            conditions.append(Between("created", self.listed_after))
        return conditions

    def _on_status(self, columns: ListingColumns) -> OneOf:
        if self.status is None:
            return OneOf("status", (UNKNOWN, *(STATUSES.index(status) for status in _VISIBLE)))
        _require(columns, "status", "status")
        if self.status is Status.HIDDEN:
            raise InputError("hidden listings are never shown; ask for another status")
        return OneOf("status", (STATUSES.index(self.status),))


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """One question to the market. `photo` is an (h, w, 3) uint8 RGB image."""

    words: str = ""
    photo: NDArray[np.uint8] | None = None
    filters: Filters = field(default_factory=Filters)
    sort: Sort = Sort.RELEVANCE
    limit: int = 20
    cursor: str | None = None
    facets: tuple[str, ...] = ()
    shopper: str | None = None
    session: str | None = None
    explain: bool = False
    understand: bool = True  # read filters out of the words; False takes the words as they stand

    def __post_init__(self) -> None:
        if not self.words.isascii() and self.words.encode("utf-8", "ignore").decode() != self.words:
            raise InputError(f"the words {self.words[:60]!r} are not text in UTF-8; write them again")
        if not 1 <= self.limit <= 200:
            raise InputError(f"limit must lie between 1 and 200, but {self.limit} was given")
        if unknown := set(self.facets) - set(FACETS):
            raise InputError(f"unknown facets {sorted(unknown)}; the facets are {', '.join(FACETS)}")
        if self.sort is Sort.DISTANCE and self.filters.near is None:
            raise InputError("sort 'distance' needs the filter near: give lat, lon and km")


def _require(columns: ListingColumns, column: str, condition: str) -> None:
    if len(columns) and not columns.knows(column):
        raise InputError(
            f"this market's listings have no {column}, so the filter {condition} cannot be used; "
            "leave it out, or map that column when importing"
        )


def _minor(major: float) -> float:
    """Minor units, without the rounding that makes 100 * 19.99 less than 1999."""
    return round(100 * major, 6)


def _matching_codes(
    vocabulary: list[str], wanted: str, matches: Callable[[str, str], bool]
) -> tuple[int, ...]:
    return tuple(code for code, value in enumerate(vocabulary) if matches(value, wanted))


def _category_matches(path: str, wanted: str) -> bool:
    path, wanted = path.casefold(), wanted.casefold().strip()
    return (
        path == wanted
        or path.startswith(wanted + CATEGORY_SEPARATOR)
        or wanted in path.split(CATEGORY_SEPARATOR)
    )


def _place_matches(place: str, wanted: str) -> bool:
    place, wanted = place.casefold(), wanted.casefold().strip()
    return place == wanted or wanted in (part.strip() for part in place.split(","))
