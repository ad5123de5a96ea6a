"""A price range as a small picture: a scale by ratios, the range, the median, a mark for each comparable."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bowerbird.serving.wording import money

WIDTH, HEIGHT = 360.0, 74.0  # of the picture, in the units of its view box
_MARGIN = 14.0
_ROOM = 1.25  # how far the scale reaches beyond what is on it, as a ratio
_MOST_TICKS = 6


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on the scale and what it stands for."""

    x: float
    label: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class PricePicture:
    """Everything to draw, in the picture's units."""

    low: Mark
    median: Mark
    high: Mark
    ticks: tuple[Mark, ...]
    comparables: tuple[Mark, ...]


def price_picture(price: Mapping[str, Any]) -> PricePicture | None:
    """The picture of a price reply; None where there is no range."""
    if not price["priceable"]:
        return None
    currency, range_ = price["currency"], [price[name] for name in ("low", "median", "high")]
    shown = [*range_, *(one["amount"] for one in price["comparables"])]
    least, most = max(min(shown), 0.5) / _ROOM, max(shown) * _ROOM
    width = WIDTH - 2 * _MARGIN

    def mark(amount: float, label: str | None = None, href: str = "") -> Mark:
        share = math.log(max(amount, least) / least) / math.log(most / least)
        return Mark(round(_MARGIN + share * width, 1), label or money(amount, currency), href)

    low, median, high = map(mark, range_)
    comparables = tuple(
        mark(
            one["amount"],
            f"{money(one['amount'], currency)}: {one['listing']['title']}",
            f"#comparable-{place}",
        )
        for place, one in enumerate(price["comparables"], 1)
    )
    return PricePicture(low, median, high, tuple(map(mark, _ticks(least, most))), comparables)


def _ticks(least: float, most: float) -> Sequence[float]:
    """Round amounts between two: 1, 2 and 5 times powers of ten, thinned to a few."""
    powers = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        amounts = [step * 10.0**power for power in powers for step in steps]
        inside = [amount for amount in amounts if least <= amount <= most]
        if len(inside) <= _MOST_TICKS:
            return inside
    return inside[:: math.ceil(len(inside) / _MOST_TICKS)]
