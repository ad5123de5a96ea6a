"""Events become trails: each listing a shopper met, once, in the order in which they first met it.

The strength of a visit is that of its strongest event: looking twice counts as looking once, and a purchase
raises the visit that began with a look. A hidden or merely shown listing is no visit.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError
from bowerbird.market.event import EventType
from bowerbird.market.interactions import EVENT_TYPES, Interactions

# What an event says about interest, a purchase being 1; what is not here says nothing.
STRENGTHS: Mapping[EventType, float] = {
    EventType.VIEW: 0.25,
    EventType.SAVE: 0.5,
    EventType.CONTACT: 0.75,
    EventType.PURCHASE: 1.0,
}


@dataclass(frozen=True, slots=True)
class Trail:
    """One shopper's visits, the first first."""

    listings: tuple[int, ...] = ()
    strengths: tuple[float, ...] = ()

    def strength_of(self, listing: int) -> float:
        """The strength of the visit to `listing`; 0 without one."""
        return self.strengths[self.listings.index(listing)] if listing in self.listings else 0.0

    def after(self, listing: int, strength: float, longest: int | None = None) -> "Trail":
        """The trail after one more event, cut to its `longest` last visits; strength 0 is no visit."""
        if strength <= self.strength_of(listing):
            return self
        if listing in self.listings:
            at = self.listings.index(listing)
            return Trail(self.listings, (*self.strengths[:at], strength, *self.strengths[at + 1 :]))
        start = 0 if longest is None else max(0, len(self.listings) + 1 - longest)
        return Trail((*self.listings, listing)[start:], (*self.strengths, strength)[start:])


@dataclass(frozen=True, slots=True, eq=False)
class Trails:
    """Every shopper's visits in one place, shopper after shopper."""

    shoppers: NDArray[np.int64]  # (v,) never falling
    listings: NDArray[np.int64]  # (v,)
    strengths: NDArray[np.float64]  # (v,) above 0

    def __len__(self) -> int:
        return len(self.listings)

    @classmethod
    def of(cls, interactions: Interactions, strengths: Mapping[EventType, float] = STRENGTHS) -> "Trails":
        """The trails of all `interactions`.

        Raises:
            InputError: a strength is negative.
        """
        by_type = np.array([strengths.get(kind, 0.0) for kind in EVENT_TYPES])
        if np.any(by_type < 0):
            raise InputError(f"an event's strength is {by_type.min()}; it must be 0 or more")
        ordered = interactions.in_order()
        kept = by_type[ordered.types] > 0
        shoppers, listings = ordered.shoppers[kept], ordered.listings[kept]
        strength = by_type[ordered.types[kept]]
        # Stable, so that among equals the first event comes first.
        order = np.lexsort((listings, shoppers))
        fresh = np.ones(len(order), bool)
        fresh[1:] = (np.diff(shoppers[order]) != 0) | (np.diff(listings[order]) != 0)
        starts = np.flatnonzero(fresh)
        strongest = np.maximum.reduceat(strength[order], starts) if len(order) else strength
        firsts = order[starts]
        back = np.argsort(firsts)  # visits in the order of their first event again
        return cls(shoppers[firsts][back], listings[firsts][back], strongest[back])
