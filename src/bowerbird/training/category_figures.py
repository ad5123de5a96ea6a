"""The figures of a category model on the test listings, for words, photos and both, beside their baselines.

What is measured is what is served: the tables as they were written, scored as the suggester scores a draft.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.evaluation.classification import (
    calibration_error,
    confusion,
    correct,
    drawn_figure,
    macro_f1,
    reliability,
    top_k,
)
from bowerbird.evaluation.report import Figure, measure
from bowerbird.suggesting.category_model import CategoryModel, Evidence, Probabilities
from bowerbird.suggesting.kernel_machine import Scores
from bowerbird.suggesting.word_features import NO_PLACE, listing_terms, place_key
from bowerbird.training.category_kernels import photos_by_listing
from bowerbird.training.training_data import TrainingData

TOP = 3
MAJORITY, LATE_FUSION = "majority category", "naive late fusion"
SYSTEMS = {Evidence.WORDS: "words", Evidence.PHOTOS: "photos", Evidence.BOTH: "words and photos"}
Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What one system said of n test listings."""

    rows: NDArray[np.int64]  # (n,) in the training data
    root: Probabilities  # (n, R)
    leaf: Probabilities  # (n, L)
    sure: NDArray[np.bool_]  # (n,) not called unsure


def answers_on(
    model: CategoryModel, data: TrainingData, rows: NDArray[np.int64], *, placed: bool = True
) -> dict[Evidence, Answers]:
    """By WORDS and by PHOTOS for the listings that have them, and by all that there is under BOTH.

    Args:
        model: is asked.
        data: of the home.
        rows: listings to ask about.
        placed: whether the model is told where they are.
    """
    photos = photos_by_listing(data)
    by_row: dict[int, dict[Evidence, Scores]] = {}
    for row in rows.tolist():
        listing = data.listings[row]
        spoken = listing_terms(listing) if listing.text.strip() else None
        place = place_key(listing.place) if placed else NO_PLACE
        by_row[row] = model.scores(spoken, data.texts[row], data.features[photos[row]], place)
    found = {}
    for kind in (Evidence.WORDS, Evidence.PHOTOS):
        known: dict[int, Mapping[Evidence, Scores]] = {
            row: {kind: scores[kind]} for row, scores in by_row.items() if kind in scores
        }
        if known:
            found[kind] = _answers(model, known)
    told = {row: scores for row, scores in by_row.items() if scores}
    if told:
        found[Evidence.BOTH] = _answers(model, told)
    return found


def late_fusion(answers: Mapping[Evidence, Answers]) -> Probabilities | None:
    """(n, R) for the rows of BOTH: the plain mean of both probabilities, or the one there is."""
    both = answers.get(Evidence.BOTH)
    if both is None:
        return None
    total = np.zeros_like(both.root)
    for kind in (Evidence.WORDS, Evidence.PHOTOS):
        if kind in answers:
            total[np.searchsorted(both.rows, answers[kind].rows)] += answers[kind].root
    return np.asarray(total / total.sum(axis=1, keepdims=True))


def category_figures(
    model: CategoryModel, data: TrainingData, answers: Mapping[Evidence, Answers], majority: tuple[int, int]
) -> list[Figure]:
    """Figures at root and leaf of every system; `majority` is the commonest root and leaf in training."""
    fused = late_fusion(answers)
    figures = []
    # What is suggested by all that there is comes first: it is the headline.
    for kind, own in sorted(answers.items(), key=lambda answer: answer[0] is not Evidence.BOTH):
        system, groups = SYSTEMS[kind], data.groups[own.rows]
        for level, chances, names, common in (
            ("root", own.root, data.roots, majority[0]),
            ("leaf", own.leaf, data.leaves, majority[1]),
        ):
            known = model.roots if level == "root" else model.leaves
            labels = codes_of([names[row] for row in own.rows.tolist()], known)
            figures += _figures(level, system, chances, labels, groups, common, data.seed)
            if level == "root":
                figures += _sureness(system, own, labels, groups, data.seed)
            if level == "root" and kind is Evidence.BOTH and fused is not None:
                figures.append(
                    measure(
                        "root accuracy beside fusion",
                        system,
                        correct(chances, labels),
                        seed=data.seed,
                        groups=groups,
                        baseline=(LATE_FUSION, correct(fused, labels)),
                    )
                )
    return figures


def placeless_figures(
    model: CategoryModel, data: TrainingData, answers: Mapping[Evidence, Answers], majority: tuple[int, int]
) -> list[Figure]:
    """Root accuracy by words, and by words and photos, of `answers` that were given without the place."""
    figures = []
    for kind in (Evidence.BOTH, Evidence.WORDS):
        if kind in answers:
            own = answers[kind]
            labels = codes_of([data.roots[row] for row in own.rows.tolist()], model.roots)
            figures.append(
                measure(
                    "root accuracy without place",
                    SYSTEMS[kind],
                    correct(own.root, labels),
                    seed=data.seed,
                    groups=data.groups[own.rows],
                    baseline=(MAJORITY, labels == majority[0]),
                )
            )
    return figures


def category_plots(
    model: CategoryModel, data: TrainingData, answers: Mapping[Evidence, Answers]
) -> dict[str, Any]:
    """Reliability and confusion at the root, by all that there is."""
    own = answers[Evidence.BOTH]
    labels = codes_of([data.roots[row] for row in own.rows.tolist()], model.roots)
    known = labels < len(model.roots)
    said = own.root.argmax(axis=1)
    return {
        "reliability": reliability(own.root.max(axis=1), correct(own.root, labels)),
        "confusion": confusion(said[known], labels[known], model.roots),
    }


def codes_of(names: list[str], known: tuple[str, ...]) -> Codes:
    """(n,) place of each name in `known`; one past its end for a name that was never seen in training."""
    places = {name: place for place, name in enumerate(known)}
    return np.array([places.get(name, len(known)) for name in names], np.int64)


def _answers(model: CategoryModel, by_row: Mapping[int, Mapping[Evidence, Scores]]) -> Answers:
    said = [model.probabilities(scores) for scores in by_row.values()]
    root = np.stack([one for _, one, _ in said])
    least = np.array([model.pooling[evidence].sure for evidence, _, _ in said])
    return Answers(
        rows=np.fromiter(by_row, np.int64, len(by_row)),
        root=root,
        leaf=np.stack([one for _, _, one in said]),
        sure=root.max(axis=1) >= least,
    )


def _figures(
    level: str, system: str, chances: Probabilities, labels: Codes, groups: Codes, common: int, seed: int
) -> list[Figure]:
    said, right, confidence = chances.argmax(axis=1), correct(chances, labels), chances.max(axis=1)
    everything = np.full(len(labels), common)
    return [
        measure(
            f"{level} accuracy",
            system,
            right,
            seed=seed,
            groups=groups,
            baseline=(MAJORITY, labels == common),
        ),
        measure(f"{level} top-{TOP}", system, top_k(chances, labels, TOP), seed=seed, groups=groups),
        drawn_figure(
            f"{level} macro-F1",
            system,
            lambda rows: macro_f1(said[rows], labels[rows]),
            len(labels),
            seed=seed,
            groups=groups,
            baseline=(MAJORITY, macro_f1(everything, labels)),
        ),
        drawn_figure(
            f"{level} calibration error",
            system,
            lambda rows: calibration_error(confidence[rows], right[rows]),
            len(labels),
            seed=seed,
            groups=groups,
        ),
    ]


def _sureness(system: str, own: Answers, labels: Codes, groups: Codes, seed: int) -> list[Figure]:
    figures = [measure("unsure share", system, ~own.sure, seed=seed, groups=groups)]
    if own.sure.any():
        right = correct(own.root[own.sure], labels[own.sure])
        figures.append(measure("root accuracy where sure", system, right, seed=seed, groups=groups[own.sure]))
    return figures
