"""What all garments share: the hanger they hang on, their cloth and its folds."""

from collections.abc import Sequence

import numpy as np

from bowerbird.demo.camera import Points
from bowerbird.demo.canvas import Colour, lit
from bowerbird.demo.outlines import arc, moved, spline
from bowerbird.demo.stage import Stage, Surface
from bowerbird.demo.things import Look

_HANGER: Colour = (176, 132, 88)
WEAVES = {
    "cotton": "canvas",
    "linen": "linen",
    "silk": "plaster",
    "wool": "tweed",
    "denim": "canvas",
    "cashmere": "plaster",
}


def hang(stage: Stage, face: Surface, parts: Sequence[Points], top: float) -> None:
    """The hanger (on a wall) and the shadow behind."""
    stage.backing_shadow(parts, 0.03)
    if stage.setting == "hung":
        hook = np.concatenate(
            [
                [(0, top - 0.01), (0, top + 0.03)],
                arc(-0.0, top + 0.055, 0.022, 0.024, -np.pi / 2, np.pi * 0.9, 16),
            ]
        )
        face.stroke([hook], 0.006, (150, 152, 158))
        face.stroke([[(-0.15, top - 0.055), (0, top - 0.005), (0.15, top - 0.055)]], 0.02, _HANGER)


def fill_cloth(face: Surface, outline: Points, look: Look, texture: str) -> None:
    """Fill `outline` with cloth, lit from the upper left."""
    shades = (lit(look.colour, 1.12), look.colour, lit(look.colour, 0.8))
    low, high = outline.min(axis=0), outline.max(axis=0)
    face.fill(outline, face.gradient(shades, (low[0], high[1]), (high[0], low[1])), texture=texture)


def paint_folds(
    face: Surface,
    outline: Points,
    rng: np.random.Generator,
    lines: Sequence[tuple[float, float, float, float]],
    colour: Colour,
) -> None:
    """Soft creases along `lines` (x0, y0, x1, y1)."""
    for x0, y0, x1, y1 in lines:
        bend = rng.uniform(-0.015, 0.015)
        path = spline([(x0, y0), ((x0 + x1) / 2 + bend, (y0 + y1) / 2), (x1, y1)], closed=False)
        face.stroke([path], 0.02, lit(colour, 0.5), opacity=0.2, blur=0.008, within=outline)
        face.stroke(
            [moved(path, 0.016, 0)], 0.012, lit(colour, 1.5), opacity=0.16, blur=0.006, within=outline
        )
