"""The figures of a photo classifier's test part, beside the majority class and other systems."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.evaluation.classification import (
    calibration_error,
    confusion,
    correct,
    drawn_figure,
    macro_f1,
    top_k,
)
from bowerbird.evaluation.report import Figure, measure

Probabilities = NDArray[np.float32]  # (n, C)
Labels = NDArray[np.int64]  # (n,)
Rows = NDArray[np.int64]
Sureness = NDArray[Any]
TOP = 3
MAJORITY = "majority class"


def figures_on_test(
    systems: Mapping[str, Probabilities],
    labels: Labels,
    *,
    groups: NDArray[np.int64],
    majority: int,
    seed: int,
) -> list[Figure]:
    """Accuracy, macro-F1, top-3 and calibration error of each of `systems`; accuracy beside `majority`'s."""
    everything = np.full(len(labels), majority)
    figures = []
    for system, chances in systems.items():
        said, sure, right = chances.argmax(axis=1), chances.max(axis=1), correct(chances, labels)

        def f1_of(rows: Rows, said: Labels = said) -> float:
            return macro_f1(said[rows], labels[rows])

        def calibration_of(rows: Rows, sure: Sureness = sure, right: Sureness = right) -> float:
            return calibration_error(sure[rows], right[rows])

        by_group: dict[str, Any] = {"seed": seed, "groups": groups}
        figures += [
            measure("accuracy", system, right, **by_group, baseline=(MAJORITY, everything == labels)),
            drawn_figure(
                "macro-F1",
                system,
                f1_of,
                len(labels),
                **by_group,
                baseline=(MAJORITY, macro_f1(everything, labels)),
            ),
            measure(f"top-{TOP}", system, top_k(chances, labels, TOP), **by_group),
            drawn_figure("calibration error", system, calibration_of, len(labels), **by_group),
        ]
    return figures


def per_class(chances: Probabilities, labels: Labels, classes: tuple[str, ...]) -> list[dict[str, Any]]:
    """A row a class that occurs: its photos, recall, precision (None where it was never said) and F1."""
    counts = np.array(confusion(chances.argmax(axis=1), labels, classes)["counts"])
    right, truly, said = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    return [
        {
            "class": name,
            "photos": int(truly[at]),
            "recall": float(right[at] / truly[at]),
            "precision": float(right[at] / said[at]) if said[at] else None,
            "f1": float(2 * right[at] / (truly[at] + said[at])),
        }
        for at, name in enumerate(classes)
        if truly[at]
    ]
