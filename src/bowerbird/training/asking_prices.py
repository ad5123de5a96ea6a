"""What the listings of a market ask, in its most frequent currency, and which prices can be learned from."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import TrainingError
from bowerbird.training.price_training import PriceTraining
from bowerbird.training.training_data import Part, TrainingData

FEWEST_PRICES = 20

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class AskingPrices:
    """n listings' prices and where they are used."""

    currency: str  # the most frequent one
    major: NDArray[np.float64]  # (n,) NaN where there is none, or one in another currency
    usable: NDArray[np.bool_]  # (n,) between the lowest and the highest to learn from
    elsewhere: int  # listings that are left out because they ask another currency

    def log(self, rows: Rows) -> NDArray[np.float64]:
        """The logarithms of 1 + price of some rows."""
        return np.asarray(np.log1p(self.major[rows]))


def asking_prices(data: TrainingData, training: PriceTraining) -> AskingPrices:
    """The prices of `data`.

    Raises:
        TrainingError: too few listings have a price to learn from, or none of the test part has one.
    """
    found = [listing.price for listing in data.listings]
    currencies = Counter(price.currency for price in found if price is not None)
    if not currencies:
        raise TrainingError("no listing has a price, so there is none to learn; import listings with prices")
    currency = min(currencies, key=lambda one: (-currencies[one], one))
    major = np.array(
        [price.major if price is not None and price.currency == currency else np.nan for price in found]
    )
    usable = np.nan_to_num(major, nan=-1.0)
    usable = (usable >= training.lowest) & (usable <= training.highest)
    testing = data.parts == Part.TEST
    learned, tested = int((usable & ~testing).sum()), int((usable & testing).sum())
    if learned < FEWEST_PRICES or not tested:
        raise TrainingError(
            f"{learned} listings to learn from and {tested} to test on ask between {training.lowest:g} and "
            f"{training.highest:g} {currency}, but {FEWEST_PRICES} and 1 are needed; import more listings, "
            "or give --lowest and --highest that suit the currency"
        )
    return AskingPrices(currency, major, usable, sum(currencies.values()) - currencies[currency])


def rows_to_learn_from(data: TrainingData, prices: AskingPrices, training: PriceTraining, most: int) -> Rows:
    """Rows of training and validation whose price is known, rising; beyond `most` a random choice."""
    rows = data.rows(Part.TRAIN, Part.VALIDATION)
    rows = rows[~np.isnan(prices.major[rows])]
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(training.seed).choice(rows, most, replace=False))
    return rows


def rows_to_test_on(data: TrainingData, prices: AskingPrices) -> Rows:
    """Rows of the test part whose price is one to be measured on, rising."""
    rows = data.rows(Part.TEST)
    return rows[prices.usable[rows]]
