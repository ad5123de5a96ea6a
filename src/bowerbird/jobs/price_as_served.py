"""The price model in use, asked about the test listings as a seller would ask who has chosen a category.

Its comparables are listings that the model may have learned from, none of the asker's own duplicate group.
Beside it stands the median of the narrowest category that is known.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.learned_model import LearnedModel
from bowerbird.errors import InputError
from bowerbird.evaluation.classification import drawn_figure
from bowerbird.evaluation.price_ranges import absolute_log_errors, covered, rmsle_figure
from bowerbird.evaluation.report import Figure, measure
from bowerbird.jobs.held_out import HeldOut
from bowerbird.market.listing import Listing
from bowerbird.suggesting.price import PriceSuggester
from bowerbird.training.priced_market import PricedMarket

BASELINE = "leaf median"
LOWEST, HIGHEST = (
    1.0,
    5000.0,
)  # major units; what is dearer or free is a joke or a gift more often than a price
SEED = 0
Prices = NDArray[np.float64]


def price_as_served(model: LearnedModel, held: HeldOut) -> tuple[list[Figure], dict[str, Any]]:
    """Figures and plots of the model in use.

    Raises:
        MismatchError: the model is damaged, or reads vectors of other encoders.
        InputError: no test listing, or none to learn from, has such a price.
    """
    suggester, data = PriceSuggester(model, held.data.encoders), held.data
    tested, asked = _priced(held, held.tested, suggester.currency)
    known, known_prices = _priced(held, held.known, suggester.currency)
    if not len(tested) or not len(known):
        raise InputError(
            f"{len(tested)} test listings and {len(known)} others ask between {LOWEST:g} and {HIGHEST:g} "
            f"{suggester.currency}, so prices cannot be measured"
        )
    market = PricedMarket.of(data, known, known_prices)
    estimates = [
        suggester.estimate(held.draft(row, category=True), market.neighbours(data, row))
        for row in tested.tolist()
    ]
    median, low, high = (
        np.array([getattr(one, name) for one in estimates]) for name in ("median", "low", "high")
    )
    usual = _leaf_medians([data.listings[row] for row in known.tolist()], known_prices)
    theirs = np.array([_narrowest(usual, data.listings[row]) for row in tested.tolist()])
    inside = covered(low, high, asked)
    figures = _figures(median, (low, high), asked, theirs, data.groups[tested])
    coverage = {"expected": 0.8, "covered": float(inside.mean()), "count": len(asked)}
    return figures, {"coverage": [coverage]}


def _priced(held: HeldOut, rows: NDArray[np.int64], currency: str) -> tuple[NDArray[np.int64], Prices]:
    """Those of `rows` that ask a price to measure on, and what they ask in major units."""
    found = [
        (row, price.major)
        for row in rows.tolist()
        if (price := held.data.listings[row].price) is not None
        and price.currency == currency
        and LOWEST <= price.major <= HIGHEST
    ]
    return np.array([row for row, _ in found], np.int64), np.array([price for _, price in found])


def _figures(
    median: Prices, bounds: tuple[Prices, Prices], asked: Prices, theirs: Prices, groups: NDArray[np.int64]
) -> list[Figure]:
    shared: dict[str, Any] = {"seed": SEED, "groups": groups}
    inside, width = covered(*bounds, asked), bounds[1] / np.maximum(bounds[0], 0.01)
    error = absolute_log_errors(median, asked)
    return [
        rmsle_figure("learned", median, asked, **shared, baseline=(BASELINE, theirs)),
        measure(
            "mean absolute log error",
            "learned",
            error,
            **shared,
            baseline=(BASELINE, absolute_log_errors(theirs, asked)),
        ),
        measure("coverage of the 80% range", "learned", inside, **shared),
        drawn_figure(
            "median range width, high / low",
            "learned",
            lambda rows: float(np.median(width[rows])),
            len(asked),
            **shared,
        ),
    ]


def _leaf_medians(listings: list[Listing], prices: Prices) -> dict[tuple[str, ...], float]:
    """The median price of every category at every depth; () is the whole market."""
    by_path: dict[tuple[str, ...], list[float]] = {}
    for listing, price in zip(listings, prices.tolist(), strict=True):
        for depth in range(len(listing.category) + 1):
            by_path.setdefault(listing.category[:depth], []).append(price)
    return {path: float(np.median(asked)) for path, asked in by_path.items()}


def _narrowest(medians: dict[tuple[str, ...], float], listing: Listing) -> float:
    paths = (listing.category[:depth] for depth in range(len(listing.category), -1, -1))
    return next(medians[path] for path in paths if path in medians)
