"""A price model on the test listings: what it said of each, its figures, its plots, and its predictions.

Its market are the listings that it learned from; those that are being tested on are no one's neighbours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.evaluation.predictions import write_predictions
from bowerbird.evaluation.price_ranges import absolute_log_errors, covered, rmsle_figure, squared_log_errors
from bowerbird.evaluation.report import Figure, measure
from bowerbird.suggesting.price_features import EVERYTHING, GIVEN, Given
from bowerbird.suggesting.price_model import PriceModel
from bowerbird.training.asking_prices import AskingPrices
from bowerbird.training.price_baselines import Prices, baseline_prices
from bowerbird.training.price_calibration import Bounds
from bowerbird.training.price_figures import (
    LEARNED,
    Readings,
    called_unpriced,
    coverage_by_root,
    coverage_plot,
    price_figures,
    read_rows,
)
from bowerbird.training.priced_market import PricedMarket
from bowerbird.training.training_data import Part, TrainingData

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class PriceMeasurement:
    """What a model and its baselines said of t test listings."""

    data: TrainingData
    rows: Rows  # (t,)
    asked: NDArray[np.float64]  # (t,) major units
    readings: Readings
    prices: Prices
    baselines: Mapping[str, Prices]
    less: Mapping[Given, Prices]  # as much of each listing as is given
    unpriced: NDArray[np.bool_]  # (t,) no price would be suggested
    unreal: NDArray[np.bool_]  # (u,) likewise, of the test listings whose price is none to learn from
    bounds: Mapping[float, Bounds]  # of the spread, by nominal share

    def figures(self, seed: int) -> list[Figure]:
        """All figures, the contract's first."""
        groups = self.data.groups[self.rows]
        figures = price_figures(self.prices, self.asked, self.baselines, groups, seed)
        for given, prices in self.less.items():
            figures.append(
                rmsle_figure(
                    f"{LEARNED}, {given.name} only", prices.median, self.asked, seed=seed, groups=groups
                )
            )
            inside = covered(prices.low, prices.high, self.asked)
            figures.append(
                measure(
                    "coverage of the 80% range",
                    f"{LEARNED}, {given.name} only",
                    inside,
                    seed=seed,
                    groups=groups,
                )
            )
        kept = ~self.unpriced
        figures += [
            rmsle_figure(
                f"{LEARNED}, of what it prices",
                self.prices.median[kept],
                self.asked[kept],
                seed=seed,
                groups=groups[kept],
            ),
            measure("called not priceable, of real prices", LEARNED, self.unpriced, seed=seed, groups=groups),
        ]
        if len(self.unreal):
            figures.append(measure("called not priceable, of others", LEARNED, self.unreal, seed=seed))
        return figures

    def plots(self) -> dict[str, Any]:
        """Coverage at several nominal shares."""
        return {"coverage": coverage_plot(self.readings, self.asked, self.bounds)}

    def by_root(self) -> dict[str, dict[str, float]]:
        """Coverage of each root category."""
        return coverage_by_root(self.prices, self.asked, [self.data.roots[row] for row in self.rows.tolist()])

    def write_predictions(self, folder: Path) -> None:
        """Truth, median, range and errors, listing by listing."""
        low, median, high = self.prices.low, self.prices.median, self.prices.high
        write_predictions(
            folder,
            [self.data.listings[row].listing_id for row in self.rows.tolist()],
            {
                "truth": self.asked,
                "median": median,
                "low": low,
                "high": high,
                "squared_log_error": squared_log_errors(median, self.asked),
                "log_error": absolute_log_errors(median, self.asked),
                "covered": covered(low, high, self.asked),
                "log_width": np.log(high / low),
            },
            groups=self.data.groups[self.rows],
        )


def measure_prices(
    model: PriceModel,
    data: TrainingData,
    prices: AskingPrices,
    learned: Rows,
    *,
    bounds: Mapping[float, Bounds],
    least_priced: float,
) -> PriceMeasurement:
    """Ask `model` about the test listings.

    Args:
        model: as it was written.
        data: with the test listings.
        prices: what they ask.
        learned: rows whose prices the model knows.
        bounds: of the spread, by nominal share.
        least_priced: below that probability no price is suggested.
    """
    testing = data.rows(Part.TEST)
    rows = testing[prices.usable[testing]]
    others = testing[~prices.usable[testing] & ~np.isnan(prices.major[testing])]
    known = learned[prices.usable[learned]]
    market = PricedMarket.of(data, known, prices.major[known])
    neighbours = [market.neighbours(data, row) for row in rows.tolist()]
    readings = read_rows(model, data, rows, neighbours)
    unreal = read_rows(model, data, others, [market.neighbours(data, row) for row in others.tolist()])
    less = {
        given: read_rows(model, data, rows, neighbours, given).prices(model.ranges[given.name])
        for given in GIVEN
        if given != EVERYTHING
    }
    parts = [known[data.parts[known] == part] for part in (Part.TRAIN, Part.VALIDATION)]
    train, validation = (([data.listings[row] for row in part.tolist()], prices.log(part)) for part in parts)
    return PriceMeasurement(
        data=data,
        rows=rows,
        asked=prices.major[rows],
        readings=readings,
        prices=readings.prices(model.ranges[EVERYTHING.name]),
        baselines=baseline_prices(train, validation, [data.listings[row] for row in rows.tolist()]),
        less=less,
        unpriced=called_unpriced(data, rows, readings, least_priced),
        unreal=called_unpriced(data, others, unreal, least_priced),
        bounds=bounds,
    )
