"""Who did what with which listing, and when: many events as parallel arrays, checked once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import InputError
from bowerbird.market.event import Event, EventType

EVENT_TYPES = tuple(EventType)


@dataclass(frozen=True, slots=True, eq=False)
class Interactions:
    """(n,) events, in no particular order; `shoppers` and `listings` are numbers that the caller gives out.

    Raises:
        InputError: the arrays differ in length, a number is negative, a type is unknown or a time is not
            finite.
    """

    shoppers: NDArray[np.int64]
    listings: NDArray[np.int64]
    types: NDArray[np.int8]  # positions in EVENT_TYPES
    times: NDArray[np.float64]  # seconds since 1970, UTC

    def __post_init__(self) -> None:
        lengths = {array.shape for array in (self.shoppers, self.listings, self.types, self.times)}
        if len(lengths) != 1 or self.shoppers.ndim != 1:
            raise InputError(f"interactions need four 1-d arrays of one length, but got shapes {lengths}")
        for name, array in (("shopper", self.shoppers), ("listing", self.listings), ("type", self.types)):
            if np.any(array < 0):
                raise InputError(f"a {name} of an interaction is {array.min()}; numbers count from 0")
        if np.any(self.types >= len(EVENT_TYPES)):
            raise InputError(f"event type {self.types.max()} is unknown; give positions in EVENT_TYPES")
        if not np.all(np.isfinite(self.times)):
            raise InputError("a time of an interaction is not finite; give seconds since 1970")

    def __len__(self) -> int:
        return len(self.shoppers)

    @classmethod
    def of(cls, events: Iterable[Event], shoppers: Mapping[str, int], listings: Mapping[str, int]) -> Self:
        """The interactions of `events`; a session stands for a shopper who is not named.

        Args:
            events: what happened.
            shoppers: the number of each shopper and of each session.
            listings: the number of each listing.

        Raises:
            InputError: a mapping lacks what an event names.
        """
        rows = [
            (
                _number(shoppers, event.shopper or event.session or "", "shopper", event),
                _number(listings, event.listing_id, "listing", event),
                EVENT_TYPES.index(event.type),
                event.time.timestamp(),
            )
            for event in events
        ]
        table = np.array(rows, np.float64).reshape(-1, 4).T
        return cls(
            table[0].astype(np.int64), table[1].astype(np.int64), table[2].astype(np.int8), table[3].copy()
        )

    def in_order(self) -> Self:
        """The same by shopper, and each shopper's by time; events of one instant stay as they came."""
        order = np.lexsort((self.times, self.shoppers))
        return type(self)(self.shoppers[order], self.listings[order], self.types[order], self.times[order])


def _number(numbers: Mapping[str, int], name: str, what: str, event: Event) -> int:
    if name not in numbers:
        raise InputError(
            f"event {event.event_id!r} names {what} {name!r}, which has no number; leave such events out"
        )
    return numbers[name]
