"""The figures of a price model on the test listings, beside its baselines.

What is measured is what is served: the model as it was written, asked about each test listing as the
suggester asks about a draft, its answers rounded as the seller sees them. A listing counts where it asks a
price to learn from, whether or not the model calls it priceable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.evaluation.classification import drawn_figure
from bowerbird.evaluation.price_ranges import absolute_log_errors, covered, rmsle_figure
from bowerbird.evaluation.report import Figure, measure
from bowerbird.suggesting.comparables import Comparables
from bowerbird.suggesting.draft import Draft
from bowerbird.suggesting.price_features import EVERYTHING, Given, as_given
from bowerbird.suggesting.price_model import PriceModel, Reading, prices_of
from bowerbird.suggesting.priceable import no_price_by_rule
from bowerbird.training.price_baselines import Prices
from bowerbird.training.training_data import TrainingData

LEARNED = "learned"
_LOG_ERROR = "mean absolute log error"
_PERCENTAGE = "median absolute percentage error"
_COVERAGE = "coverage of the 80% range"
_WIDTH = "median range width, high / low"
_ORDER = ("RMSLE", _LOG_ERROR, _PERCENTAGE, _COVERAGE, _WIDTH)
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """What a model said of n listings."""

    middles: Floats  # log(1 + price)
    spreads: Floats
    priced: Floats  # probability

    def prices(self, bounds: tuple[float, float]) -> Prices:
        """As they are shown."""
        low, median, high = prices_of(self.middles, self.spreads, bounds)
        return Prices(low, median, high)


def read_rows(
    model: PriceModel,
    data: TrainingData,
    rows: Rows,
    neighbours: Sequence[Comparables],
    given: Given = EVERYTHING,
) -> Readings:
    """What `model` says of `rows` of `data` beside the `neighbours` of each, of as much as is `given`."""
    readings = [
        _read(model, data, row, found, given) for row, found in zip(rows.tolist(), neighbours, strict=True)
    ]
    return Readings(
        np.array([one.middle for one in readings]),
        np.array([one.spread for one in readings]),
        np.array([one.priced for one in readings]),
    )


def price_figures(
    prices: Prices,
    asked: Floats,
    baselines: Mapping[str, Prices],
    groups: Rows,
    seed: int,
) -> list[Figure]:
    """Errors, coverage and width of every system; the learned one's are tested against the first baseline.

    Args:
        prices: of the learned model.
        asked: what was asked.
        baselines: by name, the strongest first.
        groups: duplicates share a number.
        seed: of the draws.
    """
    systems = {LEARNED: prices, **baselines}
    first = next(iter(baselines))
    figures = []
    for name, own in systems.items():
        beside = (first, baselines[first]) if name == LEARNED else None
        figures += _errors(name, own, asked, groups, seed, beside)
        figures += _ranges(name, own, asked, groups, seed)
    return sorted(figures, key=lambda figure: _ORDER.index(figure.name))


def coverage_plot(
    readings: Readings, asked: Floats, bounds: Mapping[float, tuple[float, float]]
) -> list[dict[str, float]]:
    """The plot `coverage`: what ranges of several nominal shares cover."""
    rows = []
    for expected, multiples in sorted(bounds.items()):
        prices = readings.prices(multiples)
        share = float(covered(prices.low, prices.high, asked).mean())
        rows.append({"expected": expected, "covered": share, "count": float(len(asked))})
    return rows


def coverage_by_root(prices: Prices, asked: Floats, roots: Sequence[str]) -> dict[str, dict[str, float]]:
    """Share covered, median width and number of test listings of each root category."""
    inside, width = covered(prices.low, prices.high, asked), prices.high / prices.low
    names = np.array(roots)
    return {
        root: {
            "coverage": round(float(inside[names == root].mean()), 4),
            "median_width": round(float(np.median(width[names == root])), 2),
            "count": int(np.count_nonzero(names == root)),
        }
        for root in sorted(set(roots))
    }


def called_unpriced(data: TrainingData, rows: Rows, readings: Readings, least: float) -> NDArray[np.bool_]:
    """(n,) whether no price would be suggested."""
    by_rule = [no_price_by_rule(data.listings[row]) is not None for row in rows.tolist()]
    return np.asarray(np.array(by_rule, np.bool_) | (readings.priced < least))


def _errors(
    name: str,
    own: Prices,
    asked: Floats,
    groups: Rows,
    seed: int,
    beside: tuple[str, Prices] | None,
) -> list[Figure]:
    percentages = np.abs(own.median - asked) / asked
    theirs = None if beside is None else (beside[0], beside[1].median)
    absolute = None if theirs is None else (theirs[0], absolute_log_errors(theirs[1], asked))
    typical = None if theirs is None else (theirs[0], float(np.median(np.abs(theirs[1] - asked) / asked)))
    return [
        rmsle_figure(name, own.median, asked, seed=seed, groups=groups, baseline=theirs),
        measure(
            _LOG_ERROR,
            name,
            absolute_log_errors(own.median, asked),
            seed=seed,
            groups=groups,
            baseline=absolute,
        ),
        drawn_figure(
            _PERCENTAGE,
            name,
            lambda drawn: float(np.median(percentages[drawn])),
            len(asked),
            seed=seed,
            groups=groups,
            baseline=typical,
        ),
    ]


def _ranges(name: str, own: Prices, asked: Floats, groups: Rows, seed: int) -> list[Figure]:
    width = own.high / np.maximum(own.low, 0.01)
    return [
        measure(_COVERAGE, name, covered(own.low, own.high, asked), seed=seed, groups=groups),
        drawn_figure(
            _WIDTH, name, lambda drawn: float(np.median(width[drawn])), len(asked), seed=seed, groups=groups
        ),
    ]


def _read(model: PriceModel, data: TrainingData, row: int, neighbours: Comparables, given: Given) -> Reading:
    words = data.texts[[row]] if given.words and data.listings[row].text else data.texts[:0]
    mine = data.photo_owners == row
    photos = data.features[mine] if given.looks else data.features[:0]
    draft = Draft(as_given(data.listings[row], given), words, photos)
    return model.read(draft, neighbours)
