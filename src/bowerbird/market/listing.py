"""A listing and what it is made of. Everything that a source may lack is optional and stays unknown."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bowerbird.errors import InputError

CATEGORY_SEPARATOR = " / "


class Status(StrEnum):
    """Where a listing stands in its life; a source that does not say leaves it None."""

    ACTIVE = "active"
    RESERVED = "reserved"
    SOLD = "sold"
    EXPIRED = "expired"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Price:
    """An amount in minor units (pence, cents) and its ISO 4217 currency; `minor` is never negative."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.minor < 0:
            raise InputError(f"a price cannot be negative, but {self.minor} was given; use 0 for free")

    @property
    def major(self) -> float:
        """The amount in pounds, euros and the like."""
        return self.minor / 100

    def __str__(self) -> str:
        symbol = {"GBP": "£", "EUR": "€", "USD": "$"}.get(self.currency, f"{self.currency} ")
        return f"{symbol}{self.major:,.2f}".removesuffix(".00")


@dataclass(frozen=True, slots=True)
class Photo:
    """One stored photo: cleaned, without EXIF, addressed by the SHA-256 of its stored bytes."""

    photo_id: str
    content_hash: str  # 64 hexadecimal digits
    perceptual_hash: str  # 16 hexadecimal digits: a 64-bit DCT hash
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Listing:
    """One advert, clean. `category` runs from root to leaf; () where the source has none."""

    listing_id: str
    title: str
    description: str = ""
    category: tuple[str, ...] = ()
    price: Price | None = None
    place: str | None = None
    latitude: float | None = None  # degrees north
    longitude: float | None = None  # degrees east
    status: Status | None = None
    seller_id: str | None = None
    created_at: datetime | None = None  # aware, UTC
    photos: tuple[Photo, ...] = ()
    attributes: tuple[tuple[str, str], ...] = field(default=())  # (name, value), the seller's own fields

    @property
    def root(self) -> str | None:
        """The broadest category, such as 'Home & Garden'."""
        return self.category[0] if self.category else None

    @property
    def leaf(self) -> str | None:
        """The narrowest category."""
        return self.category[-1] if self.category else None

    @property
    def text(self) -> str:
        """What a text encoder reads: title, then attributes, then description."""
        values = " ".join(value for _, value in self.attributes)
        return ". ".join(part for part in (self.title, values, self.description) if part)
