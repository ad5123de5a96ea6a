"""Dining tables, coffee tables and desks."""

from functools import partial

import numpy as np

from bowerbird.demo.canvas import Colour
from bowerbird.demo.kinds.kind import WOOD, Kind
from bowerbird.demo.outlines import arc, rectangle
from bowerbird.demo.palette import METALS
from bowerbird.demo.solids import Block, tube, turned
from bowerbird.demo.stage import Stage
from bowerbird.demo.things import Look


def dining_table(stage: Stage, look: Look) -> None:
    """A long or a round top on four legs or a pedestal."""
    rng = look.numbers()
    if rng.random() < 0.35:
        _pedestal(stage, look, radius=0.55, height=0.75)
        return
    _four_legged(stage, look, rng, (0.72, 0.75, 0.42))


def coffee_table(stage: Stage, look: Look) -> None:
    """A low table, some with a shelf or on hairpin legs."""
    rng = look.numbers()
    if rng.random() < 0.35:
        _pedestal(stage, look, radius=0.42, height=0.42)
        return
    _four_legged(stage, look, rng, (0.52, 0.42, 0.3), shelf=rng.random() < 0.5)


def desk(stage: Stage, look: Look) -> None:
    """A table with a pedestal of drawers on one side."""
    rng = look.numbers()
    half, height, depth = 0.6, 0.75, 0.3
    side = int(rng.choice((-1, 1)))
    stage.shadow(rectangle(-half, -depth, half, depth), height)
    legs = [(-side * (half - 0.05), z) for z in (-depth + 0.05, depth - 0.05)]
    metal = METALS["iron"] if rng.random() < 0.5 else look.colour
    inner, outer = side * (half - 0.4), side * (half - 0.02)
    low, high = min(inner, outer), max(inner, outer)
    drawers = Block(
        stage, (low, 0.08, -depth + 0.02), (high, height - 0.04, depth - 0.02), look.colour, 0.008, "wood"
    )
    parts = [
        (((x, 0, z)), partial(tube, stage, [(x, 0, z), (x, height - 0.04, z)], 0.022, metal)) for x, z in legs
    ]
    stage.far_to_near([*parts, ((side * half * 0.6, 0, 0), drawers.draw)])
    paint_drawers(drawers, 3, look.colour, METALS["brass"])
    _top(stage, look, (half, height, depth))


def paint_drawers(block: Block, count: int, colour: Colour, knob: Colour, *, columns: int = 1) -> None:
    """Drawer fronts with knobs on the front of `block`."""
    if not block.sees("front"):
        return
    face, (width, height, _) = block.face("front"), block.size
    gap, wide, tall = 0.015, width / columns, height / count
    for row in range(count):
        for column in range(columns):
            x, y = column * wide + gap, row * tall + gap
            x1, y1 = (column + 1) * wide - gap, (row + 1) * tall - gap
            face.fill(rectangle(x, y - 0.006, x1, y1), (30, 22, 18), opacity=0.5, blur=0.006)
            panel = rectangle(x + 0.003, y + 0.003, x1 - 0.003, y1 - 0.003, 0.006)
            face.fill(panel, colour, texture="wood")
            face.stroke(
                [[(x + 0.006, y1 - 0.006), (x1 - 0.006, y1 - 0.006)]], 0.005, (255, 255, 255), opacity=0.25
            )
            middle, up = (x + x1) / 2, (y + y1) / 2
            for at in (middle,) if wide < 0.55 else (middle - wide * 0.25, middle + wide * 0.25):
                face.oval(at + 0.006, up - 0.008, 0.02, (20, 16, 14), opacity=0.4)
                face.oval(at, up, 0.018, knob)
                face.oval(at - 0.004, up + 0.005, 0.006, (255, 250, 240), opacity=0.7)


def _four_legged(
    stage: Stage,
    look: Look,
    rng: np.random.Generator,
    size: tuple[float, float, float],
    *,
    shelf: bool = False,
) -> None:
    half, height, depth = size
    stage.shadow(rectangle(-half, -depth, half, depth), height)
    hairpin = rng.random() < 0.25
    thick = 0.009 if hairpin else float(rng.uniform(0.022, 0.04))
    colour = METALS["iron"] if hairpin else look.colour
    splay = float(rng.uniform(0.0, 0.06))
    spots = [(sx, sz) for sx in (-1, 1) for sz in (-1, 1)]

    def leg(sx: int, sz: int) -> None:
        top = np.array([sx * (half - 0.08), height - 0.03, sz * (depth - 0.07)])
        foot = top * [1, 0, 1] + [sx * splay, 0, sz * splay]
        tube(stage, [foot, top], thick, colour)
        if hairpin:
            tube(stage, [foot, top - [sx * 0.09, 0, 0]], thick, colour)

    stage.far_to_near(((sx * half, 0, sz * depth), partial(leg, sx, sz)) for sx, sz in spots)
    if shelf:
        low, high = (-half + 0.09, 0.12, -depth + 0.08), (half - 0.09, 0.145, depth - 0.08)
        Block(stage, low, high, look.colour, 0.006, "wood").draw()
    if not hairpin:
        low, high = (-half + 0.07, height - 0.12, -depth + 0.06), (half - 0.07, height - 0.03, depth - 0.06)
        Block(stage, low, high, look.colour, 0.004, "wood").draw()
    _top(stage, look, size)


def _top(stage: Stage, look: Look, size: tuple[float, float, float]) -> None:
    half, height, depth = size
    Block(
        stage, (-half, height - 0.035, -depth), (half, height, depth), look.colour, 0.01, "wood", seam=0.5
    ).draw()


def _pedestal(stage: Stage, look: Look, radius: float, height: float) -> None:
    stage.shadow(arc(0, 0, radius, radius, n=24), height)
    foot = [
        (radius * 0.55, 0),
        (radius * 0.5, 0.025),
        (0.08, 0.06),
        (0.045, height * 0.5),
        (0.07, height - 0.04),
    ]
    turned(stage, (0, 0, 0), foot, look.colour)
    top = [(radius * 0.97, height - 0.04), (radius, height - 0.03), (radius, height)]
    turned(stage, (0, 0, 0), top, look.colour, texture="wood")


_MATERIALS = {
    "oak": WOOD,
    "pine": WOOD,
    "walnut": WOOD,
    "mahogany": WOOD,
    "painted wood": ("white", "green", "blue", "grey", "black", "yellow"),
}
_BRANDS = ("Söderhus", "Ercombe", "Thatch & Co", "Loft & Lane")
KINDS = (
    Kind(
        "table",
        ("Home & Garden", "Dining Furniture", "Tables"),
        ("dining table", "table", "kitchen table"),
        dining_table,
        (1.44, 0.75, 0.84),
        _MATERIALS,
        ("room",),
        130,
        ("seats four easily", "legs come off for transport", "solid top", "wipes clean"),
        _BRANDS,
    ),
    Kind(
        "coffee table",
        ("Home & Garden", "Living Room Furniture", "Coffee Tables"),
        ("coffee table", "coffee table", "low table"),
        coffee_table,
        (1.04, 0.42, 0.6),
        _MATERIALS,
        ("room",),
        48,
        ("just the right height for the sofa", "solid top", "easy to move about"),
        _BRANDS,
    ),
    Kind(
        "desk",
        ("Home & Garden", "Office Furniture", "Desks"),
        ("desk", "writing desk", "office desk"),
        desk,
        (1.2, 0.75, 0.6),
        _MATERIALS,
        ("room",),
        80,
        ("three good drawers", "great for working from home", "all the drawers run smoothly"),
        _BRANDS,
    ),
)
