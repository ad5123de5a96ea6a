"""One run of the ranker: part the log by time, weigh clicks by position, learn, measure, publish.

A run that is killed leaves nothing behind, starts again, and gives the same model.
"""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.encoding.lightgbm_runtime import lightgbm as lgb
from bowerbird.errors import InputError, TrainingError
from bowerbird.evaluation.click_gain import click_gains
from bowerbird.evaluation.model_card import render_card
from bowerbird.evaluation.model_metrics import model_metrics
from bowerbird.evaluation.position_bias import estimate_position_bias
from bowerbird.evaluation.report import Figure, measure
from bowerbird.progress import Progress
from bowerbird.ranking.features import FEATURES, FEATURES_VERSION
from bowerbird.ranking.learned_ranker import TREES_FILE, LearnedRanker
from bowerbird.ranking.ranker import FusionRanker, UntrainedRanker
from bowerbird.settings import Settings
from bowerbird.storage.model_registry import activate_model, publish_model, staged_model
from bowerbird.storage.ranking_log import RankedPage
from bowerbird.training.ranker_examples import Examples, examples_of
from bowerbird.training.ranker_learning import learn, propensity_weights
from bowerbird.training.ranker_training import RankerTraining

LEAST_CLICKED_PAGES = 200
FIGURE = "nDCG of clicks"
_POSITIONS = 100  # beyond that a position is taken for as likely to be looked at as this one

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """Trees, how likely each position is looked at, and the parts of the log."""

    trees: lgb.Booster
    examination: Floats | None  # (positions,); None where clicks were taken as they are
    curve: Sequence[float]  # nDCG@10 on the validation lists by round
    learned_from: Examples
    test: Examples


def train_ranker(
    settings: Settings,
    pages: Sequence[RankedPage],
    training: RankerTraining,
    progress: Progress,
    *,
    trained_at: datetime,
    replayed: Mapping[str, NDArray[np.float32]] | None = None,
) -> LearnedModel:
    """The ranker of a home, published and in use.

    Args:
        settings: of the home.
        pages: its log, by time.
        training: the settings of the run.
        progress: told of every step.
        trained_at: written into the model.
        replayed: features by query id that stand in for what pages were logged with.

    Raises:
        TrainingError: too few pages have features and clicks, or position bias cannot be told from them.
    """
    began = time.monotonic()
    examples = examples_of(pages, replayed)
    learned = learn_ranker(examples, training, progress)
    progress.step("measuring on the latest pages", None)
    untrained = UntrainedRanker(settings.search.rrf_k, settings.ranking.taste_weight)
    figures = ranker_figures(learned, untrained, training)
    seconds = round(time.monotonic() - began, 1)
    with staged_model(settings.models, LearnedKind.RANKER) as staged:
        (staged / TREES_FILE).write_text(learned.trees.model_to_string(), encoding="utf-8")
        published = publish_model(
            staged,
            LearnedKind.RANKER,
            config={
                "features": list(FEATURES),
                "features_version": FEATURES_VERSION,
                "training": training.as_json(),
            },
            encoders={},
            data=log_fingerprint(pages),
            metrics=model_metrics(
                figures,
                {"learning_curve": _curve(learned.curve)},
                seconds=seconds,
                examination=None if learned.examination is None else learned.examination.tolist(),
                importance=_importance(learned.trees),
            ),
            card=_card(learned, pages, training, figures, trained_at),
            trained_at=trained_at,
        )
    return activate_model(settings.models, LearnedKind.RANKER, published.fingerprint)


def learn_ranker(examples: Examples, training: RankerTraining, progress: Progress) -> Learned:
    """The trees learned from the earlier examples.

    Raises:
        TrainingError: there are too few, or position bias cannot be told from them.
    """
    if examples.clicked_pages < LEAST_CLICKED_PAGES:
        raise TrainingError(
            f"the log has {examples.clicked_pages} pages of search with a click and features, but a ranker "
            f"needs {LEAST_CLICKED_PAGES}; serve more searches with events.log_queries on and send their "
            "events with query ids, or run `bowerbird train ranker --replay` to draw missing features anew"
        )
    earlier, validation, test = split_by_time(examples, training)
    examination = None
    if not training.naive:
        progress.step("position bias", None)
        examination = _examination(earlier)
    progress.step("boosted trees", None)
    trees, curve = learn(earlier, validation, examination, training)
    return Learned(trees, examination, curve, earlier, test)


def split_by_time(examples: Examples, training: RankerTraining) -> tuple[Examples, Examples, Examples]:
    """The earlier pages, the next and the latest; pages are cut by how many of them had clicks."""
    clicked = np.unique(examples.pages[(examples.grades > 0) & examples.known])
    first = clicked[int(len(clicked) * (1 - training.validation - training.test))]
    second = clicked[int(len(clicked) * (1 - training.test))]
    pages = examples.pages
    return (
        examples.taken(pages < first),
        examples.taken((pages >= first) & (pages < second)),
        examples.taken(pages >= second),
    )


def ranker_figures(learned: Learned, untrained: UntrainedRanker, training: RankerTraining) -> list[Figure]:
    """The latest pages in the order of each ranker, clicks weighed by position, beside rank fusion."""
    test = learned.test.taken(learned.test.known)
    clicked = np.isin(test.pages, test.pages[test.grades > 0])
    test = test.taken(clicked)
    weights = propensity_weights(test, learned.examination, training.clip) * test.grades
    rankers: dict[str, NDArray[np.floating]] = {
        "learned": LearnedRanker(learned.trees, "learned").order(test.features),
        "untrained": _by_page(untrained, test),
        "as served": -test.positions.astype(np.float64),
    }
    fused = click_gains(FusionRanker().order(test.features), test.pages, weights)
    _, firsts = np.unique(test.pages, return_index=True)
    groups = _groups(test.shoppers[firsts])
    figures = [
        measure(
            FIGURE,
            name,
            click_gains(scores, test.pages, weights),
            seed=training.seed,
            groups=groups,
            baseline=("rank fusion", fused),
        )
        for name, scores in rankers.items()
    ]
    return [*figures, measure(FIGURE, "rank fusion", fused, seed=training.seed, groups=groups)]


def log_fingerprint(pages: Sequence[RankedPage]) -> str:
    """16 hexadecimal digits that change when pages, or what was done on them, do."""
    digest = hashlib.sha256()
    for page in pages:
        digest.update(f"{page.page.query_id} {page.grades}\n".encode())
    return digest.hexdigest()[:16]


def _examination(examples: Examples) -> Floats:
    positions = min(int(examples.positions.max()), _POSITIONS)
    try:
        return estimate_position_bias(examples.impressions, positions)
    except InputError as error:
        raise TrainingError(
            f"position bias cannot be told from this log: {error.message}; let neighbours change places "
            "now and then (ranking.swap_probability), or learn without correction by "
            "`bowerbird train ranker --naive`"
        ) from error


def _by_page(ranker: UntrainedRanker, examples: Examples) -> NDArray[np.float32]:
    """Scores of a ranker that looks at all candidates of a page together."""
    starts = np.flatnonzero(np.diff(examples.pages, prepend=-1))[1:]
    return np.concatenate([ranker.order(page) for page in np.split(examples.features, starts)])


def _groups(shoppers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pages of one shopper hang together; one served to nobody in particular stands alone."""
    nobody = shoppers < 0
    groups = shoppers.copy()
    groups[nobody] = shoppers.max(initial=0) + 1 + np.arange(int(nobody.sum()))
    return groups


def _curve(values: Sequence[float]) -> list[dict[str, float]]:
    return [{"epoch": number, "ndcg@10": value} for number, value in enumerate(values, 1)]


def _importance(trees: lgb.Booster) -> dict[str, float]:
    """The share of the gain that each feature's splits brought, the greatest first."""
    gains = np.asarray(trees.feature_importance("gain"), np.float64)
    shares = gains / max(float(gains.sum()), 1e-9)
    return {
        FEATURES[place]: round(float(shares[place]), 4) for place in np.argsort(-shares) if shares[place] > 0
    }


def _card(
    learned: Learned,
    pages: Sequence[RankedPage],
    training: RankerTraining,
    figures: Sequence[Figure],
    trained_at: datetime,
) -> str:
    corrected = (
        "Clicks are taken as they are: positions that are looked at more count more."
        if learned.examination is None
        else f"Clicks weigh the inverse of how likely their position is looked at, at most {training.clip:g}."
    )
    return render_card(
        "Order of search",
        purpose="Features of the first matches of a query go in: how each branch found them, what they are, "
        "how well they suit the shopper. A score comes out that orders them.",
        data=log_fingerprint(pages),
        split=f"by time: {learned.learned_from.clicked_pages:,} pages with clicks to learn from, "
        f"{learned.test.clicked_pages:,} later ones for testing, those between to stop by",
        encoders={},
        training=training.as_json(),
        figures=figures,
        limits=[
            corrected,
            "It learns from what was shown: what no ranker ever showed it cannot judge.",
            f"It reads version {FEATURES_VERSION} of the features, and is not served with another.",
            "A figure above holds for the pages of the log, each put in a new order, with what was on them.",
        ],
        uses=[
            "Ordering the first matches of a search for the shopper who asks.",
            "Not for choosing what matches, and not for judging listings or sellers.",
        ],
        trained_at=trained_at,
    )
