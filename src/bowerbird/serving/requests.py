"""What clients send, checked: pydantic models, and the engine's values made from them."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from bowerbird.errors import InputError
from bowerbird.market.listing import CATEGORY_SEPARATOR, Listing, Photo, Price, Status
from bowerbird.market.query import FACETS, HIGHEST_PRICE, Filters, Near, Query, Sort

LONGEST_ID = 200  # characters of a listing's id
Facet = Literal["category", "price", "place", "status", "seller"]
DecodePhoto = Callable[[bytes], NDArray[np.uint8]]
StorePhoto = Callable[[bytes], Photo]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class NearModel(_Model):
    """A circle on the earth."""

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    km: float = Field(gt=0, le=20_100)


class FiltersModel(_Model):
    """Conditions that all must hold; prices in major units."""

    category: str | None = Field(None, max_length=300, examples=["Home & Garden"])
    price_min: float | None = Field(None, ge=0, le=HIGHEST_PRICE)
    price_max: float | None = Field(None, ge=0, le=HIGHEST_PRICE)
    place: str | None = Field(None, max_length=300)
    near: NearModel | None = None
    status: Status | None = None
    seller: str | None = Field(None, max_length=300)
    max_age_days: float | None = Field(None, gt=0, le=36_500)

    def filters(self, now: datetime) -> Filters:
        """The engine's filters; ages count back from `now`."""
        after = None if self.max_age_days is None else now.timestamp() - 86_400 * self.max_age_days
        near = None if self.near is None else Near(self.near.lat, self.near.lon, self.near.km)
        given = self.model_dump(include={"category", "price_min", "price_max", "place", "status", "seller"})
        return Filters(**given, near=near, listed_after=after)


class SearchModel(_Model):
    """Words, a photo or both; with neither, everything that the filters let through."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"q": "red sofa under 200", "limit": 20, "facets": ["category", "price"]}]
        }
    )

    q: str = Field("", max_length=2000)
    photo: str | None = Field(None, description="base64 of a JPEG, PNG, WebP or GIF.")
    filters: FiltersModel = FiltersModel()
    sort: Sort = Sort.RELEVANCE
    limit: int = Field(20, ge=1, le=200)
    cursor: str | None = Field(None, max_length=2000)
    facets: list[Facet] = Field([], max_length=len(FACETS))
    shopper: str | None = Field(None, max_length=200)
    session: str | None = Field(None, max_length=200)
    explain: bool = False
    understand: bool = Field(True, description="Read price, place and category out of the words.")

    def query(self, decode: DecodePhoto, now: datetime) -> Query:
        """The engine's query."""
        return Query(
            words=self.q,
            photo=None if self.photo is None else decode(photo_bytes(self.photo)),
            filters=self.filters.filters(now),
            sort=self.sort,
            limit=self.limit,
            cursor=self.cursor,
            facets=tuple(self.facets),
            shopper=self.shopper,
            session=self.session,
            explain=self.explain,
            understand=self.understand,
        )


class PriceModel(_Model):
    """An amount in major units."""

    amount: float = Field(ge=0, le=HIGHEST_PRICE)
    currency: str | None = Field(None, pattern="^[A-Z]{3}$")


Attributes = dict[Annotated[str, Field(max_length=100)], Annotated[str, Field(max_length=1000)]]


class ListingChange(_Model):
    """The fields of a listing that PATCH changes; a field that is left out stays as it is, null clears it."""

    title: str | None = Field(None, min_length=1, max_length=500)
    description: str | None = Field(None, max_length=50_000)
    category: list[Annotated[str, Field(min_length=1, max_length=200)]] | str | None = Field(
        None, description="From root to leaf, or one text joined with ' / '.", examples=[["Home", "Sofas"]]
    )
    price: PriceModel | Annotated[float, Field(ge=0, le=HIGHEST_PRICE)] | None = Field(
        None, examples=[{"amount": 120, "currency": "GBP"}]
    )
    place: str | None = Field(None, max_length=300)
    latitude: float | None = Field(None, ge=-90, le=90)
    longitude: float | None = Field(None, ge=-180, le=180)
    status: Status | None = None
    seller: str | None = Field(None, max_length=300)
    created_at: datetime | None = None
    attributes: Attributes | None = None
    photos: list[str] | None = Field(
        None, max_length=50, description="Each a base64 photo, or the content hash of a stored one."
    )


class ListingModel(ListingChange):
    """A whole listing, as PUT sends it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"title": "Red sofa", "category": ["Home", "Sofas"], "price": 120, "place": "Leeds"}]
        }
    )

    title: str = Field(min_length=1, max_length=500)


class BulkListing(ListingModel):
    """A line of a bulk call."""

    listing_id: str = Field(min_length=1, max_length=LONGEST_ID)


class EmbedModel(_Model):
    """Texts and photos to turn into vectors."""

    texts: list[Annotated[str, Field(max_length=50_000)]] = Field([], max_length=256)
    photos: list[str] = Field([], max_length=64, description="base64 each.")


def photo_bytes(text: str) -> bytes:
    """The bytes that base64 `text` says; a data URL is taken too.

    Raises:
        InputError: it is not base64.
    """
    encoded = text.partition(",")[2] if text.startswith("data:") else text
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(
            f"photo is not base64 ({error}; it starts {text[:24]!r}); send the file's bytes in base64"
        ) from error


def changed_listing(old: Listing, change: ListingChange, currency: str, store: StorePhoto) -> Listing:
    """`old` with the fields that `change` sets; `store` cleans and keeps each new photo."""
    given = {name: getattr(change, name) for name in change.model_fields_set & _FIELDS.keys()}
    if given.get("title", "") is None:
        raise InputError("a listing needs a title; send one, or leave the field out")
    values = {_FIELDS[name][0]: _FIELDS[name][1](value) for name, value in given.items()}
    if "price" in change.model_fields_set:
        values["price"] = _price(change.price, currency)
    if "photos" in change.model_fields_set:
        values["photos"] = _photos(change.photos or [], old, store)
    return replace(old, **values)


def new_listing(listing_id: str, whole: ListingModel, currency: str, store: StorePhoto) -> Listing:
    """The listing that `whole` says."""
    return changed_listing(Listing(listing_id, whole.title), whole, currency, store)


def _photos(texts: list[str], old: Listing, store: StorePhoto) -> tuple[Photo, ...]:
    kept = {photo.content_hash: photo for photo in old.photos}
    return tuple(kept[text] if text in kept else store(photo_bytes(text)) for text in texts)


def _price(price: PriceModel | float | None, currency: str) -> Price | None:
    if price is None:
        return None
    if not isinstance(price, PriceModel):
        price = PriceModel(amount=price)
    return Price(round(100 * price.amount), price.currency or currency)


def _category(category: list[str] | str | None) -> tuple[str, ...]:
    parts = category.split(CATEGORY_SEPARATOR) if isinstance(category, str) else category or []
    return tuple(part.strip() for part in parts if part.strip())


def _aware(moment: datetime | None) -> datetime | None:
    """A time without a zone is taken as UTC."""
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


# How each field that a client sends becomes the field of a listing.
_FIELDS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "title": ("title", lambda title: title),
    "description": ("description", lambda description: description or ""),
    "category": ("category", _category),
    "place": ("place", lambda place: place or None),
    "latitude": ("latitude", lambda degrees: degrees),
    "longitude": ("longitude", lambda degrees: degrees),
    "status": ("status", lambda status: status),
    "seller": ("seller_id", lambda seller: seller or None),
    "created_at": ("created_at", _aware),
    "attributes": ("attributes", lambda attributes: tuple(sorted((attributes or {}).items()))),
}
