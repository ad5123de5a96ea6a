"""Curves and matrices as inline SVG, as `charts` draws: widths in per cent, colours left to the page.

The lines of a chart are told apart by their classes `series-0`, `series-1`, ... and named above it. A cell's
strength is an attribute, not a style, so pages that allow no inline styles can hold it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from bowerbird.jobs.charts import Tick, axis, svg

SERIES = 6  # classes; further lines begin again
_HEIGHT = 190
_LEGEND_ROW = 20
_MATRIX_ROW = 46
_CELL = 20  # pixels high
_SHOWN = 0.05  # shares below it stay unwritten in their cell


@dataclass(frozen=True, slots=True)
class Curve:
    """One line: its points in the units of the axes, x rising, and what to read at each."""

    label: str
    points: tuple[tuple[float, float], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Range:
    """An axis from `low` to `high`; logarithmic where values span decades."""

    low: float
    high: float
    logarithmic: bool = False

    def position(self, value: float) -> float:
        """Where `value` stands, between 0 and 1; what lies outside stands at the end."""
        low, high = self.low, self.high
        if self.logarithmic:
            low, high, value = math.log(low), math.log(high), math.log(max(value, self.low))
        return min(1.0, max(0.0, (value - low) / ((high - low) or 1)))

    def ticks(self, values: Sequence[float], form: str = "{:g}") -> list[Tick]:
        """Marks at `values`."""
        return [Tick(self.position(value), form.format(value)) for value in values]


def nice_range(values: Sequence[float], steps: int = 4) -> tuple[Range, list[float]]:
    """A range that holds `values`, and about `steps` round numbers in it (Heckbert, Graphics Gems, 1990)."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    spread = high - low
    if spread < 1e-9 * max(1.0, abs(high)):  # values that are one
        spread = max(1.0, abs(high))
    step = _round_up(spread / steps)
    first, last = math.floor(low / step), math.ceil(high / step)
    return Range(first * step, last * step), [place * step for place in range(first, last + 1)]


def curves(
    lines: Sequence[Curve],
    x: tuple[Range, Sequence[Tick]],
    y: tuple[Range, Sequence[Tick]],
    title: str,
    *,
    diagonal: bool = False,
) -> Markup:
    """Lines through their points; `diagonal` is drawn from corner to corner, where x and y agree."""
    top = 18 + _LEGEND_ROW * len(lines)
    bottom = top + _HEIGHT
    drawn = [*_legend(lines), *_grid(y[1], bottom)]
    if diagonal:
        drawn.append(
            Markup('<line class="diagonal" x1="0%" y1="{b}" x2="100%" y2="{t}"/>').format(b=bottom, t=top)
        )
    for number, line in enumerate(lines):
        places = [
            (100 * x[0].position(across), bottom - _HEIGHT * y[0].position(up)) for across, up in line.points
        ]
        drawn.extend(_drawn_line(line, places, number % SERIES))
    return svg([*drawn, *axis(x[1], bottom)], title, height=bottom + 24)


def _drawn_line(line: Curve, places: Sequence[tuple[float, float]], series: int) -> list[Markup]:
    strokes = [
        Markup('<line class="curve series-{n}" x1="{:.2f}%" y1="{:.1f}" x2="{:.2f}%" y2="{:.1f}"/>').format(
            *start, *end, n=series
        )
        for start, end in pairwise(places)
    ]
    notes = line.notes or tuple(f"{up:.3g} at {across:g}" for across, up in line.points)
    dots = [
        Markup(
            '<circle class="dot series-{n}" cx="{x:.2f}%" cy="{y:.1f}" r="3.5">'
            "<title>{label}: {note}</title></circle>"
        ).format(n=series, x=place[0], y=place[1], label=line.label, note=note)
        for place, note in zip(places, notes, strict=True)
    ]
    return strokes + dots


def matrix(labels: Sequence[str], counts: Sequence[Sequence[float]], title: str) -> Markup:
    """A row of cells a label, each as strong as its share of the row; columns are numbered as rows are."""
    drawn: list[Markup] = []
    width = 100 / max(len(labels), 1)
    for row, (label, values) in enumerate(zip(labels, counts, strict=True)):
        total, y = sum(values), row * _MATRIX_ROW
        right = values[row] / total if total else 0.0
        drawn.append(
            Markup(
                '<text class="label" x="0" y="{y}">{number} {label}</text>'
                '<text class="note" x="100%" y="{y}">{right:.0%} of {total:,.0f}</text>'
            ).format(y=y + 14, number=row + 1, label=label, right=right, total=total)
        )
        for column, count in enumerate(values):
            drawn.extend(_cell(column, y + 20, width, count / total if total else 0.0, row, labels, count))
    ticks = [Tick((column + 0.5) / len(labels), str(column + 1)) for column in range(len(labels))]
    bottom = len(labels) * _MATRIX_ROW - 2
    return svg([*drawn, *axis(ticks, bottom)], title, height=bottom + 24)


def _cell(
    column: int, y: float, width: float, share: float, row: int, labels: Sequence[str], count: float
) -> list[Markup]:
    kind = "right" if column == row else "wrong"
    rectangle = Markup(
        '<rect class="cell {kind}" x="{x:.3f}%" y="{y}" width="{width:.3f}%" height="{height}" '
        'fill-opacity="{share:.3f}"><title>{true} taken for {predicted}: {count:,.0f} ({share:.1%})</title>'
        "</rect>"
    ).format(
        kind=kind,
        x=column * width,
        y=y,
        width=0.94 * width,
        height=_CELL,
        share=share,
        true=labels[row],
        predicted=labels[column],
        count=count,
    )
    if share < _SHOWN:
        return [rectangle]
    text = Markup('<text class="cell-label{strong}" x="{x:.3f}%" y="{y}">{share:.0f}</text>').format(
        strong=" strong" if share > 0.5 else "", x=(column + 0.47) * width, y=y + 14, share=100 * share
    )
    return [rectangle, text]


def _legend(lines: Sequence[Curve]) -> list[Markup]:
    return [
        Markup(
            '<line class="curve series-{n}" x1="0" x2="16" y1="{y}" y2="{y}"/>'
            '<text class="label" x="22" y="{text}">{label}</text>'
        ).format(
            n=number % SERIES, y=9 + _LEGEND_ROW * number, text=14 + _LEGEND_ROW * number, label=line.label
        )
        for number, line in enumerate(lines)
    ]


def _grid(ticks: Sequence[Tick], bottom: float) -> list[Markup]:
    return [
        Markup(
            '<line class="grid" x1="0%" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>'
            '<text class="tick first" x="0" y="{text:.1f}">{label}</text>'
        ).format(
            y=bottom - _HEIGHT * tick.position, text=bottom - _HEIGHT * tick.position - 3, label=tick.label
        )
        for tick in ticks
        if tick.position > 0.01
    ]


def _round_up(step: float) -> float:
    """The next of 1, 2 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step * (1 - 1e-9))
