"""A trained text classifier becomes an artefact: figures, predictions and card beside its files."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.evaluation.classification import confusion, correct, reliability, top_k
from bowerbird.evaluation.model_card import render_card
from bowerbird.evaluation.model_metrics import model_metrics
from bowerbird.evaluation.predictions import write_predictions
from bowerbird.evaluation.report import Figure
from bowerbird.settings import Settings
from bowerbird.storage.model_registry import activate_model, publish_model
from bowerbird.training.category_figures import codes_of
from bowerbird.training.photo_figures import TOP, figures_on_test
from bowerbird.training.text_run import TextEpoch
from bowerbird.training.text_training import TextTraining
from bowerbird.training.training_data import Part, TrainingData


@dataclass(frozen=True, slots=True, eq=False)
class TextResult:
    """What a run said of the n test listings."""

    roots: tuple[str, ...]
    rows: NDArray[np.int64]  # (n,)
    chances: NDArray[np.float64]  # (n, R)
    seconds: float  # of training
    history: Sequence[TextEpoch]
    encoders: Mapping[str, str]


def publish_text_classifier(
    settings: Settings,
    staged: Path,
    data: TrainingData,
    training: TextTraining,
    result: TextResult,
    config: Mapping[str, Any],
    trained_at: datetime,
) -> LearnedModel:
    """The model in `staged`, published with its figures and put in use."""
    labels = codes_of([data.roots[row] for row in result.rows.tolist()], result.roots)
    train = codes_of([data.roots[row] for row in data.rows(Part.TRAIN).tolist()], result.roots)
    majority = int(np.bincount(train, minlength=len(result.roots))[: len(result.roots)].argmax())
    figures = figures_on_test(
        {f"words by {training.architecture}": result.chances.astype(np.float32)},
        labels,
        groups=data.groups[result.rows],
        majority=majority,
        seed=training.seed,
    )
    _write_predicted(staged, data, result, labels)
    model = publish_model(
        staged,
        LearnedKind.TEXT_CLASSIFIER,
        config={**config, "architecture": str(training.architecture), "training": training.as_json()},
        encoders=result.encoders,
        data=data.fingerprint,
        metrics=model_metrics(figures, _plots(result, labels), seconds=round(result.seconds, 1)),
        card=_card(data, training, result, figures, trained_at),
        trained_at=trained_at,
    )
    return activate_model(settings.models, LearnedKind.TEXT_CLASSIFIER, model.fingerprint)


def _plots(result: TextResult, labels: NDArray[np.int64]) -> dict[str, Any]:
    known = labels < len(result.roots)
    said = result.chances.argmax(axis=1)
    plots: dict[str, Any] = {
        "confusion": confusion(said[known], labels[known], result.roots),
        "reliability": reliability(result.chances.max(axis=1), correct(result.chances, labels)),
    }
    if result.history:
        plots["learning_curve"] = [asdict(one) for one in result.history]
    return plots


def _write_predicted(folder: Path, data: TrainingData, result: TextResult, labels: NDArray[np.int64]) -> None:
    rows = result.rows.tolist()
    write_predictions(
        folder,
        [data.listings[row].listing_id for row in rows],
        {"correct": correct(result.chances, labels), f"top{TOP}": top_k(result.chances, labels, TOP)},
        groups=data.groups[result.rows],
        labels={
            "truth": [data.roots[row] for row in rows],
            "predicted": [result.roots[place] for place in result.chances.argmax(axis=1).tolist()],
        },
    )


def _card(
    data: TrainingData,
    training: TextTraining,
    result: TextResult,
    figures: Sequence[Figure],
    trained_at: datetime,
) -> str:
    return render_card(
        "Category of a listing's words",
        purpose=f"Words go in, probabilities of {len(result.roots)} root categories come out.",
        data=data.fingerprint,
        split=f"{len(data.rows(Part.TRAIN)):,} training, {len(data.rows(Part.VALIDATION)):,} validation, "
        f"{len(result.rows):,} test listings; those that share a photo or a text on one side, "
        f"seed {data.seed}",
        encoders=result.encoders,
        training=training.as_json(),
        figures=figures,
        limits=[
            "Truth is the category that the seller chose, and sellers choose differently for like things."
        ],
        uses=[
            "Comparing ways to read words; suggestions come from the category model, which has photos too."
        ],
        trained_at=trained_at,
    )
