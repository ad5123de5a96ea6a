"""LambdaMART on clicks, each click weighed by how unlikely it was to be looked at.

A page is a list for each of its clicks: that listing against those that nobody clicked on. All of a list
weighs grade / theta of the clicked position, so that a pair counts as often as it would have, had everything
been looked at (inverse propensity scoring: Joachims, Swaminathan and Schnabel, WSDM 2017, arXiv:1608.04468;
Wang et al., 'Position bias estimation for unbiased learning to rank', WSDM 2018). LightGBM weighs the
gradient of each listing by itself, so weights must be those of whole lists, which is why a page with two
clicks is two lists.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.lightgbm_runtime import lightgbm as lgb
from bowerbird.ranking.features import FEATURES
from bowerbird.training.ranker_examples import Examples
from bowerbird.training.ranker_training import RankerTraining

Floats = NDArray[np.float64]
PATIENCE = 50
_TREES: dict[str, Any] = {
    "objective": "lambdarank",
    "metric": "ndcg",
    "eval_at": [10],
    "lambdarank_truncation_level": 30,
    "lambdarank_norm": False,  # it would let lists count by how badly they are ordered, not by their weight
    "min_data_in_leaf": 100,
    "lambda_l2": 10,
    "feature_fraction": 0.6,
    "feature_fraction_bynode": 0.8,
    "verbose": -1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
}


@dataclass(frozen=True, slots=True, eq=False)
class ClickLists:
    """(m,) rows of examples, list after list."""

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]  # 1 for the click of its list
    weights: Floats
    sizes: NDArray[np.int64]  # (lists,)


def propensity_weights(examples: Examples, examination: Floats | None, clip: float) -> Floats:
    """(n,) min(clip, 1 / theta) by position; 1 throughout without `examination`.

    A position beyond those that are known weighs as the last one.
    """
    if examination is None:
        return np.ones(len(examples))
    places = np.minimum(examples.positions, len(examination)) - 1
    return np.asarray(np.minimum(1 / np.maximum(examination[places], 1e-9), clip))


def click_lists(examples: Examples, weights: Floats) -> ClickLists:
    """The lists of all clicks; a page where everything was clicked on teaches nothing."""
    rows: list[NDArray[np.int64]] = []
    labels: list[NDArray[np.int64]] = []
    weighed: list[Floats] = []
    known = np.flatnonzero(examples.known)
    starts = np.flatnonzero(np.diff(examples.pages[known], prepend=-1))
    for page in np.split(known, starts[1:]):
        clicked = examples.grades[page] > 0
        others = page[~clicked]
        for click in page[clicked] if len(others) else ():
            rows.append(np.append(others, click))
            labels.append(np.append(np.zeros(len(others), np.int64), 1))
            weighed.append(np.full(len(others) + 1, examples.grades[click] * weights[click]))
    return ClickLists(
        np.concatenate([np.empty(0, np.int64), *rows]),
        np.concatenate([np.empty(0, np.int64), *labels]),
        np.concatenate([np.empty(0), *weighed]),
        np.array([len(one) for one in rows], np.int64),
    )


def learn(
    examples: Examples,
    validation: Examples,
    examination: Floats | None,
    training: RankerTraining,
) -> tuple[lgb.Booster, list[float]]:
    """The trees, and nDCG@10 on the validation lists by round.

    Args:
        examples: to learn from.
        validation: say when to stop.
        examination: (positions,) relative to position 1; None takes clicks as they are.
        training: the settings.
    """
    data = _dataset(examples, examination, training)
    watched = _dataset(validation, examination, training, data)
    curve: dict[str, Any] = {}
    settings = {
        **_TREES,
        "num_leaves": training.leaves,
        "learning_rate": training.rate,
        "seed": training.seed,
    }
    trees = lgb.train(
        settings,
        data,
        training.rounds,
        valid_sets=[watched],
        valid_names=["validation"],
        callbacks=[lgb.early_stopping(PATIENCE, verbose=False), lgb.record_evaluation(curve)],
    )
    best = lgb.Booster(model_str=trees.model_to_string(num_iteration=trees.best_iteration))
    return best, [float(value) for value in curve["validation"]["ndcg@10"]]


def _dataset(
    examples: Examples,
    examination: Floats | None,
    training: RankerTraining,
    reference: lgb.Dataset | None = None,
) -> lgb.Dataset:
    lists = click_lists(examples, propensity_weights(examples, examination, training.clip))
    return lgb.Dataset(
        examples.features[lists.rows],
        lists.labels,
        weight=lists.weights / max(float(lists.weights.mean()), 1e-9) if len(lists.weights) else None,
        group=lists.sizes,
        feature_name=list(FEATURES),
        reference=reference,
        free_raw_data=True,
    )
