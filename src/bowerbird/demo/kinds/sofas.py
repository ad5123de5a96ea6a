"""Sofas and armchairs: blocks of cloth or leather with soft edges."""

from functools import partial
from itertools import pairwise

import numpy as np

from bowerbird.demo.canvas import Colour, lit
from bowerbird.demo.kinds.kind import FABRIC, Kind
from bowerbird.demo.outlines import moved, rectangle
from bowerbird.demo.solids import Block, turned
from bowerbird.demo.stage import Stage
from bowerbird.demo.things import Look

CLOTH_TEXTURES = {
    "leather": "leather",
    "velvet": "velvet",
    "linen": "linen",
    "cotton": "canvas",
    "wool": "tweed",
}


def sofa(stage: Stage, look: Look) -> None:
    """Two or three seats, arms and back cushions on short feet."""
    seats = int(look.numbers().choice((2, 3, 3)))
    _upholstered(stage, look, seats, half=1.0 if seats == 3 else 0.86)


def armchair(stage: Stage, look: Look) -> None:
    """One wide seat between arms."""
    _upholstered(stage, look, 1, half=0.46)


def _upholstered(stage: Stage, look: Look, seats: int, half: float) -> None:
    rng = np.random.default_rng(look.seed + 1)
    texture = CLOTH_TEXTURES.get(look.material, "linen")
    arm, arm_height = rng.uniform(0.11, 0.2), rng.uniform(0.54, 0.66)
    height, front, foot = rng.uniform(0.8, 0.94), 0.43, float(rng.choice((0.07, 0.12, 0.16)))
    soft = float(rng.uniform(0.03, 0.075))
    legs: Colour = (92, 62, 42) if rng.random() < 0.6 else (44, 42, 44)
    piece = partial(Block, stage, colour=look.colour, texture=texture)
    inner, seat_top = half - arm, 0.3 + foot * 0.3
    stage.shadow(rectangle(-half, -front, half, front), height)
    _feet(stage, half - 0.1, front - 0.1, foot, legs)
    piece((-half + 0.02, foot, -front), (half - 0.02, height * 0.97, -front + 0.2), radius=soft).draw()
    base = piece((-inner - 0.02, foot, -front + 0.1), (inner + 0.02, seat_top, front - 0.03), radius=0.03)
    base.draw()
    for left, right in _shares(inner, seats):
        low, high = (left + 0.006, seat_top + 0.1, -front + 0.14), (right - 0.006, height, -front + 0.36)
        piece(low, high, radius=soft * 1.25, lean=0.06, seam=0.5).draw()
        if look.material == "velvet":
            _buttons(stage, look, low, right - left, height)
    for left, right in _shares(inner, 1 if seats == 2 and rng.random() < 0.25 else seats):
        low, high = (left + 0.005, seat_top - 0.01, -front + 0.28), (right - 0.005, seat_top + 0.16, front)
        piece(low, high, radius=soft, seam=0.6).draw()
    _throw_cushions(stage, look, rng, inner, seat_top + 0.15)
    arms = [
        piece((x0, foot, -front + 0.02), (x1, arm_height, front - 0.01), radius=soft * 1.1, seam=0.4)
        for x0, x1 in ((-half, -inner), (inner, half))
    ]
    stage.far_to_near((block.low, block.draw) for block in arms)


def _shares(inner: float, count: int) -> list[tuple[float, float]]:
    """The width between the arms in `count` parts, the outer ones first."""
    edges = np.linspace(-inner, inner, count + 1).tolist()
    return sorted(pairwise(edges), key=lambda part: -abs(part[0] + part[1]))


def _feet(stage: Stage, x: float, z: float, height: float, colour: Colour) -> None:
    profile = [(0.02, 0), (0.035, height + 0.03)]
    spots = [(sx * x, 0.0, sz * z) for sx in (-1, 1) for sz in (-1, 1)]
    stage.far_to_near((spot, partial(turned, stage, spot, profile, colour)) for spot in spots)


def _buttons(stage: Stage, look: Look, low: tuple[float, float, float], width: float, height: float) -> None:
    back = stage.surface((low[0], low[1] + 0.06, low[2] + 0.2), (1, 0, 0), (0, 1, -0.1))
    for row in range(2):
        for column in range(3):
            x, y = width * (0.22 + 0.28 * column), (height - low[1]) * (0.26 + 0.36 * row)
            dent = rectangle(x - 0.03, y - 0.03, x + 0.03, y + 0.03, 0.03)
            back.fill(dent, lit(look.colour, 0.55), opacity=0.7, blur=0.012)
            back.oval(x, y, 0.011, lit(look.colour, 0.72))


def _throw_cushions(stage: Stage, look: Look, rng: np.random.Generator, inner: float, y: float) -> None:
    for side in (-1, 1):
        if rng.random() < 0.5:
            continue
        x, size, tilt = side * (inner - 0.2), rng.uniform(0.3, 0.38), rng.uniform(-0.2, 0.2)
        across, up = (np.cos(tilt), np.sin(tilt), 0), (-np.sin(tilt), np.cos(tilt), -0.35)
        face, half = stage.surface((x, y, -0.01), across, up), size / 2
        pillow = rectangle(-half, 0, half, size, size * 0.16)
        face.fill(moved(pillow, 0, -0.015), (30, 24, 26), opacity=0.45, blur=0.03)
        shades = (lit(look.accent, 1.05), look.accent, lit(look.accent, 0.76))
        face.fill(pillow, face.gradient(shades, (-half, size), (half, 0)), texture="linen")
        if rng.random() < 0.5:
            stripes = [[(-half, t), (half, t)] for t in np.linspace(0.15, 0.85, 4) * size]
            face.stroke(stripes, size * 0.05, lit(look.accent, 1.4), opacity=0.7, within=pillow)


_LIVING = ("Home & Garden", "Living Room Furniture")
_MATERIALS = {
    "velvet": FABRIC,
    "linen": FABRIC,
    "leather": ("brown", "black", "white", "red", "grey", "green"),
    "wool": FABRIC,
}
_BRANDS = ("Harrowby", "Loft & Lane", "Söderhus", "Marlow Made")
KINDS = (
    Kind(
        "sofa",
        (*_LIVING, "Sofas"),
        ("sofa", "sofa", "couch", "settee"),
        sofa,
        (2.0, 0.92, 0.9),
        _MATERIALS,
        ("room",),
        220,
        ("deep comfy seat", "covers unzip for washing", "feet unscrew for narrow doors", "sprung base"),
        _BRANDS,
    ),
    Kind(
        "armchair",
        (*_LIVING, "Armchairs"),
        ("armchair", "armchair", "easy chair", "reading chair"),
        armchair,
        (0.95, 0.92, 0.9),
        _MATERIALS,
        ("room", "room", "studio"),
        95,
        ("perfect for a reading corner", "solid hardwood frame", "really comfortable", "nice firm seat"),
        _BRANDS,
    ),
)
