"""Dining chairs and stools."""

from functools import partial

import numpy as np

from bowerbird.demo.canvas import Colour
from bowerbird.demo.kinds.kind import WOOD, Kind
from bowerbird.demo.outlines import rectangle
from bowerbird.demo.palette import WOODS
from bowerbird.demo.solids import Block, tube, turned
from bowerbird.demo.stage import Stage
from bowerbird.demo.things import Look

_SEAT = 0.46
_HALF = 0.21
_TOP = 0.9
_LEAN = 0.08


def chair(stage: Stage, look: Look) -> None:
    """Four legs, a seat, and a back of spindles, rails or a moulded shell."""
    rng = look.numbers()
    style = int(rng.integers(3)) if look.material not in WOODS else int(rng.integers(2))
    legs = look.colour if style < 2 else WOODS["oak"].rgb
    splay, thick = float(rng.uniform(0.02, 0.07)), float(rng.uniform(0.015, 0.024))
    stage.shadow(rectangle(-_HALF, -_HALF, _HALF, _HALF), 0.75, strength=0.9)
    foot, top = _HALF - 0.02 + splay, _HALF - 0.05
    spots = [(sx, sz) for sx in (-1, 1) for sz in (-1, 1)]
    stage.far_to_near(
        (
            (sx * foot, 0, sz * foot),
            partial(tube, stage, [(sx * foot, 0, sz * foot), (sx * top, _SEAT, sz * top)], thick, legs),
        )
        for sx, sz in spots
    )
    if style == 0:
        tube(stage, [(-_HALF, 0.2, _HALF - 0.04), (_HALF, 0.2, _HALF - 0.04)], thick * 0.7, legs)
    back = partial((_spindles, _rails, _shell)[style], stage, look, rng)
    low, high = (-_HALF, _SEAT - 0.02, -_HALF), (_HALF, _SEAT + 0.03, _HALF)
    woven = style == 1 and rng.random() < 0.5
    seat = Block(stage, low, high, look.colour, 0.02, "tweed" if woven else "wood")
    for part in (back, seat.draw):
        part()


def _posts(stage: Stage, colour: Colour) -> None:
    for side in (-1, 1):
        ends = [(side * (_HALF - 0.03), _SEAT, 0.03 - _HALF), (side * _HALF, _TOP, 0.03 - _HALF - _LEAN)]
        tube(stage, ends, 0.017, colour)


def _spindles(stage: Stage, look: Look, rng: np.random.Generator) -> None:
    _posts(stage, look.colour)
    z = 0.03 - _HALF
    for x in np.linspace(0.07 - _HALF, _HALF - 0.07, int(rng.integers(4, 7))):
        tube(stage, [(x * 0.9, _SEAT, z), (x, _TOP - 0.05, z - _LEAN)], 0.008, look.colour)
    low, high = (-_HALF, _TOP - 0.08, z - _LEAN - 0.015), (_HALF, _TOP + 0.02, z - _LEAN + 0.015)
    Block(stage, low, high, look.colour, 0.015, "wood").draw()


def _rails(stage: Stage, look: Look, rng: np.random.Generator) -> None:
    _posts(stage, look.colour)
    for y in np.linspace(0.6, 0.86, int(rng.integers(2, 4))):
        z = 0.03 - _HALF - _LEAN * (y - _SEAT) / (_TOP - _SEAT)
        low, high = (-_HALF, y - 0.035, z - 0.012), (_HALF, y + 0.03, z + 0.012)
        Block(stage, low, high, look.colour, 0.01, "wood").draw()


def _shell(stage: Stage, look: Look, rng: np.random.Generator) -> None:
    height = _TOP - float(rng.uniform(0.04, 0.14))
    low, high = (-_HALF, _SEAT, -_HALF), (_HALF, height, 0.06 - _HALF)
    Block(stage, low, high, look.colour, 0.03, None, _LEAN).draw()


def stool(stage: Stage, look: Look) -> None:
    """A round seat on three or four tall legs with a ring to rest the feet on."""
    rng = look.numbers()
    height, r, count = float(rng.uniform(0.48, 0.72)), 0.17, int(rng.choice((3, 4)))
    legs: Colour = WOODS["oak"].rgb if rng.random() < 0.6 else (48, 46, 48)
    legs = look.colour if look.material in WOODS else legs
    stage.shadow(rectangle(-r, -r, r, r, r), height, strength=0.9)
    around = [(np.cos(a) * r, np.sin(a) * r) for a in np.arange(count) * 2 * np.pi / count + 0.5]
    stage.far_to_near(
        (
            (x, 0, z),
            partial(tube, stage, [(x * 1.25, 0, z * 1.25), (x * 0.7, height, z * 0.7)], 0.016, legs),
        )
        for x, z in around
    )
    tube(stage, [(x * 1.08, height * 0.3, z * 1.08) for x, z in [*around, around[0]]], 0.009, legs)
    profile = [(r * 0.92, -0.035), (r, -0.02), (r, 0.015), (r * 0.95, 0.025)]
    turned(stage, (0, height, 0), profile, look.colour)


_DINING = ("Home & Garden", "Dining Furniture")
_PAINTED = ("white", "green", "blue", "grey", "black", "yellow", "red", "pink", "orange")
KINDS = (
    Kind(
        "chair",
        (*_DINING, "Chairs"),
        ("dining chair", "chair", "kitchen chair", "wooden chair"),
        chair,
        (0.5, 0.92, 0.5),
        {"oak": WOOD, "pine": WOOD, "walnut": WOOD, "painted wood": _PAINTED},
        ("room", "room", "studio"),
        28,
        ("sturdy, no wobble", "would suit a desk too", "joints are all tight", "more available for a set"),
        ("Söderhus", "Ercombe", "Thatch & Co"),
    ),
    Kind(
        "stool",
        (*_DINING, "Stools"),
        ("stool", "bar stool", "kitchen stool"),
        stool,
        (0.46, 0.75, 0.46),
        {"oak": WOOD, "walnut": WOOD, "painted wood": _PAINTED, "leather": ("brown", "black", "red")},
        ("room", "room", "studio"),
        22,
        ("handy spare seat", "good height for a breakfast bar", "easy to wipe clean"),
        ("Söderhus", "Ercombe"),
    ),
)
