"""One run of the price model: read the prices, learn, calibrate, measure on the test part, publish, use.

It learns from the training and the validation part together, since everything that is calibrated rests on
cross-fitting. Minutes long and without epochs: a run that is killed leaves nothing behind, starts again, and
gives the same model.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.evaluation.model_card import render_card
from bowerbird.evaluation.model_metrics import model_metrics
from bowerbird.evaluation.report import Figure
from bowerbird.progress import Progress
from bowerbird.settings import Settings
from bowerbird.storage.model_registry import activate_model, publish_model, staged_model
from bowerbird.suggesting.price_features import EVERYTHING, GIVEN, Given
from bowerbird.suggesting.price_model import PriceModel
from bowerbird.training.asking_prices import (
    AskingPrices,
    asking_prices,
    rows_to_learn_from,
    rows_to_test_on,
)
from bowerbird.training.kernel_ridge import group_folds
from bowerbird.training.price_boosting import boost
from bowerbird.training.price_calibration import Bounds, conformal_bounds, priced_cut
from bowerbird.training.price_evidence import MOST_LISTINGS, collect_evidence
from bowerbird.training.price_measuring import measure_prices
from bowerbird.training.price_training import PriceTraining
from bowerbird.training.training_data import TrainingData

RANGE = 0.8
NOMINAL = (0.5, 0.6, 0.7, 0.8, 0.9)  # shares of the coverage plot

Rows = NDArray[np.int64]


def train_price(
    settings: Settings,
    data: TrainingData,
    training: PriceTraining,
    progress: Progress,
    *,
    trained_at: datetime,
) -> LearnedModel:
    """The price model of a home, published and in use.

    Raises:
        TrainingError: too few listings have a price to learn from, or none of the test part has one.
    """
    began = time.monotonic()
    prices = asking_prices(data, training)
    rows = rows_to_learn_from(data, prices, training, MOST_LISTINGS)
    learned = learn_prices(data, prices, rows, training, progress)
    seconds = time.monotonic() - began
    with staged_model(settings.models, LearnedKind.PRICE) as staged:
        learned.model.save(staged)
        progress.step("measuring on the test listings", None)
        measured = measure_prices(
            PriceModel.load(staged),
            data,
            prices,
            rows,
            bounds=learned.bounds,
            least_priced=learned.least_priced,
        )
        figures = measured.figures(training.seed)
        measured.write_predictions(staged)
        published = publish_model(
            staged,
            LearnedKind.PRICE,
            config={
                "currency": prices.currency,
                "least_priced": learned.least_priced,
                "training": training.as_json(),
            },
            encoders=data.encoders,
            data=data.fingerprint,
            metrics=model_metrics(
                figures,
                measured.plots(),
                seconds=round(seconds, 1),
                coverage_by_root=measured.by_root(),
                listings_in_other_currencies=prices.elsewhere,
            ),
            card=_card(data, prices, rows, training, figures, trained_at),
            trained_at=trained_at,
        )
    return activate_model(settings.models, LearnedKind.PRICE, published.fingerprint)


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """A model and what was fitted to its cross-fitted answers."""

    model: PriceModel
    bounds: Mapping[float, Bounds]  # of ranges of several nominal shares
    least_priced: float  # below that probability no price is suggested


def learn_prices(
    data: TrainingData, prices: AskingPrices, rows: Rows, training: PriceTraining, progress: Progress
) -> Learned:
    """The model learned from `rows`."""
    progress.step("comparing listings", None)
    folds = group_folds(data.groups[rows], training.folds, training.seed)
    evidence = collect_evidence(data, rows, prices.log(rows), prices.usable[rows], folds)
    progress.step("features", training.folds)
    features = evidence.cross_fitted(GIVEN, progress)
    progress.step("boosted trees", None)
    trees = boost(features, prices.log(rows), evidence.usable, folds, training.seed)
    usable = np.flatnonzero(evidence.usable)
    asked = prices.major[rows[usable]]

    def bounds(given: Given, share: float) -> Bounds:
        return conformal_bounds(asked, trees.medians[given][usable], trees.spreads[given][usable], share)

    memory, regression = evidence.remembered(evidence.regression(usable), usable)
    model = PriceModel(
        memory=memory,
        regression=regression,
        usual=evidence.usual(usable),
        median=trees.median,
        spread=trees.spread,
        priced=trees.priced,
        ranges={given.name: bounds(given, RANGE) for given in GIVEN},
    )
    return Learned(
        model,
        {share: bounds(EVERYTHING, share) for share in NOMINAL},
        priced_cut(trees.probabilities, evidence.usable),
    )


def _card(
    data: TrainingData,
    prices: AskingPrices,
    rows: Rows,
    training: PriceTraining,
    figures: Sequence[Figure],
    trained_at: datetime,
) -> str:
    unusable = int((~prices.usable[rows]).sum())
    band = f"{training.lowest:g} and {training.highest:g} {prices.currency}"
    return render_card(
        "Price of a listing",
        purpose="Title, description, photos, category and place go in, words or photos at least; out come "
        "the median asking price and a range that holds 80% of them, or the reason why there is no price.",
        data=data.fingerprint,
        split=f"{len(rows):,} listings to learn from (of training and validation; calibration rests on "
        f"cross-fitting), {len(rows_to_test_on(data, prices)):,} for testing; listings that share a photo or "
        f"a text on one side, seed {data.seed}",
        encoders=data.encoders,
        training=training.as_json(),
        figures=figures,
        limits=[
            "It learns what is asked, not what is paid.",
            f"{unusable} listings ask a price not between {band}, such as 0; they only teach what has none.",
            "Placeholders between those, such as 1 for a list of records, are learned from and measured on.",
            f"One currency: {prices.elsewhere} listings in others were left out.",
            "Money in the words is not read, since many repeat the asking price; only the price when new is.",
            "Some word rules (wanted, free, for hire; 'boxed', 'per', 'GB') are English.",
            f"It remembers at most {MOST_LISTINGS:,} listings, chosen at random where there are more.",
        ],
        uses=[
            "Suggesting to a seller what like things are offered for, with the listings it rests on.",
            "Not a valuation, and not for judging whether an asking price is fair.",
        ],
        trained_at=trained_at,
    )
