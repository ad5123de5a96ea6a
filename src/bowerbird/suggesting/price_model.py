"""A learned price model in its folder: what it remembers, its boosted trees and its calibration.

`memory.safetensors` and `tables.json` are what the features need; `median.txt`, `spread.txt` and `priced.txt`
are boosted trees in LightGBM's text form. The range is conformal (Lei et al., 2018, arXiv:1604.04173, locally
weighted): median + spread x quantiles of the cross-fitted residuals over their spreads, kept apart by what a
draft holds, since less evidence errs more.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from bowerbird.encoding.lightgbm_runtime import lightgbm as lgb
from bowerbird.errors import MismatchError
from bowerbird.suggesting.comparables import Comparables
from bowerbird.suggesting.draft import Draft
from bowerbird.suggesting.price_features import Given, UsualPrices, price_features
from bowerbird.suggesting.price_memory import PriceMemory, Regression
from bowerbird.suggesting.price_rounding import rounded_prices
from bowerbird.suggesting.word_features import Vocabulary

Floats = NDArray[np.float64]
MEMORY_FILE, TABLES_FILE = "memory.safetensors", "tables.json"
TREES = ("median", "spread", "priced")
LEAST_SPREAD = 0.15  # of log prices; nobody knows a second-hand price better


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a model thinks of a draft, in major units, rounded the way people price things."""

    median: float
    low: float
    high: float
    priced: float  # probability that such a listing carries a real price


@dataclass(frozen=True, slots=True)
class Reading:
    """What the trees say."""

    middle: float  # log(1 + price)
    spread: float  # the expected absolute error of that
    priced: float  # probability of a real price


@dataclass(frozen=True, slots=True, eq=False)
class PriceModel:
    """Everything that an estimate needs. Safe between threads."""

    memory: PriceMemory
    regression: Regression
    usual: UsualPrices
    median: lgb.Booster  # of log(1 + price)
    spread: lgb.Booster  # of the absolute residual
    priced: lgb.Booster  # probability
    ranges: Mapping[str, tuple[float, float]]  # lower and upper multiple of the spread, by `Given.name`

    def read(self, draft: Draft, comparables: Comparables) -> Reading:
        """What the trees say of `draft`, given its neighbours on the market; it needs words or photos.

        Raises:
            MismatchError: the draft's vectors are of other encoders than the model was trained with.
        """
        self._check(draft)
        likeness = self.memory.likeness(draft.listing, draft.text, draft.features)
        features = price_features(draft.listing, likeness, self.regression, self.usual, comparables)[None]
        return Reading(
            _first(self.median, features),
            max(_first(self.spread, features), LEAST_SPREAD),
            _first(self.priced, features),
        )

    def estimate(self, draft: Draft, comparables: Comparables) -> Estimate:
        """What `draft` may ask, given its neighbours on the market; it needs words or photos.

        Raises:
            MismatchError: the draft's vectors are of other encoders than the model was trained with.
        """
        reading = self.read(draft, comparables)
        bounds = self.ranges[_given(draft).name]
        low, median, high = prices_of(np.array(reading.middle), np.array(reading.spread), bounds)
        return Estimate(float(median), float(low), float(high), reading.priced)

    def save(self, folder: Path) -> None:
        """Write its files into the existing `folder`."""
        memory, regression = self.memory, self.regression
        tensors = {
            "keys": memory.vocabulary.keys,
            "blocks": memory.vocabulary.blocks,
            "idf": memory.vocabulary.idf,
            "term_weights": memory.term_weights,
            "meanings": memory.meanings.astype(np.float16),
            "looks": memory.looks.astype(np.float16),
            "centre": memory.centre,
            "levels": memory.levels,
            "duals": regression.duals,
            "log_prices": regression.log_prices,
        }
        save_file({name: np.ascontiguousarray(one) for name, one in tensors.items()}, folder / MEMORY_FILE)
        tables = {
            "mean": regression.mean,
            "codes": dict(memory.codes),
            "usual": {
                key: [mean, None if np.isnan(spread) else spread, count]
                for key, (mean, spread, count) in self.usual.by_key.items()
            },
            "ranges": {name: list(bounds) for name, bounds in self.ranges.items()},
        }
        text = json.dumps(tables, indent=1, sort_keys=True) + "\n"
        (folder / TABLES_FILE).write_text(text, encoding="utf-8")
        for name, trees in zip(TREES, (self.median, self.spread, self.priced), strict=True):
            (folder / f"{name}.txt").write_text(trees.model_to_string(), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "PriceModel":
        """What `save` wrote, into a folder whose digests were checked (`encoding.learned_model.load_model`).

        LightGBM ends the process on trees that are cut short, so they must not come here unchecked.

        Raises:
            MismatchError: another file is damaged.
        """
        try:
            tensors = load_file(folder / MEMORY_FILE)
            tables = json.loads((folder / TABLES_FILE).read_text(encoding="utf-8"))
            median, spread, priced = (
                lgb.Booster(model_str=(folder / f"{name}.txt").read_text(encoding="utf-8")) for name in TREES
            )
            memory = PriceMemory(
                Vocabulary(tensors["keys"], tensors["blocks"], tensors["idf"]),
                tensors["term_weights"],
                tensors["meanings"].astype(np.float32),
                tensors["looks"].astype(np.float32),
                tensors["centre"],
                tensors["levels"],
                tables["codes"],
            )
            return cls(
                memory,
                Regression(tensors["duals"], float(tables["mean"]), tensors["log_prices"]),
                UsualPrices(
                    {
                        key: (mean, np.nan if spread is None else spread, count)
                        for key, (mean, spread, count) in tables["usual"].items()
                    }
                ),
                median,
                spread,
                priced,
                {name: (float(low), float(high)) for name, (low, high) in tables["ranges"].items()},
            )
        except (OSError, SafetensorError, KeyError, ValueError, lgb.basic.LightGBMError) as error:
            raise MismatchError(
                f"{folder} holds no whole price model ({error}); run `bowerbird train price` again"
            ) from error

    def _check(self, draft: Draft) -> None:
        mine = (self.memory.meanings.shape[1], self.memory.looks.shape[1])
        theirs = (draft.text.shape[1], draft.features.shape[1])
        if mine != theirs:
            raise MismatchError(
                f"the price model reads vectors of {mine[0]} (words) and {mine[1]} (photos) numbers, but the "
                f"draft's have {theirs[0]} and {theirs[1]}; run `bowerbird train price` again"
            )


def prices_of(middles: Floats, spreads: Floats, bounds: tuple[float, float]) -> tuple[Floats, Floats, Floats]:
    """Low, median and high in major units, rounded: the middles and `bounds` times the spreads about them."""
    lower, upper = bounds
    low, median, high = (
        rounded_prices(np.expm1(np.maximum(middles + factor * spreads, 0))) for factor in (lower, 0.0, upper)
    )
    return low, median, high


def _given(draft: Draft) -> Given:
    """What the draft holds; photos with a category but no words are taken as photos alone."""
    words, looks = bool(len(draft.text)), bool(len(draft.features))
    return Given(words=words, looks=looks, category=bool(draft.listing.category) and words)


def _first(trees: lgb.Booster, row: Floats) -> float:
    return float(np.asarray(trees.predict(row, num_threads=1))[0])
