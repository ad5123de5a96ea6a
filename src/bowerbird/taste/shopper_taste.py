"""What a shopper may want now, as everybody downstream reads it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Interest:
    """One thing a shopper looks for (PinnerSage: Pal et al., KDD 2020).

    `face` is a listing that they looked at and that stands nearest its middle.
    """

    weight: float  # share of the shopper's recent attention, 0 to 1
    face: str
    listings: tuple[str, ...]  # what it was drawn from, latest last
    text: NDArray[np.float32] | None  # (d,) unit, in the space of the index's texts
    photo: NDArray[np.float32] | None  # (d_photo,) unit, in the space of the index's photos


@dataclass(frozen=True, slots=True)
class PriceLeaning:
    """What a shopper looks at costs: middle and spread of the natural logarithm of major units."""

    log_price: float
    spread: float
    listings: float  # how many visits it rests on, by strength


@dataclass(frozen=True, slots=True, eq=False)
class ShopperTaste:
    """What a shopper's latest events say; `UNKNOWN_TASTE` where there are none.

    Shares of `roots` and `leaves` (the whole path) sum to 1 each where anything is known.
    """

    visits: tuple[str, ...] = ()  # listings by time, latest last, each once
    strengths: tuple[float, ...] = ()  # of each visit, above 0
    interests: tuple[Interest, ...] = ()  # most weight first
    roots: Mapping[str, float] = field(default_factory=dict)
    leaves: Mapping[str, float] = field(default_factory=dict)
    price: PriceLeaning | None = None  # over everything
    price_by_root: Mapping[str, PriceLeaning] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()  # asked not to be shown
    version: int = 0  # sequence of the latest event it was drawn from: it changes with every one

    @property
    def is_known(self) -> bool:
        """Whether there is anything to go by."""
        return bool(self.visits)


UNKNOWN_TASTE = ShopperTaste()
