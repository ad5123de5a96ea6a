"""What simple models make of the same prices: the figures that a learned price has to be read beside.

- `leaf median`: the median of the listing's category, of its parent where the leaf is new, and so on.
- `ridge`: log prices on TF-IDF of words and pairs, one-hot category levels and region; its penalty is chosen
  on the validation part.
- `table regression`: prices on one-hot category levels and region, the number of photos and the lengths of
  title and description, by least squares without a penalty, as the classic projects begin.

Each is fitted on the training part for its range (the 10% and 90% quantiles of the validation part's log
residuals) and again on both parts for its prices. Unlike the learned model, they read amounts of money.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack  # type: ignore[import-untyped]  # scipy ships no types
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, Ridge

from bowerbird.market.listing import Listing
from bowerbird.suggesting.price_features import usual_keys

Floats = NDArray[np.float64]
Listings = Sequence[Listing]
Predict = Callable[[Listings], Floats]  # log(1 + price)

LEAF_MEDIAN, RIDGE, TABLE = "leaf median", "ridge", "table regression"
PENALTIES = (0.3, 1.0, 3.0)
_TAIL = 0.1
_KEY_WEIGHT = 0.5  # of category and region beside words of length 1


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """What a system says of n listings, in major units."""

    low: Floats
    median: Floats
    high: Floats


def baseline_prices(
    train: tuple[Listings, Floats], validation: tuple[Listings, Floats], test: Listings
) -> dict[str, Prices]:
    """What each baseline says of `test`, by its name.

    Args:
        train: listings and their log(1 + price).
        validation: likewise; chooses the penalty and the range.
        test: listings whose prices are not read.
    """
    both = ([*train[0], *validation[0]], np.concatenate([train[1], validation[1]]))
    errors = {
        penalty: float(np.mean((fit_ridge(*train, penalty)(validation[0]) - validation[1]) ** 2))
        for penalty in PENALTIES
    }
    penalty = min(errors, key=errors.__getitem__)
    fits: Mapping[str, Callable[[Listings, Floats], Predict]] = {
        RIDGE: lambda listings, log_prices: fit_ridge(listings, log_prices, penalty),
        LEAF_MEDIAN: fit_leaf_median,
        TABLE: fit_table,
    }
    found = {}
    for name, fit in fits.items():
        residuals = validation[1] - fit(*train)(validation[0])
        lower, upper = np.quantile(residuals, [_TAIL, 1 - _TAIL])
        middle = fit(*both)(test)
        low, median, high = (np.maximum(np.expm1(middle + shift), 0) for shift in (lower, 0.0, upper))
        found[name] = Prices(low, median, high)
    return found


def fit_leaf_median(listings: Listings, log_prices: Floats) -> Predict:
    """The median of the narrowest category level that is known."""
    by_key: dict[str, list[float]] = {}
    for listing, price in zip(listings, log_prices.tolist(), strict=True):
        for key in set(_category_keys(listing)):
            by_key.setdefault(key, []).append(price)
    medians = {key: float(np.median(prices)) for key, prices in by_key.items()}
    overall = float(np.median(log_prices))

    def predict(those: Listings) -> Floats:
        known = ([medians[key] for key in _category_keys(one) if key in medians] for one in those)
        return np.array([found[-1] if found else overall for found in known])

    return predict


def fit_ridge(listings: Listings, log_prices: Floats, penalty: float) -> Predict:
    """Ridge regression of log prices on words, category and region."""
    words = TfidfVectorizer(sublinear_tf=True, min_df=2, ngram_range=(1, 2))
    keys = DictVectorizer()

    def matrix(those: Listings, learn: bool) -> csr_matrix:
        texts = [one.text for one in those]
        dummies = [dict.fromkeys(filter(None, usual_keys(one)), _KEY_WEIGHT) for one in those]
        if learn:
            return hstack([words.fit_transform(texts), keys.fit_transform(dummies)]).tocsr()
        return hstack([words.transform(texts), keys.transform(dummies)]).tocsr()

    model = Ridge(alpha=penalty, solver="sparse_cg").fit(matrix(listings, learn=True), log_prices)
    return lambda those: np.asarray(model.predict(matrix(those, learn=False)), np.float64)


def fit_table(listings: Listings, log_prices: Floats) -> Predict:
    """Least squares of prices, not of their logarithms, on the columns of the table."""
    keys = DictVectorizer()
    model = LinearRegression().fit(keys.fit_transform(_columns(listings)), np.expm1(log_prices))
    return lambda those: np.log1p(np.maximum(model.predict(keys.transform(_columns(those))), 0))


def _columns(listings: Listings) -> list[dict[str, Any]]:
    return [
        {
            **dict.fromkeys(filter(None, usual_keys(one)), 1.0),
            "photos": float(len(one.photos)),
            "title length": float(len(one.title)),
            "description length": float(len(one.description)),
        }
        for one in listings
    ]


def _category_keys(listing: Listing) -> list[str]:
    return [key for key in usual_keys(listing)[:-1] if key]
