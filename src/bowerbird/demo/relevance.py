"""The truth that experiments are measured against: how likely a shopper who looks at a listing clicks on it.

Taste is a sum of logits: the colour, the price against what they would pay, the way there, the condition.
What was asked narrows the kind, and a colour that was asked for counts before the one that is liked. On a
feed nothing is asked, and whatever interest a listing meets best decides. The log never holds any of it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.demo.market_truth import MarketTruth, bulky_kinds, kind_likeness
from bowerbird.demo.shopper_tastes import INTERESTS, ShopperTastes, wanted_log_price
from bowerbird.demo.words import CONDITIONS
from bowerbird.market.query import EARTH_RADIUS_KM

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
ANY = -1  # a colour that was not asked for, and the kind on a feed
# Logits.
_BASE = -0.1
_ASKED_COLOUR, _OTHER_COLOUR = 1.5, -1.5
_PRICE_SPREAD, _WORST_PRICE, _UNKNOWN_PRICE = 0.4, -4.0, -1.0
_FAR_BULKY, _FAR_SMALL = -1.8, -0.6
_CONDITION = dict(zip(CONDITIONS, (0.3, 0.3, 0.0, -0.2, -0.8), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """(p,) what each page was asked for."""

    shoppers: Codes
    epochs: Codes
    kinds: Codes  # ANY on a feed
    colours: Codes  # ANY where none was named

    def __len__(self) -> int:
        return len(self.shoppers)

    def taken(self, chosen: NDArray[np.bool_] | Codes) -> "Asked":
        """Those that a mask or places choose."""
        return Asked(self.shoppers[chosen], self.epochs[chosen], self.kinds[chosen], self.colours[chosen])


class Relevance:
    """The truth of one market and its simulated shoppers."""

    def __init__(self, market: MarketTruth, tastes: ShopperTastes) -> None:
        self.market = market
        self.tastes = tastes
        self._likeness = kind_likeness()
        self._bulky = bulky_kinds()

    def of(self, asked: Asked, listings: Codes) -> Floats:
        """(p, l) the chance that whoever asked clicks on each of `listings` (p, l) or (l,), having looked."""
        listings = np.broadcast_to(listings, (len(asked), listings.shape[-1]))
        relevance = np.empty(listings.shape)
        feed = asked.kinds == ANY
        relevance[~feed] = self._searched(asked.taken(~feed), listings[~feed])
        relevance[feed] = self._fed(asked.taken(feed), listings[feed])
        return relevance

    def to_all(self, asked: Asked) -> Floats:
        """(p, n) the same of every listing of the market."""
        return self.of(asked, np.arange(len(self.market)))

    def _searched(self, asked: Asked, listings: Codes) -> Floats:
        interest = self.tastes.interests_in(asked.epochs, asked.shoppers, asked.kinds)
        match = self._likeness[asked.kinds[:, None], self.market.kind[listings]]
        return np.asarray(match * self._liking(asked, interest, listings))

    def _fed(self, asked: Asked, listings: Codes) -> Floats:
        best = np.zeros(listings.shape)
        weights = self.tastes.weights[asked.epochs, asked.shoppers]
        pull = np.sqrt(weights / weights.max(axis=1, keepdims=True))
        for place in range(INTERESTS):
            kinds = self.tastes.kinds[asked.epochs, asked.shoppers, place]
            match = np.where(
                kinds[:, None] >= 0, self._likeness[kinds[:, None], self.market.kind[listings]], 0
            )
            liking = self._liking(asked, np.full(len(asked), place), listings)
            best = np.maximum(best, pull[:, place, None] * match * liking)
        return best

    def _liking(self, asked: Asked, interest: Codes, listings: Codes) -> Floats:
        """(p, l) what they think of each listing if it is of a kind that they want."""
        colour, kind = self.market.colour[listings], self.market.kind[listings]
        palette = self.tastes.colours[asked.epochs, asked.shoppers, interest]
        liked = np.take_along_axis(palette, colour, axis=1)
        named = np.where(colour == asked.colours[:, None], _ASKED_COLOUR, _OTHER_COLOUR)
        shade = np.where(asked.colours[:, None] == ANY, liked, named)
        condition = np.array([_CONDITION[name] for name in CONDITIONS])[self.market.condition[listings]]
        logits = (
            _BASE + shade + condition + self._cost(asked, kind, listings) + self._way(asked, kind, listings)
        )
        return np.asarray(1 / (1 + np.exp(-logits)))

    def _cost(self, asked: Asked, kind: Codes, listings: Codes) -> Floats:
        wanted = wanted_log_price(self.tastes, asked.shoppers[:, None], kind)
        off = (self.market.log_price[listings] - wanted) / _PRICE_SPREAD
        cost = np.maximum(-0.5 * off**2, _WORST_PRICE)
        return np.where(np.isnan(cost), _UNKNOWN_PRICE, cost)

    def _way(self, asked: Asked, kind: Codes, listings: Codes) -> Floats:
        far = np.where(self._bulky[kind], _FAR_BULKY, _FAR_SMALL)
        km = self.kilometres(asked.shoppers, listings)
        way = far * (1 - np.exp(-km / self.tastes.reach_km[asked.shoppers][:, None]))
        return np.where(np.isnan(way), 0.5 * far, way)

    def kilometres(self, shoppers: Codes, listings: Codes) -> Floats:
        """(p, l) how far each listing is from each shopper; NaN where it is not known."""
        here = np.radians(np.stack([self.tastes.latitude[shoppers], self.tastes.longitude[shoppers]]))
        there = np.radians(np.stack([self.market.latitude[listings], self.market.longitude[listings]]))
        north, east = there[0] - here[0][:, None], there[1] - here[1][:, None]
        # On so small an island the flat triangle is right to a percent.
        east = east * np.cos((there[0] + here[0][:, None]) / 2)
        return np.asarray(EARTH_RADIUS_KM * np.hypot(north, east))
