"""Named figures beside their baselines, as a plain table and as JSON.

A figure alone says little: every one carries its interval and, where there is a baseline, the baseline's
figure and the p-value of the difference.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bowerbird.evaluation.significance import bootstrap_interval, randomisation_test

_HEADER = ("figure", "system", "value", "95% interval", "baseline", "its value", "difference", "p")


@dataclass(frozen=True, slots=True)
class Figure:
    """One system's mean figure; `low` and `high` bound its 95% bootstrap interval."""

    name: str
    system: str
    value: float
    low: float
    high: float
    queries: int
    baseline: str | None = None
    baseline_value: float | None = None
    p_value: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Its fields by name."""
        return asdict(self)


def measure(
    name: str,
    system: str,
    values: ArrayLike,
    *,
    seed: int,
    groups: Sequence[int] | NDArray[np.integer] | None = None,
    baseline: tuple[str, ArrayLike] | None = None,
) -> Figure:
    """The mean of one figure a query, with its interval, beside `baseline` (its name and its figures).

    Raises:
        InputError: there are no values, or `groups` or the baseline's figures are of another length.
    """
    figures = np.asarray(values, np.float64)
    low, high = bootstrap_interval(figures, seed=seed, groups=groups)
    figure = Figure(name, system, float(figures.mean()), low, high, len(figures))
    if baseline is None:
        return figure
    theirs = np.asarray(baseline[1], np.float64)
    p_value = randomisation_test(figures, theirs, seed=seed, groups=groups)
    return replace(figure, baseline=baseline[0], baseline_value=float(theirs.mean()), p_value=p_value)


def table(figures: Sequence[Figure]) -> str:
    """An aligned plain-text table, one line a figure."""
    rows = [_HEADER, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def _cells(figure: Figure) -> tuple[str, ...]:
    own = (figure.name, figure.system, f"{figure.value:.4f}", f"{figure.low:.4f} to {figure.high:.4f}")
    if figure.baseline is None or figure.baseline_value is None:
        return (*own, "", "", "", "")
    difference = figure.value - figure.baseline_value
    p_value = "" if figure.p_value is None else f"{figure.p_value:.4f}"
    return (*own, figure.baseline, f"{figure.baseline_value:.4f}", f"{difference:+.4f}", p_value)
