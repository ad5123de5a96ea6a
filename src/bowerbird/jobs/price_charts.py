"""A market's prices as charts on a logarithmic axis, for they span from a pound to a joke."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from bowerbird.jobs.charts import Bar, Span, Tick, bars, columns, spans
from bowerbird.market.listing import Price

_COLUMNS_PER_DECADE = 6
_LEAST_MINOR = 100  # the axis begins at one pound, euro and the like; what costs less stands there too
_FEW_PRICES = 5  # fewer give no quartiles worth drawing


@dataclass(frozen=True, slots=True)
class PriceAxis:
    """A logarithmic axis in minor units; positions run from 0 to 1."""

    low_minor: float
    high_minor: float
    currency: str

    @classmethod
    def over(cls, prices: NDArray[np.int64], currency: str) -> "PriceAxis":
        """Whole decades that hold every price from 1 in major units on."""
        top = max(float(prices.max(initial=0)), 10 * _LEAST_MINOR)
        return cls(_LEAST_MINOR, 10.0 ** math.ceil(math.log10(top)), currency)

    @property
    def decades(self) -> int:
        """How many powers of ten it spans."""
        return round(math.log10(self.high_minor / self.low_minor))

    def position(self, minor: float) -> float:
        """Where `minor` stands; what lies outside stands at the end."""
        share = math.log10(max(minor, self.low_minor) / self.low_minor) / self.decades
        return min(1.0, share)

    def ticks(self) -> list[Tick]:
        """One a decade, or every other where a phone's width would not hold them."""
        return [
            Tick(decade / self.decades, short_price(self.low_minor * 10**decade, self.currency))
            for decade in range(0, self.decades + 1, -(-self.decades // 5))
        ]


def short_price(minor: float, currency: str) -> str:
    """A rounded amount for an axis, such as £10k."""
    major = minor / 100
    for size, letter in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if major >= size:
            return f"{Price(round(100 * major / size), currency)}{letter}"
    return str(Price(round(minor), currency))


def price_columns(prices: NDArray[np.int64], axis: PriceAxis) -> Markup:
    """How many priced listings (free ones apart) lie in each step of the axis."""
    steps = axis.decades * _COLUMNS_PER_DECADE
    edges = axis.low_minor * 10.0 ** (np.arange(steps + 1) / _COLUMNS_PER_DECADE)
    paid = prices[prices > 0]
    counts, _ = np.histogram(np.maximum(paid, axis.low_minor), edges)
    columns_ = [
        Bar(f"{short_price(low, axis.currency)} to {short_price(high, axis.currency)}", count, f"{count:,}")
        for low, high, count in zip(edges, edges[1:], counts.tolist(), strict=False)
    ]
    median = float(np.median(prices))
    marker = Tick(axis.position(median), f"median {Price(round(median), axis.currency)}")
    return columns(columns_, axis.ticks(), "Listings by price", marker)


def price_spans(by_root: Mapping[str, NDArray[np.int64]], axis: PriceAxis) -> Markup:
    """Each root category's quantiles, dearest median first."""
    drawn = {root: prices for root, prices in by_root.items() if len(prices) >= _FEW_PRICES}
    rows = []
    for root, prices in sorted(drawn.items(), key=lambda item: -float(np.median(item[1]))):
        low, lower, median, upper, high = (
            float(q) for q in np.quantile(prices, (0.05, 0.25, 0.5, 0.75, 0.95))
        )
        positions = tuple(axis.position(value) for value in (low, lower, median, upper, high))
        note = f"{Price(round(median), axis.currency)}"
        rows.append(Span(root, (positions[0], positions[1], positions[2], positions[3], positions[4]), note))
    return spans(rows, axis.ticks(), "Prices by category: 5, 25, 50, 75 and 95%")


def favourite_prices(prices: NDArray[np.int64], currency: str, most: int = 10) -> Markup:
    """The commonest prices."""
    values, counts = np.unique(prices, return_counts=True)
    order = np.lexsort((values, -counts))[:most]
    rows = [
        Bar("free" if minor == 0 else str(Price(minor, currency)), count, f"{count:,}")
        for minor, count in zip(values[order].tolist(), counts[order].tolist(), strict=True)
    ]
    return bars(rows, "The commonest prices")
