"""Listings become a category model: cross-fit, calibrate on that, fit on everything that is known."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bowerbird.progress import Progress
from bowerbird.suggesting.category_model import CategoryModel, Evidence, Pooling
from bowerbird.suggesting.kernel_machine import Scores
from bowerbird.training.category_kernels import (
    CategoryTargets,
    EncodeTexts,
    category_targets,
    kinds_of_evidence,
    look_examples,
    word_examples,
)
from bowerbird.training.category_pooling import cross_pooled_roots, fit_pooling
from bowerbird.training.category_training import CategoryTraining
from bowerbird.training.training_data import TrainingData


def learn_categories(
    data: TrainingData,
    training: CategoryTraining,
    progress: Progress,
    *,
    encode: EncodeTexts | None = None,
) -> tuple[CategoryModel, CategoryTargets]:
    """The model fitted on the training and validation listings, and what it learned from.

    Args:
        data: of the home.
        training: the settings.
        progress: is told the steps.
        encode: the text encoder, to learn from the names of the categories too.

    Raises:
        TrainingError: fewer than two categories are known.
    """
    targets = category_targets(data, training)
    scores: dict[Evidence, Scores] = {}
    progress.step("learning from words", None)
    words = looks = None
    if spoken := word_examples(data, targets, training, encode):
        scores[Evidence.WORDS] = spoken[1].cross_fitted(len(targets.rows))
        words = (spoken[0], spoken[1].learn())
    progress.step("learning from photos", None)
    if pictured := look_examples(data, targets, training):
        scores[Evidence.PHOTOS] = pictured[1].cross_fitted(len(targets.rows))
        looks = (pictured[0], pictured[1].learn())
    progress.step("calibrating", None)
    pooling = _poolings(scores, targets, training)
    return CategoryModel(targets.roots, targets.leaves, pooling, words, looks), targets


def cross_fitted_probabilities(
    data: TrainingData,
    training: CategoryTraining,
    progress: Progress,
    *,
    encode: EncodeTexts | None = None,
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """(n, R) calibrated root probabilities by all that there is, each by a fit without it; the roots.

    Rows of test listings, and of those without a category, are NaN: another model can learn from the rest as
    soft targets without having seen an answer. The arguments are those of `learn_categories`.

    Raises:
        TrainingError: fewer than two categories are known.
    """
    targets = category_targets(data, training)
    scores: dict[Evidence, Scores] = {}
    progress.step("learning from words", None)
    if spoken := word_examples(data, targets, training, encode):
        scores[Evidence.WORDS] = spoken[1].cross_fitted(len(targets.rows))
    progress.step("learning from photos", None)
    if pictured := look_examples(data, targets, training):
        scores[Evidence.PHOTOS] = pictured[1].cross_fitted(len(targets.rows))
    chances = np.full((len(data.listings), len(targets.roots)), np.nan, np.float32)
    # BOTH comes last and replaces what words or photos alone said.
    for rows, own in kinds_of_evidence(scores).values():
        chances[targets.rows[rows]] = cross_pooled_roots(
            own, targets.root_codes[rows], len(targets.roots), targets.folds[rows]
        )
    return chances, targets.roots


def _poolings(
    scores: Mapping[Evidence, Scores], targets: CategoryTargets, training: CategoryTraining
) -> dict[Evidence, Pooling]:
    return {
        evidence: fit_pooling(
            own,
            targets.root_codes[rows],
            targets.leaf_codes[rows],
            targets.leaf_roots,
            folds=targets.folds[rows],
            precision=training.precision,
        )
        for evidence, (rows, own) in kinds_of_evidence(scores).items()
    }
