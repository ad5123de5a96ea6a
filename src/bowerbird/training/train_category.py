"""One run of the category model: learn, measure on the test part, publish, put in use.

The kernel machines of words and photos are closed forms, so there are no epochs; a run that is killed starts
again and gives the same model.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

from bowerbird.assembly import open_stores
from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.errors import TrainingError
from bowerbird.evaluation.classification import correct, top_k
from bowerbird.evaluation.model_card import render_card
from bowerbird.evaluation.model_metrics import model_metrics
from bowerbird.evaluation.predictions import write_predictions
from bowerbird.evaluation.report import Figure
from bowerbird.progress import Progress
from bowerbird.settings import Settings
from bowerbird.storage.model_registry import activate_model, publish_model, staged_model
from bowerbird.suggesting.category_model import CategoryModel, Evidence, read_tables, write_tables
from bowerbird.training.category_figures import (
    TOP,
    Answers,
    answers_on,
    category_figures,
    category_plots,
    codes_of,
    placeless_figures,
)
from bowerbird.training.category_kernels import CategoryTargets
from bowerbird.training.category_learning import learn_categories
from bowerbird.training.category_training import CategoryTraining
from bowerbird.training.kernel_ridge import MOST_REMEMBERED
from bowerbird.training.training_data import Part, TrainingData

PROBABILITIES_FILE = "test_probabilities.parquet"


def train_category(
    settings: Settings,
    data: TrainingData,
    training: CategoryTraining,
    progress: Progress,
    *,
    trained_at: datetime,
) -> LearnedModel:
    """The category model of a home, published and in use.

    Raises:
        TrainingError: fewer than two categories are known, or no test listing has one.
    """
    rows = data.rows(Part.TEST)
    rows = rows[np.array([data.roots[row] != "" for row in rows.tolist()], np.bool_)]
    if not len(rows):
        raise TrainingError("no test listing has a category to be measured on; import more listings")
    began = time.monotonic()
    stores = open_stores(settings)
    try:
        model, targets = learn_categories(data, training, progress, encode=stores.vectors.text_encoder.encode)
    finally:
        stores.close()
    seconds = time.monotonic() - began
    progress.step("measuring on the test listings", None)
    with staged_model(settings.models, LearnedKind.CATEGORY) as staged:
        config = write_tables(model, staged)
        served = read_tables(staged, config)
        began = time.perf_counter()
        answers = answers_on(served, data, rows)
        milliseconds = 1000 * (time.perf_counter() - began) / len(rows)
        figures = category_figures(served, data, answers, _commonest(targets))
        unplaced = answers_on(served, data, rows, placed=False)
        figures += placeless_figures(served, data, unplaced, _commonest(targets))
        _write_answers(staged, served, data, answers)
        published = publish_model(
            staged,
            LearnedKind.CATEGORY,
            config=config | {"training": training.as_json()},
            encoders=data.encoders,
            data=data.fingerprint,
            metrics=model_metrics(
                figures,
                category_plots(served, data, answers),
                seconds=round(seconds, 1),
                milliseconds_a_listing=round(milliseconds, 2),
            ),
            card=_card(data, targets, training, figures, trained_at),
            trained_at=trained_at,
        )
    return activate_model(settings.models, LearnedKind.CATEGORY, published.fingerprint)


def _commonest(targets: CategoryTargets) -> tuple[int, int]:
    return int(np.bincount(targets.root_codes).argmax()), int(np.bincount(targets.leaf_codes).argmax())


def _write_answers(
    folder: Path, model: CategoryModel, data: TrainingData, answers: Mapping[Evidence, Answers]
) -> None:
    """Right and wrong listing by listing, and the root probabilities by all that there was."""
    own = answers[Evidence.BOTH]
    listings = [data.listings[row] for row in own.rows.tolist()]
    truth = codes_of([listing.root or "" for listing in listings], model.roots)
    leaves = codes_of([data.leaves[row] for row in own.rows.tolist()], model.leaves)
    measures = {
        "correct": correct(own.root, truth),
        f"top{TOP}": top_k(own.root, truth, TOP),
        "leaf_correct": correct(own.leaf, leaves),
        f"leaf_top{TOP}": top_k(own.leaf, leaves, TOP),
        "unsure": ~own.sure,
    }
    for kind in (Evidence.WORDS, Evidence.PHOTOS):
        if kind in answers:
            of_kind = np.full(len(own.rows), np.nan)
            places = np.searchsorted(own.rows, answers[kind].rows)
            of_kind[places] = correct(answers[kind].root, truth[places])
            measures[f"{kind}_correct"] = of_kind
    ids = [listing.listing_id for listing in listings]
    labels = {
        "truth": [listing.root or "" for listing in listings],
        "predicted": [model.roots[place] for place in own.root.argmax(axis=1).tolist()],
    }
    write_predictions(folder, ids, measures, groups=data.groups[own.rows], labels=labels)
    columns = {root: own.root[:, place].astype(np.float32) for place, root in enumerate(model.roots)}
    pl.DataFrame({"listing_id": ids, **columns}).write_parquet(folder / PROBABILITIES_FILE)


def _card(
    data: TrainingData,
    targets: CategoryTargets,
    training: CategoryTraining,
    figures: Sequence[Figure],
    trained_at: datetime,
) -> str:
    rare = int((np.bincount(targets.leaf_codes) < 5).sum())
    return render_card(
        "Category of a listing",
        purpose="Title, description, place and photos go in, each optional; out come calibrated "
        f"probabilities of {len(targets.roots)} root categories and {len(targets.leaves)} leaves, and "
        "whether the first is a guess.",
        data=data.fingerprint,
        split=f"{len(targets.rows):,} listings to learn from, {len(data.rows(Part.TEST)):,} for testing; "
        f"listings that share a photo or a text on one side, seed {data.seed}",
        encoders=data.encoders,
        training=training.as_json(),
        figures=figures,
        limits=[
            f"{rare} leaves have fewer than 5 listings to learn from; one that had none is never said.",
            f"It learns from at most {MOST_REMEMBERED:,} listings.",
            "Truth is the category that the seller chose, and sellers choose differently for like things.",
            f"'Sure' aims at {training.precision:.0%} right, fitted on cross-fitted answers of this market.",
        ],
        uses=[
            "Suggesting a category that the seller can change.",
            "Not for moderation: it was not taught what may not be sold.",
        ],
        trained_at=trained_at,
    )
