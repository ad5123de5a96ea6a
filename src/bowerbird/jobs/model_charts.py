"""The plots that `evaluation.model_metrics` names, drawn alike in a report and on the owner's page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from bowerbird.encoding.learned_model import LearnedKind
from bowerbird.evaluation.model_metrics import lower_is_better
from bowerbird.evaluation.report import Figure
from bowerbird.jobs.charts import Span, Tick, spans
from bowerbird.jobs.curve_charts import Curve, Range, curves, matrix, nice_range

TITLES = {
    LearnedKind.CATEGORY: "Category suggestion",
    LearnedKind.PRICE: "Price suggestion",
    LearnedKind.LISTING: "Listing encoder",
    LearnedKind.PHOTO_CLASSIFIER: "Photo classifier",
    LearnedKind.TEXT_CLASSIFIER: "Text classifier",
}
UNIT = Range(0.0, 1.0)
_SHARES = UNIT.ticks((0.0, 0.25, 0.5, 0.75, 1.0), "{:.0%}")
_MOST_LABELS = 20  # a larger confusion matrix is not drawn: nobody could read it


@dataclass(frozen=True, slots=True)
class Plot:
    """A chart with its heading and what to see in it."""

    title: str
    note: str
    chart: Markup


def plots_of(plots: Mapping[str, Any]) -> list[Plot]:
    """What can be drawn of the plots of metrics.json, in a fixed order."""
    drawn = [
        _reliability(plots.get("reliability", ())),
        _coverage(plots.get("coverage", ())),
        _recall(plots.get("recall_at_k", {})),
        _confusion(plots.get("confusion", {})),
        *_learning(plots.get("learning_curve", ())),
    ]
    return [plot for plot in drawn if plot is not None]


def intervals(figures: Sequence[Figure], title: str) -> Markup:
    """Figures between 0 and 1 with their intervals, the dot at the value; a baseline is named in the note."""
    rows = []
    for figure in figures:
        if figure.low >= 0 and figure.high <= 1:
            beside = (
                "" if figure.baseline_value is None else f" ({figure.baseline} {figure.baseline_value:.3f})"
            )
            positions = (figure.low, figure.low, figure.value, figure.high, figure.high)
            rows.append(Span(f"{figure.name}, {figure.system}", positions, f"{figure.value:.3f}{beside}"))
    return spans(rows, _SHARES, title)


def _reliability(bins: Sequence[Mapping[str, float]]) -> Plot | None:
    used = [one for one in bins if one["count"]]
    if not used:
        return None
    total = sum(one["count"] for one in used)
    line = Curve(
        "seen",
        tuple((one["confidence"], one["accuracy"]) for one in used),
        tuple(
            f"{one['accuracy']:.0%} right where {one['confidence']:.0%} was said, {one['count']:,.0f} times"
            for one in used
        ),
    )
    return Plot(
        "Reliability",
        f"How often it was right, by how sure it said to be, over {total:,.0f} answers; the broken line is "
        "where the two agree.",
        curves([line], (UNIT, _SHARES), (UNIT, _SHARES), "Reliability diagram", diagonal=True),
    )


def _coverage(rows: Sequence[Mapping[str, float]]) -> Plot | None:
    if not rows:
        return None
    line = Curve(
        "covered",
        tuple((row["expected"], row["covered"]) for row in rows),
        tuple(f"{row['covered']:.1%} covered by the {row['expected']:.0%} range" for row in rows),
    )
    return Plot(
        "Coverage",
        "How many asking prices lie in the range that was to hold this share; on the broken line is as said.",
        curves([line], (UNIT, _SHARES), (UNIT, _SHARES), "Coverage of price ranges", diagonal=True),
    )


def _recall(series: Mapping[str, Mapping[str, float]]) -> Plot | None:
    lines = [
        Curve(name, tuple(sorted((float(k), float(recall)) for k, recall in curve.items())))
        for name, curve in series.items()
        if curve
    ]
    if not lines:
        return None
    depths = sorted({k for line in lines for k, _ in line.points})
    across = Range(depths[0], max(depths[-1], depths[0] + 1), logarithmic=True)
    marks = [k for k in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if across.low <= k <= across.high]
    return Plot(
        "Recall",
        "How often the one sought is among the first k.",
        curves(lines, (across, across.ticks(marks)), (UNIT, _SHARES), "Recall at k"),
    )


def _confusion(confusion: Mapping[str, Any]) -> Plot | None:
    labels = confusion.get("labels", ())
    if not 0 < len(labels) <= _MOST_LABELS:
        return None
    return Plot(
        "Confusion",
        "A row a true category, its cells what it was taken for in per cent; columns are numbered like rows.",
        matrix(labels, confusion["counts"], "Confusion matrix"),
    )


def _learning(epochs: Sequence[Mapping[str, float]]) -> list[Plot | None]:
    """Errors and shares live on scales of their own."""
    names = [name for name in (epochs[0] if epochs else {}) if name != "epoch"]
    drawn = [name for name in names if all(isinstance(epoch.get(name), int | float) for epoch in epochs)]
    rates = [name for name in drawn if "rate" in name]
    errors = [name for name in drawn if name not in rates and lower_is_better(name)]
    shares = [name for name in drawn if name not in rates and name not in errors]
    return [
        _learned(epochs, chosen, title)
        for chosen, title in ((shares, "Learning curve"), (errors, "Learning curve, errors"))
        if chosen and len(epochs) > 1
    ]


def _learned(epochs: Sequence[Mapping[str, float]], names: Sequence[str], title: str) -> Plot:
    lines = [Curve(name, tuple((epoch["epoch"], epoch[name]) for epoch in epochs)) for name in names]
    up, marks = nice_range([value for line in lines for _, value in line.points])
    across = Range(epochs[0]["epoch"], epochs[-1]["epoch"])
    first_last = [Tick(0.0, f"epoch {epochs[0]['epoch']}"), Tick(1.0, f"{epochs[-1]['epoch']}")]
    return Plot(title, "", curves(lines, (across, first_last), (up, up.ticks(marks)), title))
