"""What stands behind a thing out of doors: a hedge, a fence, bricks or a rendered wall."""

import numpy as np

from bowerbird.demo.canvas import Colour, lit
from bowerbird.demo.homes import WALLS
from bowerbird.demo.outlines import rectangle
from bowerbird.demo.palette import distance
from bowerbird.demo.stage import SHADOW, Surface

BACKDROP_COLOURS: dict[str, Colour] = {
    "hedge": (74, 108, 60),
    "fence": (164, 124, 88),
    "brick": (168, 98, 76),
    "render": (222, 214, 198),
}


def paint_backdrop(face: Surface, name: str, thing: Colour, reach: float, seed: int) -> None:
    """Paint the backdrop `name` on the upright `face`, or another where `thing` would be lost."""
    if distance(BACKDROP_COLOURS[name], thing) < 45:
        name = max(BACKDROP_COLOURS, key=lambda other: distance(BACKDROP_COLOURS[other], thing))
    colour, wide = BACKDROP_COLOURS[name], 6 * reach
    high = {"hedge": 1.05, "fence": 1.1}.get(name, 9.0) * max(reach, 0.9)
    _PAINTERS[name](face, colour, wide, high, seed)
    face.fill(rectangle(-wide, -0.05, wide, 0.06 * reach), SHADOW, opacity=0.4, blur=0.05 * reach)


def _hedge(face: Surface, colour: Colour, wide: float, high: float, seed: int) -> None:
    rng = np.random.default_rng([seed, 5])
    bumps = [(x, high * (1 + 0.05 * rng.standard_normal())) for x in np.linspace(-wide, wide, 40)]
    outline = np.array([(-wide, 0), *bumps, (wide, 0)])
    face.fill(
        outline, face.gradient((lit(colour, 1.1), lit(colour, 0.6)), (0, high), (0, 0)), texture="grass"
    )
    leaves = rng.uniform((-wide / 3, 0), (wide / 3, high), (140, 2))
    shapes = [rectangle(x - 0.03, y - 0.012, x + 0.03, y + 0.012, 0.012) * 1.0 for x, y in leaves]
    face.fill_all(shapes[:70], lit(colour, 1.16), opacity=0.5)
    face.fill_all(shapes[70:], lit(colour, 0.6), opacity=0.4)


def _fence(face: Surface, colour: Colour, wide: float, high: float, seed: int) -> None:
    face.fill(rectangle(-wide, 0, wide, high), colour, texture="wood upright")
    step = max(0.11, high / 14)
    edges = np.arange(-wide, wide, step) + (seed % 7) * 0.01
    face.stroke([[(x, 0), (x, high)] for x in edges], 0.012, lit(colour, 0.6), opacity=0.7)
    face.fill(rectangle(-wide, high * 0.97, wide, high * 1.02), lit(colour, 1.1))


def _brick(face: Surface, colour: Colour, wide: float, high: float, seed: int) -> None:
    rng = np.random.default_rng([seed, 6])
    face.fill(rectangle(-wide, 0, wide, high), lit(colour, 1.0), texture="stone")
    course, length = max(0.075, wide / 80), max(0.225, wide / 27)
    rows = int(min(high, wide / 3) / course)
    spots = [
        (j * length + (i % 2) * length / 2 - wide / 2, i * course) for i in range(rows) for j in range(27)
    ]
    chosen = rng.random(len(spots))
    for low, tone in ((0.0, 0.86), (0.18, 1.1)):
        some = [
            rectangle(x, y, x + length, y + course)
            for (x, y), c in zip(spots, chosen, strict=True)
            if low <= c < low + 0.18
        ]
        face.fill_all(some, lit(colour, tone), opacity=0.8)
    mortar = [[(-wide, i * course), (wide, i * course)] for i in range(rows)]
    mortar += [[(x, y), (x, y + course)] for x, y in spots]
    face.stroke(mortar, 0.012, (206, 190, 176), opacity=0.75)


def _render(face: Surface, colour: Colour, wide: float, high: float, seed: int) -> None:
    face.fill(rectangle(-wide, 0, wide, high), colour, texture="plaster")
    face.fill(rectangle(-wide, 0, wide, 0.12 * min(high, wide / 6)), lit(colour, 0.72), opacity=0.8)
    side = -1 if seed % 2 else 1
    door = rectangle(side * 0.22 * wide, 0, side * 0.36 * wide, 0.4 * wide)
    face.fill(door, WALLS[seed % len(WALLS)], opacity=0.9)


_PAINTERS = {"hedge": _hedge, "fence": _fence, "brick": _brick, "render": _render}
