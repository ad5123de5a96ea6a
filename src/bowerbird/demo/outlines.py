"""Plain outlines in the plane: (n, 2) points, closed unless said otherwise."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bowerbird.demo.camera import Points


def rectangle(x0: float, y0: float, x1: float, y1: float, radius: float = 0.0) -> Points:
    """The box from (x0, y0) to (x1, y1) with corners rounded by `radius`."""
    if radius <= 0:
        return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float64)
    r = min(radius, abs(x1 - x0) / 2, abs(y1 - y0) / 2)
    corners = [(x1 - r, y1 - r, 0), (x0 + r, y1 - r, 1), (x0 + r, y0 + r, 2), (x1 - r, y0 + r, 3)]
    return np.concatenate(
        [arc(x, y, r, r, quarter * np.pi / 2, (quarter + 1) * np.pi / 2, 7) for x, y, quarter in corners]
    )


def arc(
    x: float, y: float, rx: float, ry: float, start: float = 0.0, end: float = 2 * np.pi, n: int = 48
) -> Points:
    """`n` points of the ellipse about (x, y) from angle `start` to `end`, radians, both ends included."""
    angle = np.linspace(start, end, n)
    return np.stack([x + rx * np.cos(angle), y + ry * np.sin(angle)], axis=1)


def circle(x: float, y: float, r: float, n: int = 48) -> Points:
    """The circle of radius `r` about (x, y)."""
    return arc(x, y, r, r, n=n)


def spline(knots: ArrayLike, *, closed: bool = True, steps: int = 8) -> Points:
    """The Catmull-Rom curve through (n, 2) `knots`; open curves end at the last knot."""
    p = np.asarray(knots, np.float64)
    n = len(p)
    count = n if closed else n - 1
    index = np.arange(count)[:, None] + np.arange(-1, 3)[None, :]
    index = index % n if closed else np.clip(index, 0, n - 1)
    a, b, c, d = (p[index[:, i]][:, None, :] for i in range(4))
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    points = curve.reshape(-1, 2)
    return points if closed else np.concatenate([points, p[-1:]])


def moved(points: ArrayLike, dx: float, dy: float) -> Points:
    """(n, 2) `points` shifted."""
    shifted: Points = np.asarray(points, np.float64) + np.array([dx, dy])
    return shifted


def mirrored(half: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The knots of a shape symmetric about x = 0, from those of its right half, top to bottom."""
    return [*half, *((-x, y) for x, y in reversed(half) if x != 0)]


def hull(points: NDArray[np.float64]) -> Points:
    """The convex hull (Andrew's monotone chain)."""
    ordered = sorted(map(tuple, points.tolist()))
    chains = []
    for sequence in (ordered, ordered[::-1]):
        chain: list[tuple[float, ...]] = []
        for x, y in sequence:
            while (
                len(chain) > 1
                and (
                    (chain[-1][0] - chain[-2][0]) * (y - chain[-2][1])
                    - (chain[-1][1] - chain[-2][1]) * (x - chain[-2][0])
                )
                <= 0
            ):
                chain.pop()
            chain.append((x, y))
        chains.extend(chain[:-1])
    return np.array(chains)
