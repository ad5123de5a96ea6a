"""Boosted trees on the cross-fitted features: the median, how far it may be off, whether there is a price.

Everything that is fitted to errors is fitted to cross-fitted ones: a listing's residual comes from trees that
did not see its fold, its spread from trees that did not see it either, and so do the quantiles that the 80%
range takes from their ratio.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.lightgbm_runtime import lightgbm as lgb
from bowerbird.suggesting.price_features import EVERYTHING, FEATURES, GIVEN, Given
from bowerbird.suggesting.price_model import LEAST_SPREAD

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

# How much a listing counts with some of it taken away, beside itself as it is.
_WEIGHTS = {one: 1.0 if one == EVERYTHING else 0.3 for one in GIVEN}
_TREES: dict[str, Any] = {
    "verbose": -1,
    "num_threads": 1,  # several wait for one another longer than they work on some thousand rows
    "deterministic": True,
    "force_row_wise": True,
    "feature_fraction": 0.35,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "min_data_in_leaf": 25,
    "lambda_l2": 5,
}
_MEDIAN = {"objective": "quantile", "alpha": 0.5, "num_leaves": 16, "learning_rate": 0.03}
_MEDIAN_ROUNDS = 350
_SPREAD = {"objective": "l2", "num_leaves": 6, "learning_rate": 0.04}
_SPREAD_ROUNDS = 150
_PRICED = {"objective": "binary", "num_leaves": 6, "learning_rate": 0.04}
_PRICED_ROUNDS = 120


@dataclass(frozen=True, slots=True, eq=False)
class Boosted:
    """The trees, and what trees that had not seen a listing said of it."""

    median: lgb.Booster
    spread: lgb.Booster
    priced: lgb.Booster
    medians: Mapping[Given, Floats]  # (n,) cross-fitted log prices
    spreads: Mapping[Given, Floats]  # (n,)
    probabilities: Floats  # (n,) that the price is real


def boost(
    features: Mapping[Given, Floats], log_prices: Floats, usable: Mask, folds: NDArray[np.int64], seed: int
) -> Boosted:
    """Fit all trees.

    Args:
        features: (n, f) cross-fitted, for each way of giving less.
        log_prices: (n,) log(1 + price).
        usable: (n,) whether the price is one to learn from.
        folds: (n,) the folds of the features.
        seed: of the trees.
    """
    medians = _cross_fit(
        features, dict.fromkeys(GIVEN, log_prices), usable, folds, seed, _MEDIAN, _MEDIAN_ROUNDS
    )
    errors = {given: np.abs(log_prices - found) for given, found in medians.items()}
    spreads = _cross_fit(features, errors, usable, folds, seed, _SPREAD, _SPREAD_ROUNDS)
    real = dict.fromkeys(GIVEN, usable.astype(np.float64))
    everyone = np.ones(len(usable), np.bool_)
    probabilities = _cross_fit(features, real, everyone, folds, seed, _PRICED, _PRICED_ROUNDS)
    return Boosted(
        median=_fit(features, dict.fromkeys(GIVEN, log_prices), usable, seed, _MEDIAN, _MEDIAN_ROUNDS),
        spread=_fit(features, errors, usable, seed, _SPREAD, _SPREAD_ROUNDS),
        priced=_fit(features, real, everyone, seed, _PRICED, _PRICED_ROUNDS),
        medians=medians,
        spreads={given: np.maximum(found, LEAST_SPREAD) for given, found in spreads.items()},
        probabilities=probabilities[EVERYTHING],
    )


def _cross_fit(
    features: Mapping[Given, Floats],
    targets: Mapping[Given, Floats],
    rows: Mask,
    folds: NDArray[np.int64],
    seed: int,
    objective: Mapping[str, Any],
    rounds: int,
) -> dict[Given, Floats]:
    """(n,) for each way of giving less: predictions of trees that saw no row of the fold."""
    found = {given: np.zeros(len(rows)) for given in features}
    for fold in np.unique(folds).tolist():
        trees = _fit(features, targets, rows & (folds != fold), seed, objective, rounds)
        held_out = folds == fold
        for given, matrix in features.items():
            found[given][held_out] = trees.predict(matrix[held_out])
    return found


def _fit(
    features: Mapping[Given, Floats],
    targets: Mapping[Given, Floats],
    rows: Mask,
    seed: int,
    objective: Mapping[str, Any],
    rounds: int,
) -> lgb.Booster:
    """Trees over `rows` of every way of giving less."""
    data = lgb.Dataset(
        np.concatenate([matrix[rows] for matrix in features.values()]),
        np.concatenate([targets[given][rows] for given in features]),
        weight=np.concatenate([np.full(int(rows.sum()), _WEIGHTS[given]) for given in features]),
        feature_name=list(FEATURES),
        free_raw_data=True,
    )
    return lgb.train({**_TREES, **objective, "seed": seed}, data, rounds)
