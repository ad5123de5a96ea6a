"""The category model in use, asked about the test listings as sellers would ask: by words, photos, both.

Beside it stands what needs no training: the listings nearest by the frozen vectors vote with their likeness.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.learned_model import LearnedModel
from bowerbird.errors import InputError
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
from bowerbird.jobs.held_out import HeldOut, features_of
from bowerbird.suggesting.category import CategorySuggester
from bowerbird.training.training_data import TrainingData

BASELINE = "nearest listings"
NEIGHBOURS = 10
TOP = 3
SEED = 0
EVERYTHING = "words and photos"
Statistic = Callable[[NDArray[np.float64], NDArray[np.int64]], float]  # of probabilities and labels


@dataclass(frozen=True, slots=True)
class _System:
    """How much of a listing is shown."""

    name: str
    words: bool
    photos: bool


SYSTEMS = (
    _System(EVERYTHING, words=True, photos=True),
    _System("words", words=True, photos=False),
    _System("photos", words=False, photos=True),
)


@dataclass(frozen=True, slots=True, eq=False)
class _Answers:
    """What was said of n listings."""

    root: NDArray[np.float64]  # (n, R)
    leaf_right: NDArray[np.bool_]  # (n,) whether the first leaf is right
    leaf_found: NDArray[np.bool_]  # (n,) whether the leaf is among the first three
    sure: NDArray[np.bool_]  # (n,)


def category_as_served(model: LearnedModel, held: HeldOut) -> tuple[list[Figure], dict[str, Any]]:
    """Figures and plots of the model in use.

    Raises:
        MismatchError: the model is damaged, or reads vectors of other encoders.
        InputError: no test listing has a category.
    """
    suggester, data = CategorySuggester(model, held.data.encoders), held.data
    roots = data.roots  # asked for once: it is drawn from all listings each time
    classes = sorted({*suggester.model.roots, *roots} - {""})
    codes = {root: code for code, root in enumerate(classes)}
    figures: list[Figure] = []
    plots: dict[str, Any] = {}
    for system in SYSTEMS:
        rows = _askable(held, system)
        if not len(rows):
            continue
        labels = np.array([codes[roots[row]] for row in rows.tolist()], np.int64)
        answers = _asked(suggester, held, rows, system, codes)
        figures += _figures(
            system.name, answers, _voted(held, rows, system, codes), labels, data.groups[rows]
        )
        if system.name == EVERYTHING:
            plots["reliability"] = reliability(answers.root.max(axis=1), correct(answers.root, labels))
            plots["confusion"] = confusion(answers.root.argmax(axis=1), labels, classes)
    if not figures:
        raise InputError("no test listing has a category, so suggestions cannot be measured")
    return figures, plots


def _askable(held: HeldOut, system: _System) -> NDArray[np.int64]:
    """Test listings whose category is known and that have something of what is shown."""
    roots, photographed = held.data.roots, set(held.data.photo_owners.tolist())
    return np.array(
        [
            row
            for row in held.tested.tolist()
            if roots[row]
            and (
                (system.words and held.data.listings[row].text.strip())
                or (system.photos and row in photographed)
            )
        ],
        np.int64,
    )


def _asked(
    suggester: CategorySuggester,
    held: HeldOut,
    rows: NDArray[np.int64],
    system: _System,
    codes: Mapping[str, int],
) -> _Answers:
    root = np.zeros((len(rows), len(codes)))
    leaf_right, leaf_found, sure = (np.zeros(len(rows), bool) for _ in range(3))
    leaves = held.data.leaves
    for place, row in enumerate(rows.tolist()):
        said = suggester.suggest(held.draft(row, words=system.words, photos=system.photos))
        for name, probability in said.root:
            root[place, codes[name]] = probability
        first = [name for name, _ in said.leaf[:TOP]]
        leaf_right[place], leaf_found[place] = leaves[row] == first[0], leaves[row] in first
        sure[place] = not said.unsure
    return _Answers(root, leaf_right, leaf_found, sure)


def _voted(
    held: HeldOut, rows: NDArray[np.int64], system: _System, codes: Mapping[str, int]
) -> NDArray[np.float64]:
    """(n, R) each root's share of the likeness of the nearest listings that may be learned from."""
    roots = held.data.roots
    known = np.array([row for row in held.known.tolist() if roots[row]], np.int64)
    shown = [
        *([held.data.texts] if system.words else []),
        *([_mean_photos(held.data)] if system.photos else []),
    ]
    vectors = np.hstack(shown)
    likeness = vectors[rows] @ vectors[known].T  # (n, k)
    nearest = np.argsort(-likeness, axis=1, kind="stable")[:, :NEIGHBOURS]
    votes = np.zeros((len(rows), len(codes)))
    for place, found in enumerate(nearest):
        for neighbour in found.tolist():
            votes[place, codes[roots[known[neighbour]]]] += max(float(likeness[place, neighbour]), 1e-9)
    return np.asarray(votes / votes.sum(axis=1, keepdims=True))


def _mean_photos(data: TrainingData) -> Vectors:
    """(n, f) the unit mean of each listing's photos, 0 without any; the root spreads raw features out."""
    means = np.zeros((len(data.listings), data.features.shape[1]), np.float32)
    for row in np.unique(data.photo_owners).tolist():
        mean = np.sqrt(np.maximum(features_of(data, row), 0)).mean(axis=0)
        means[row] = mean / max(float(np.linalg.norm(mean)), 1e-12)
    return means


def _figures(
    system: str,
    answers: _Answers,
    votes: NDArray[np.float64],
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
) -> list[Figure]:
    shared: dict[str, Any] = {"seed": SEED, "groups": groups}
    root, sure, every = answers.root, answers.sure, np.arange(len(labels))
    right = correct(root, labels)
    found, their_found = top_k(root, labels, TOP), top_k(votes, labels, TOP)
    drawn = [
        drawn_figure(
            name,
            system,
            partial(_at, statistic, root, labels),
            len(labels),
            **shared,
            baseline=(BASELINE, _at(statistic, votes, labels, every)),
        )
        for name, statistic in (("root macro-F1", _macro_f1), ("root calibration error", _calibration_error))
    ]
    where_sure = (
        [measure("root accuracy where sure", system, right[sure], seed=SEED, groups=groups[sure])]
        if sure.any()
        else []
    )
    return [
        measure("root accuracy", system, right, **shared, baseline=(BASELINE, correct(votes, labels))),
        measure(f"root top-{TOP}", system, found, **shared, baseline=(BASELINE, their_found)),
        *drawn,
        measure("leaf accuracy", system, answers.leaf_right, **shared),
        measure(f"leaf top-{TOP}", system, answers.leaf_found, **shared),
        measure("unsure share", system, ~sure, **shared),
        *where_sure,
    ]


def _at(
    statistic: Statistic, chances: NDArray[np.float64], labels: NDArray[np.int64], rows: NDArray[np.int64]
) -> float:
    return statistic(chances[rows], labels[rows])


def _macro_f1(chances: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    return macro_f1(chances.argmax(axis=1), labels)


def _calibration_error(chances: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    return calibration_error(chances.max(axis=1), correct(chances, labels))
