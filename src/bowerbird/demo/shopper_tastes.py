"""Simulated shoppers: what each looks for, likes, can pay and how far they go. Nothing of it is ever logged.

A shopper has one to three interests, each in a kind of thing, with colours they like and a budget. Some
change their mind in the middle: a taste has an epoch 0 and an epoch 1, the same for who stays the same.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.demo.kinds.register import KINDS
from bowerbird.demo.market_truth import KIND_NAMES, usual_log_prices
from bowerbird.demo.palette import TERMS
from bowerbird.demo.towns import TOWNS

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
INTERESTS = 3
_INTEREST_COUNTS = (0.3, 0.4, 0.3)
_SAME_ROOT, _OWN_PALETTE, _DRIFTING = 0.5, 0.3, 0.25
_LIKED, _OTHERS, _OTHERS_SPREAD = 1.5, -0.4, 0.4  # logits
_BUDGET_SPREAD = 0.35  # of the logarithm


@dataclass(frozen=True, slots=True, eq=False)
class ShopperTastes:
    """(m,) shoppers; the axes of what has more are (epoch, shopper, interest)."""

    kinds: Codes  # (2, m, 3) positions in KIND_NAMES; -1 where there are fewer interests
    weights: Floats  # (2, m, 3) shares that sum to 1
    colours: Floats  # (2, m, 4, 11) liking in logits; the last of the four is for whatever else they want
    budget: Floats  # (m,) logarithm of what they pay over what is usual
    latitude: Floats  # (m,) degrees
    longitude: Floats  # (m,)
    reach_km: Floats  # (m,) how far they like to go
    changes_at: Floats  # (m,) share of the simulated time after which epoch 1 holds; 2 where never

    def __len__(self) -> int:
        return len(self.budget)

    def epochs(self, shoppers: Codes, shares: Floats) -> Codes:
        """(p,) the epoch of each of `shoppers` after `shares` of the simulated time."""
        return (shares >= self.changes_at[shoppers]).astype(np.int64)

    def interests_in(self, epochs: Codes, shoppers: Codes, kinds: Codes) -> Codes:
        """(p,) which interest of each shopper is in each of `kinds`; INTERESTS where none is."""
        same = self.kinds[epochs, shoppers] == kinds[:, None]
        return np.where(same.any(axis=1), same.argmax(axis=1), INTERESTS)


def draw_shoppers(count: int, rng: np.random.Generator) -> ShopperTastes:
    """`count` shoppers, spread over the towns as sellers are."""
    kinds, weights = _interests(count, rng)
    palettes = _palettes(count, rng)
    drifting = rng.random(count) < _DRIFTING
    later_kinds, later_weights = _interests(count, rng)
    later_palettes = _palettes(count, rng)
    # Who drifts keeps their first interest and their colours in general, and takes up others beside it.
    later_kinds[:, 0] = np.where(later_kinds[:, 1] >= 0, kinds[:, 0], later_kinds[:, 0])
    later_kinds[:, 1:][later_kinds[:, 1:] == later_kinds[:, :1]] = -1
    later_weights = np.where(later_kinds >= 0, later_weights, 0.0)
    later_weights /= later_weights.sum(axis=1, keepdims=True)
    later_palettes[:, INTERESTS] = palettes[:, INTERESTS]
    towns = rng.choice(len(TOWNS), count, p=_town_shares())
    return ShopperTastes(
        np.stack([kinds, np.where(drifting[:, None], later_kinds, kinds)]),
        np.stack([weights, np.where(drifting[:, None], later_weights, weights)]),
        np.stack([palettes, np.where(drifting[:, None, None], later_palettes, palettes)]),
        rng.normal(0, _BUDGET_SPREAD, count),
        np.array([TOWNS[town].latitude for town in towns]) + rng.normal(0, 0.02, count),
        np.array([TOWNS[town].longitude for town in towns]) + rng.normal(0, 0.03, count),
        rng.lognormal(np.log(80), 0.5, count),
        np.where(drifting, rng.uniform(0.4, 0.8, count), 2.0),
    )


def wanted_log_price(tastes: ShopperTastes, shoppers: Codes, kinds: Codes) -> Floats:
    """(p,) the natural logarithm of what each of `shoppers` would like to pay for each of `kinds`, pounds."""
    return np.asarray(usual_log_prices()[kinds] + tastes.budget[shoppers])


def _interests(count: int, rng: np.random.Generator) -> tuple[Codes, Floats]:
    """Kinds (count, 3), each once, and their shares; later ones are often of the first's root category."""
    roots = np.array([kind.category[0] for kind in KINDS.values()])
    kinds = np.full((count, INTERESTS), -1)
    for shopper, wanted in enumerate(1 + rng.choice(INTERESTS, count, p=_INTEREST_COUNTS)):
        first = int(rng.integers(len(KIND_NAMES)))
        kinds[shopper, 0] = first
        for place in range(1, wanted):
            same_root = np.flatnonzero(roots == roots[first])
            pool = same_root if rng.random() < _SAME_ROOT else np.arange(len(KIND_NAMES))
            left = np.setdiff1d(pool, kinds[shopper, :place])
            kinds[shopper, place] = int(rng.choice(left)) if len(left) else -1
    shares = np.where(kinds >= 0, rng.gamma(2.0, 1.0, kinds.shape), 0.0)
    return kinds, np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _palettes(count: int, rng: np.random.Generator) -> Floats:
    """(count, 4, 11): one or two colours liked in general, and for some interests others."""
    shape = (count, INTERESTS + 1, len(TERMS))
    liking = rng.normal(_OTHERS, _OTHERS_SPREAD, shape)
    favourites = rng.permuted(np.broadcast_to(np.arange(len(TERMS)), shape), axis=2)[:, :, :2].copy()
    second = rng.random(shape[:2]) < 0.5
    favourites[:, :, 1] = np.where(second, favourites[:, :, 1], favourites[:, :, 0])
    np.put_along_axis(liking, favourites, _LIKED, axis=2)
    own = rng.random((count, INTERESTS, 1)) < _OWN_PALETTE
    liking[:, :INTERESTS] = np.where(own, liking[:, :INTERESTS], liking[:, INTERESTS:])
    return np.asarray(liking)


def _town_shares() -> Floats:
    weights = np.array([town.weight for town in TOWNS])
    return np.asarray(weights / weights.sum())
