"""Skateboards and kick scooters."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from bowerbird.demo.camera import Points
from bowerbird.demo.canvas import Colour, lit
from bowerbird.demo.kinds.kind import PAINTED, Kind
from bowerbird.demo.outlines import arc, circle, moved, rectangle
from bowerbird.demo.stage import Stage, Surface
from bowerbird.demo.things import Look

_STEEL: Colour = (186, 190, 196)
_RUBBER: Colour = (40, 40, 43)


def skateboard(stage: Stage, look: Look) -> None:
    """A deck on two trucks, leaning or lying, underside or grip up."""
    rng = look.numbers()
    face = stage.surface()
    tilt = float(rng.uniform(-0.5, 0.5))
    cos, sin = np.cos(tilt), np.sin(tilt)

    def at(points: ArrayLike) -> Points:
        p = np.asarray(points, np.float64)
        return np.asarray(p @ np.array([[cos, sin], [-sin, cos]]) + [0, 0.4])

    deck = at(rectangle(-0.105, -0.4, 0.105, 0.4, 0.104))
    stage.backing_shadow([deck], 0.05)
    face.fill(
        deck,
        face.gradient((lit(look.colour, 1.12), look.colour, lit(look.colour, 0.8)), (-0.2, 0.8), (0.2, 0.0)),
    )
    _deck_art(face, rng, at, deck, look)
    for t in (-0.24, 0.24):
        face.fill(at(rectangle(-0.035, t - 0.045, 0.035, t + 0.045, 0.01)), (128, 132, 138))
        face.fill(at(rectangle(-0.1, t - 0.014, 0.1, t + 0.014, 0.01)), _STEEL)
        for side in (-1, 1):
            wheel = at(rectangle(side * 0.1 - 0.022, t - 0.032, side * 0.1 + 0.022, t + 0.032, 0.012))
            face.fill(moved(wheel, 0.006, -0.01), (24, 22, 24), opacity=0.5, blur=0.008)
            face.fill(wheel, lit(look.accent, 1.05))
            face.fill(
                at(rectangle(side * 0.1 - 0.022, t - 0.03, side * 0.1 + 0.022, t - 0.008, 0.008)),
                lit(look.accent, 0.7),
            )
        for bolt in ((-0.02, t - 0.03), (0.02, t - 0.03), (-0.02, t + 0.03), (0.02, t + 0.03)):
            face.fill(at(circle(*bolt, 0.005, 10)), (60, 60, 64))


def _deck_art(
    face: Surface, rng: np.random.Generator, at: Callable[[ArrayLike], Points], deck: Points, look: Look
) -> None:
    style = int(rng.integers(4))
    pale = lit(look.accent, 1.1)
    if style == 0:
        for y in (-0.1, 0.0, 0.1):
            face.fill(at(rectangle(-0.11, y - 0.025, 0.11, y + 0.025)), pale, within=deck)
    elif style == 1:
        bolt = [(0.03, 0.17), (-0.07, -0.02), (-0.005, -0.02), (-0.04, -0.18), (0.07, 0.04), (0.005, 0.04)]
        face.fill(at(bolt), pale, within=deck)
    elif style == 2:
        for radius, tone in ((0.085, pale), (0.058, look.colour), (0.032, pale)):
            face.fill(at(circle(0, 0, radius)), tone, within=deck)
    face.stroke([at(rectangle(-0.1, -0.395, 0.1, 0.395, 0.1))], 0.006, lit(look.colour, 0.7), opacity=0.6)


def scooter(stage: Stage, look: Look) -> None:
    """A child's kick scooter: deck, two small wheels and a tall bar."""
    rng = look.numbers()
    stage.shadow(rectangle(-0.4, -0.08, 0.42, 0.08), 0.4)
    side, tall = stage.surface(), float(rng.uniform(0.78, 0.95))
    head = (0.3, 0.17)
    grip = (0.2, tall)
    side.stroke([[(0.35, 0.07), head], [head, grip]], 0.036, lit(look.colour, 0.75))
    side.stroke([[(0.348, 0.075), head], [head, grip]], 0.022, look.colour)
    side.stroke([[(0.255, 0.45), grip]], 0.024, _STEEL)
    side.fill(
        [(-0.4, 0.075), (0.22, 0.075), (0.31, 0.2), (0.27, 0.21), (0.19, 0.115), (-0.36, 0.115)], look.colour
    )
    side.stroke([[(-0.36, 0.117), (0.19, 0.117)]], 0.012, (50, 50, 54))
    side.stroke([arc(-0.38, 0.07, 0.085, 0.085, 0.7, 2.6)], 0.016, lit(look.colour, 0.8))
    for x in (-0.38, 0.36):
        side.oval(x, 0.07, 0.07, _RUBBER)
        side.oval(x, 0.07, 0.045, look.accent)
        side.oval(x, 0.07, 0.016, _STEEL)
    side.stroke([[(grip[0] - 0.1, tall + 0.01), (grip[0] + 0.1, tall - 0.01)]], 0.03, (50, 48, 52))
    for step, tone in ((-0.1, look.accent), (0.1, look.accent)):
        tassel = [
            [(grip[0] + step, tall), (grip[0] + step * 1.25 + d, tall - 0.1)] for d in (-0.02, 0.0, 0.02)
        ]
        side.stroke(tassel, 0.008, tone)


_CATEGORY = ("Sports & Leisure", "Skateboards & Scooters")
KINDS = (
    Kind(
        "skateboard",
        (*_CATEGORY, "Skateboards"),
        ("skateboard", "skateboard", "skate deck", "complete skateboard"),
        skateboard,
        (0.6, 0.82, 0.05),
        {"maple": PAINTED},
        ("flat", "hung", "floor"),
        32,
        ("bearings spin freely", "grip tape still good", "8 inch deck"),
        ("Kerbside", "Halfpipe Harry", "Ollie & Co"),
    ),
    Kind(
        "scooter",
        (*_CATEGORY, "Scooters"),
        ("scooter", "kick scooter", "kids scooter"),
        scooter,
        (0.9, 1.0, 0.3),
        {"aluminium": PAINTED},
        ("garden", "room"),
        24,
        ("folds for the car", "handlebar height adjusts", "brake works well"),
        ("Kerbside", "Zippo Kids"),
        0.6,
    ),
)
