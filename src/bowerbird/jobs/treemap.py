"""Rectangles whose areas are proportional to values: the squarified layout of a treemap.

Bruls, Huizing and van Wijk, 'Squarified treemaps', VisSym 2000 (doi:10.1007/978-3-7091-6783-0_4).
"""

from collections.abc import Sequence
from typing import NamedTuple


class Rectangle(NamedTuple):
    """A box in drawing units; y grows downwards."""

    x: float
    y: float
    width: float
    height: float

    def shrunk(self, left: float, top: float, right: float, bottom: float) -> "Rectangle":
        """The box without those margins, never of negative size."""
        width, height = max(self.width - left - right, 0.0), max(self.height - top - bottom, 0.0)
        return Rectangle(self.x + left, self.y + top, width, height)


def squarify(values: Sequence[float], box: Rectangle) -> list[Rectangle]:
    """One rectangle a value, tiling `box`, areas proportional to the values, as square as the order allows.

    `values` are positive and fall. Rows are laid along the shorter side of what is left; a value joins the
    row as long as that does not make the row's worst aspect ratio worse.
    """
    total = sum(values)
    if not values or box.width <= 0 or box.height <= 0:
        return [Rectangle(box.x, box.y, 0.0, 0.0) for _ in values]
    scale = box.width * box.height / total
    areas = [value * scale for value in values]
    placed: list[Rectangle] = []
    left = box
    while len(placed) < len(areas):
        row = _row(areas[len(placed) :], min(left.width, left.height))
        rectangles, left = _lay(row, left)
        placed.extend(rectangles)
    return placed


def _row(areas: Sequence[float], side: float) -> Sequence[float]:
    length = 1
    while length < len(areas) and _worst(areas[: length + 1], side) <= _worst(areas[:length], side):
        length += 1
    return areas[:length]


def _worst(row: Sequence[float], side: float) -> float:
    total = sum(row)
    return max(side**2 * max(row) / total**2, total**2 / (side**2 * min(row))) if side > 0 else 0.0


def _lay(row: Sequence[float], box: Rectangle) -> tuple[list[Rectangle], Rectangle]:
    upright = box.width >= box.height  # the row stands along the left edge, else lies along the top
    side = box.height if upright else box.width
    thickness = sum(row) / side if side > 0 else 0.0
    rectangles, offset = [], 0.0
    for area in row:
        length = area / thickness if thickness > 0 else 0.0
        if upright:
            rectangles.append(Rectangle(box.x, box.y + offset, thickness, length))
        else:
            rectangles.append(Rectangle(box.x + offset, box.y, length, thickness))
        offset += length
    left = box.shrunk(thickness, 0, 0, 0) if upright else box.shrunk(0, thickness, 0, 0)
    return rectangles, left
