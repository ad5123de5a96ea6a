"""Charts as inline SVG: values in, escaped markup out, colours left to the page's style sheet.

Bars, columns and ranges place things in per cent of the width, so their words stay readable on a phone; the
two drawings that cannot (tree map, frames) are drawn in the units they are asked for.
"""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from bowerbird.jobs.treemap import Rectangle, squarify

_BAR_ROW = 38  # pixels a row: words above, bar below
_RANGE_ROW = 38
_COLUMNS_HEIGHT = 170
_LETTER = 7.2  # pixels a letter of a tree map's labels takes
_LINE = 15
_CAPTION = 20  # pixels for the name of a tree map's group


@dataclass(frozen=True, slots=True)
class Bar:
    """One value with its name; `note` is what to read at the right end."""

    label: str
    value: float
    note: str


@dataclass(frozen=True, slots=True)
class Span:
    """Five quantiles (5, 25, 50, 75 and 95%) as positions between 0 and 1."""

    label: str
    positions: tuple[float, float, float, float, float]
    note: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis, at a position between 0 and 1."""

    position: float
    label: str


def bars(rows: Sequence[Bar], title: str, most: float | None = None) -> Markup:
    """Lying bars, one a row, as long as their share of `most` (the largest value unless given)."""
    most = most or max((row.value for row in rows), default=0) or 1
    drawn = [
        Markup(
            '<text class="label" x="0" y="{y}">{label}</text>'
            '<text class="note" x="100%" y="{y}">{note}</text>'
            '<rect class="track" x="0" y="{bar}" width="100%" height="8" rx="4"/>'
            '<rect class="bar" x="0" y="{bar}" width="{width:.2f}%" height="8" rx="4"/>'
        ).format(
            label=row.label,
            note=row.note,
            y=14 + place * _BAR_ROW,
            bar=20 + place * _BAR_ROW,
            width=min(100.0, max(0.4, 100 * row.value / most)) if row.value else 0.0,
        )
        for place, row in enumerate(rows)
    ]
    return svg(drawn, title, height=len(rows) * _BAR_ROW)


def columns(counts: Sequence[Bar], ticks: Sequence[Tick], title: str, marker: Tick | None = None) -> Markup:
    """Standing columns side by side over the whole width, with an axis and, if given, one marked position."""
    most = max((column.value for column in counts), default=0) or 1
    step = 100 / max(len(counts), 1)
    drawn = []
    for place, column in enumerate(counts):
        height = (_COLUMNS_HEIGHT - 18) * column.value / most
        drawn.append(
            Markup(
                '<rect class="bar" x="{x:.3f}%" y="{y:.1f}" width="{width:.3f}%" height="{height:.1f}">'
                "<title>{label}: {note}</title></rect>"
            ).format(
                x=(place + 0.06) * step,
                width=0.88 * step,
                y=_COLUMNS_HEIGHT - height,
                height=height,
                label=column.label,
                note=column.note,
            )
        )
    drawn.extend(axis(ticks, _COLUMNS_HEIGHT))
    if marker is not None:
        drawn.append(
            Markup(
                '<line class="marker" x1="{x:.2f}%" x2="{x:.2f}%" y1="14" y2="{bottom}"/>'
                '<text class="marker-label" x="{x:.2f}%" y="10">{label}</text>'
            ).format(x=100 * marker.position, bottom=_COLUMNS_HEIGHT, label=marker.label)
        )
    return svg(drawn, title, height=_COLUMNS_HEIGHT + 24)


def spans(rows: Sequence[Span], ticks: Sequence[Tick], title: str) -> Markup:
    """Ranges on one axis: a thin line from 5 to 95%, a thick one from 25 to 75%, a dot at the median."""
    bottom = len(rows) * _RANGE_ROW
    drawn = [
        Markup('<line class="grid" x1="{x:.2f}%" x2="{x:.2f}%" y1="0" y2="{bottom}"/>').format(
            x=100 * tick.position, bottom=bottom
        )
        for tick in ticks
    ]
    for place, row in enumerate(rows):
        low, lower, middle, upper, high = (100 * position for position in row.positions)
        drawn.append(
            Markup(
                '<text class="label" x="0" y="{text}">{label}</text>'
                '<text class="note" x="100%" y="{text}">{note}</text>'
                '<line class="whisker" x1="{low:.2f}%" x2="{high:.2f}%" y1="{y}" y2="{y}"/>'
                '<line class="span" x1="{lower:.2f}%" x2="{upper:.2f}%" y1="{y}" y2="{y}"/>'
                '<circle class="median" cx="{middle:.2f}%" cy="{y}" r="5"/>'
            ).format(
                label=row.label,
                note=row.note,
                text=14 + place * _RANGE_ROW,
                y=25 + place * _RANGE_ROW,
                low=low,
                lower=lower,
                middle=middle,
                upper=upper,
                high=high,
            )
        )
    drawn.extend(axis(ticks, bottom))
    return svg(drawn, title, height=bottom + 24)


def tree_map(tree: Mapping[str, Sequence[Bar]], title: str, width: int, height: int) -> Markup:
    """Groups as blocks of one hue, their members as tiles; areas follow the values; largest first."""
    totals = [sum(member.value for member in members) for members in tree.values()]
    drawn = []
    blocks = squarify(totals, Rectangle(0, 0, width, height))
    for hue, ((name, members), block) in enumerate(zip(tree.items(), blocks, strict=True)):
        captioned = block.height > 3 * _CAPTION and block.width > 40
        inner = block.shrunk(1.5, _CAPTION if captioned else 1.5, 1.5, 1.5)
        tiles = squarify([member.value for member in members], inner)
        parts = [_tile(member, tile, name) for member, tile in zip(members, tiles, strict=True)]
        if captioned:
            parts.append(
                Markup('<text class="caption" x="{x:.1f}" y="{y:.1f}">{name}</text>').format(
                    x=block.x + 4, y=block.y + 14, name="".join(_lines(name, 0.88 * block.width - 8, 1))
                )
            )
        drawn.append(
            Markup('<g style="--hue:{hue}">{parts}</g>').format(
                hue=(215 + 137 * hue) % 360,  # the golden angle keeps neighbouring hues apart
                parts=Markup("").join(parts),
            )
        )
    return svg(drawn, title, view=(width, height))


def frames(sizes: Sequence[tuple[int, int, float]], title: str) -> Markup:
    """Photo outlines (width, height, share) laid over one another about one centre."""
    side = max((max(width, height) for width, height, _ in sizes), default=1)
    most = max((share for _, _, share in sizes), default=1)
    drawn = [
        Markup(
            '<rect class="frame" x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}"'
            ' style="opacity:{opacity:.2f}"><title>{label}</title></rect>'
        ).format(
            x=150 - 145 * width / side,
            y=150 - 145 * height / side,
            width=290 * width / side,
            height=290 * height / side,
            opacity=0.15 + 0.85 * (share / most) ** 0.5,
            label=f"{width} x {height}: {share:.1%}",
        )
        for width, height, share in sizes
    ]
    return svg(drawn, title, view=(300, 300))


def _tile(member: Bar, tile: Rectangle, group: str) -> Markup:
    rectangle = Markup(
        '<rect class="tile" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2">'
        "<title>{group} / {label}: {note}</title></rect>"
    ).format(
        x=tile.x + 0.75,
        y=tile.y + 0.75,
        width=max(tile.width - 1.5, 0),
        height=max(tile.height - 1.5, 0),
        group=group,
        label=member.label,
        note=member.note,
    )
    lines = _lines(member.label, tile.width - 8, int((tile.height - 4) / _LINE))
    return rectangle + Markup("").join(
        Markup('<text class="tile-label" x="{x:.1f}" y="{y:.1f}">{line}</text>').format(
            x=tile.x + 6, y=tile.y + _LINE * (place + 1), line=line
        )
        for place, line in enumerate(lines)
    )


def _lines(text: str, width: float, most: int) -> list[str]:
    """`text` broken between words to fit; nothing where a word does not, for a stump says little."""
    letters = int(width / _LETTER)
    if most < 1 or letters < 3:
        return []
    lines = textwrap.wrap(text, letters, max_lines=most, placeholder="…", break_long_words=False)
    return lines if "…" not in lines and all(len(line) <= letters for line in lines) else []


def axis(ticks: Sequence[Tick], y: float) -> list[Markup]:
    """A line over the whole width at `y` pixels, its ticks named below it."""
    line = Markup('<line class="axis" x1="0" x2="100%" y1="{y}" y2="{y}"/>').format(y=y)
    marks = [
        Markup('<text class="tick {anchor}" x="{x:.2f}%" y="{y}">{label}</text>').format(
            anchor="first" if tick.position < 0.02 else "last" if tick.position > 0.98 else "",
            x=100 * tick.position,
            y=y + 17,
            label=tick.label,
        )
        for tick in ticks
    ]
    return [line, *marks]


def svg(
    parts: Sequence[Markup], title: str, *, height: float = 0, view: tuple[int, int] | None = None
) -> Markup:
    """The parts in one drawing: `height` pixels high and as wide as the page, or of the units of `view`."""
    size = (
        Markup('width="100%" height="{}"').format(height)
        if view is None
        else Markup('viewBox="0 0 {} {}"').format(*view)
    )
    return Markup('<svg role="img" aria-label="{}" {}>{}</svg>').format(title, size, Markup("").join(parts))
