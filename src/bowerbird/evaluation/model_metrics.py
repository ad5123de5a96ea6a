"""What a learned model says of itself: `metrics.json`, one form for every kind.

`{"figures": [Figure.as_json(), ...], "plots": {...}}`, further keys being the kind's own. A trainer builds it
with `model_metrics`, and publishing checks it. Plots, each optional, are what the report draws:

- `reliability`: `[{"confidence", "accuracy", "count"}, ...]`, a bin each, confidences rising;
- `confusion`: `{"labels": [...], "counts": [[...], ...]}`, a row a true label, a column a prediction;
- `learning_curve`: `[{"epoch": 1, "<figure>": 0.5, ...}, ...]`, epochs rising;
- `coverage`: `[{"expected", "covered", "count"}, ...]`, a nominal share and the share seen, 0 to 1;
- `recall_at_k`: `{"<search and system>": {"<k>": recall, ...}, ...}`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from bowerbird.errors import MismatchError
from bowerbird.evaluation.report import Figure

Plots = Mapping[str, Any]

_ROWS = {
    "reliability": ("confidence", "accuracy", "count"),
    "coverage": ("expected", "covered", "count"),
    "learning_curve": ("epoch",),
}
_ERROR_WORDS = ("error", "loss", "rmsle", "width")
_NEITHER_WORDS = ("unsure",)
_REQUIRED = ("name", "system", "value", "low", "high", "queries")


def model_metrics(figures: Sequence[Figure], plots: Plots | None = None, **others: object) -> dict[str, Any]:
    """The content of metrics.json.

    Raises:
        MismatchError: a plot is not of the form above.
    """
    metrics = {**others, "figures": [figure.as_json() for figure in figures], "plots": dict(plots or {})}
    check_metrics(metrics)
    return metrics


def read_figures(metrics: Mapping[str, Any]) -> tuple[Figure, ...]:
    """The figures in metrics.json, in the order in which they were written.

    Raises:
        MismatchError: it holds none in the form above.
    """
    known = {field.name for field in fields(Figure)}
    figures = _require(metrics, "figures", list)
    for number, figure in enumerate(figures):
        missing = [name for name in _REQUIRED if not isinstance(figure, dict) or name not in figure]
        if missing:
            raise MismatchError(
                f"figure {number} of metrics.json has no {', '.join(missing)}: {figure!r}; write it by "
                "Figure.as_json()"
            )
    return tuple(
        Figure(**{name: value for name, value in figure.items() if name in known}) for figure in figures
    )


def check_metrics(metrics: Mapping[str, Any]) -> None:
    """Nothing, where `metrics` has the form above.

    Raises:
        MismatchError: it has not; the message says where.
    """
    read_figures(metrics)
    plots = _require(metrics, "plots", dict)
    for name, columns in _ROWS.items():
        for row in plots.get(name, ()):
            if not isinstance(row, dict) or any(column not in row for column in columns):
                raise MismatchError(
                    f"the plot {name!r} of metrics.json needs {', '.join(columns)} a row, but has {row!r}"
                )
    if "confusion" in plots:
        _check_confusion(plots["confusion"])
    for series, curve in _require(plots, "recall_at_k", dict, {}).items():
        if not isinstance(curve, dict) or not all(str(k).isdigit() for k in curve):
            raise MismatchError(
                f"'recall_at_k' of metrics.json needs {{k: recall}} for {series!r}, but has {curve!r}"
            )


def lower_is_better(name: str) -> bool:
    """Whether a figure of that name counts errors: 'calibration error', 'RMSLE', 'range_width'."""
    return any(word in name.lower() for word in _ERROR_WORDS)


def says_better(name: str) -> bool:
    """Whether more or less of a figure of that name is better at all: of 'unsure' neither is."""
    return not any(word in name.lower() for word in _NEITHER_WORDS)


def _check_confusion(confusion: Any) -> None:  # noqa: ANN401 - anything may stand in a file
    labels = _require(confusion, "labels", list)
    counts = _require(confusion, "counts", list)
    if len(counts) != len(labels) or any(len(row) != len(labels) for row in counts):
        raise MismatchError(
            f"the confusion matrix of metrics.json has {len(labels)} labels and {len(counts)} rows; it needs "
            "as many rows and columns as labels"
        )


def _require(values: Any, name: str, kind: type, default: Any = None) -> Any:  # noqa: ANN401 - likewise
    found = values.get(name, default) if isinstance(values, Mapping) else None
    if not isinstance(found, kind):
        raise MismatchError(
            f"metrics.json needs a {kind.__name__} called {name!r}, but it holds {found!r}; build it by "
            "model_metrics"
        )
    return found
