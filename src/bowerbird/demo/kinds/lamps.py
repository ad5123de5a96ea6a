"""Table lamps and floor lamps, some of them lit."""

from functools import partial

import numpy as np

from bowerbird.demo.canvas import Colour, Gradient, lit, mixed
from bowerbird.demo.kinds.kind import FABRIC, Kind
from bowerbird.demo.outlines import arc, spline
from bowerbird.demo.palette import METALS, WOODS
from bowerbird.demo.solids import ball, tube, turned
from bowerbird.demo.stage import Stage
from bowerbird.demo.things import Look

_BASES: tuple[Colour, ...] = (METALS["brass"], WOODS["oak"].rgb, METALS["iron"], (226, 222, 214))
_WARM: Colour = (255, 226, 160)


def table_lamp(stage: Stage, look: Look) -> None:
    """A turned or ball base under a cone or drum."""
    rng = look.numbers()
    base = _BASES[int(rng.integers(len(_BASES)))]
    stage.shadow(arc(0, 0, 0.09, 0.09, n=24), 0.3)
    style = int(rng.integers(3))
    if style == 0:
        turned(stage, (0, 0, 0), [(0.085, 0), (0.085, 0.015), (0.02, 0.03), (0.015, 0.24)], base)
    elif style == 1:
        turned(stage, (0, 0, 0), [(0.06, 0), (0.06, 0.012)], base)
        ball(stage, (0, 0.1, 0), 0.09, base)
        tube(stage, [(0, 0.18, 0), (0, 0.25, 0)], 0.012, METALS["brass"])
    else:
        body = [(0.05, 0), (0.075, 0.05), (0.085, 0.1), (0.06, 0.17), (0.025, 0.21), (0.02, 0.24)]
        smooth = [(float(r), float(h)) for r, h in spline(body, closed=False, steps=5)]
        turned(stage, (0, 0, 0), smooth, base, shine=1.3)
    _shade(stage, look, (0, 0.23, 0), float(rng.uniform(0.14, 0.17)), float(rng.uniform(0.08, 0.13)), 0.19)


def floor_lamp(stage: Stage, look: Look) -> None:
    """A tall stem or a tripod under a broad shade."""
    rng = look.numbers()
    stage.shadow(arc(0, 0, 0.16, 0.16, n=24), 0.7, strength=0.8)
    if rng.random() < 0.5:
        wood = (WOODS["oak"].rgb, WOODS["walnut"].rgb)[int(rng.integers(2))]
        feet = [(0.26 * np.cos(a), 0.26 * np.sin(a)) for a in (0.6, 2.7, 4.8)]
        stage.far_to_near(
            ((x, 0, z), partial(tube, stage, [(x, 0, z), (x * 0.1, 1.2, z * 0.1)], 0.018, wood))
            for x, z in feet
        )
    else:
        metal = (METALS["brass"], METALS["iron"])[int(rng.integers(2))]
        turned(stage, (0, 0, 0), [(0.15, 0), (0.15, 0.02), (0.02, 0.035)], metal)
        tube(stage, [(0, 0.03, 0), (0, 1.22, 0)], 0.013, metal)
    _shade(stage, look, (0, 1.18, 0), float(rng.uniform(0.22, 0.27)), float(rng.uniform(0.14, 0.22)), 0.32)


def _shade(
    stage: Stage, look: Look, foot: tuple[float, float, float], bottom: float, top: float, height: float
) -> None:
    glowing = look.seed % 3 != 0
    profile = [(bottom, 0.0), (top, height)]
    outline = turned(stage, foot, profile, look.colour, hollow=look.colour, texture="linen", shine=1.08)
    x, y, z = foot
    (left, low), (_, up) = stage.camera.project([(x, y, z), (x, y + height, z)]).tolist()
    if glowing:
        reach = stage.camera.scale(foot) * bottom
        middle = (left, low * 0.6 + up * 0.4)
        glow = Gradient(
            (mixed(look.colour, _WARM, 0.55), look.colour), middle, (left + reach * 1.2, middle[1]), True
        )
        stage.canvas.fill([outline], glow, opacity=0.5)
        halo = arc(left, low * 0.5 + up * 0.5, reach * 1.7, reach * 1.5)
        stage.canvas.fill([halo], _WARM, opacity=0.16, blur=reach * 0.5)
    for r, level in profile:
        ring = arc(0, 0, r, r, n=40)
        rim = stage.camera.project(np.stack([x + ring[:, 0], np.full(40, y + level), z + ring[:, 1]], axis=1))
        near = rim[rim[:, 1] >= rim[:, 1].mean()]
        near = near[np.argsort(near[:, 0])]
        stage.canvas.stroke([near], max(1.0, stage.camera.scale(foot) * 0.008), lit(look.colour, 0.7))


_LIGHTING = ("Home & Garden", "Lighting")
_MATERIALS = {"linen": FABRIC, "cotton": FABRIC, "velvet": FABRIC}
KINDS = (
    Kind(
        "lamp",
        (*_LIGHTING, "Table Lamps"),
        ("lamp", "table lamp", "bedside lamp", "desk lamp"),
        table_lamp,
        (0.34, 0.44, 0.34),
        _MATERIALS,
        ("table", "table", "studio"),
        18,
        ("bulb included", "in full working order", "gives a lovely warm light", "PAT tested"),
        ("Lumen & Wick", "Söderhus", "Loft & Lane"),
    ),
    Kind(
        "floor lamp",
        (*_LIGHTING, "Floor Lamps"),
        ("floor lamp", "standard lamp", "standing lamp"),
        floor_lamp,
        (0.54, 1.5, 0.54),
        _MATERIALS,
        ("room",),
        38,
        ("bulb included", "in full working order", "foot switch", "perfect beside an armchair"),
        ("Lumen & Wick", "Söderhus", "Loft & Lane"),
    ),
)
