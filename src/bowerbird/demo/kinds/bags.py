"""Backpacks, handbags and suitcases."""

import numpy as np

from bowerbird.demo.camera import Points
from bowerbird.demo.canvas import Colour, lit, mixed
from bowerbird.demo.kinds.kind import ANY_COLOUR, PAINTED, Kind
from bowerbird.demo.outlines import arc, moved, rectangle, spline
from bowerbird.demo.solids import Block, tube
from bowerbird.demo.stage import Stage, Surface
from bowerbird.demo.things import Look

_METAL: Colour = (206, 176, 112)


def backpack(stage: Stage, look: Look) -> None:
    """A rounded rucksack with a front pocket, zips and a top handle."""
    rng = look.numbers()
    half, tall, deep = 0.15, 0.42, 0.07
    texture = "leather" if look.material == "leather" else "canvas"
    stage.shadow(rectangle(-half, -deep, half, deep, 0.04), tall * 0.8)
    face = stage.surface((0, 0, -deep * 0.6))
    face.stroke([arc(0, tall + 0.005, 0.045, 0.045, 0, np.pi, 20)], 0.018, lit(look.colour, 0.6))
    for side in (-1, 1):
        strap = spline(
            [(side * 0.1, tall - 0.03), (side * 0.2, tall * 0.6), (side * 0.17, 0.08)], closed=False
        )
        face.stroke([strap], 0.04, lit(look.colour, 0.55))
    body = Block(stage, (-half, 0, -deep), (half, tall, deep), look.colour, 0.06, texture)
    body.draw()
    front = stage.surface((0, 0, deep))
    front.stroke(
        [spline([(-0.135, 0.3), (-0.12, 0.37), (0, 0.395), (0.12, 0.37), (0.135, 0.3)], closed=False)],
        0.007,
        lit(look.colour, 0.5),
    )
    _front_pocket(front, look, rng, texture)
    front.box(-0.03, 0.285, 0.03, 0.315, mixed(look.accent, (230, 220, 200), 0.4), radius=0.004)


def _front_pocket(front: Surface, look: Look, rng: np.random.Generator, texture: str) -> None:
    """A pocket closed by a buckled flap or a zip."""
    front.fill(rectangle(-0.105, 0.035, 0.105, 0.205, 0.035), (20, 16, 18), opacity=0.5, blur=0.012)
    pocket = rectangle(-0.105, 0.045, 0.105, 0.21, 0.035)
    tone = look.accent if rng.random() < 0.2 else lit(look.colour, 1.05)
    front.fill(
        pocket, front.gradient((lit(tone, 1.1), lit(tone, 0.82)), (-0.08, 0.2), (0.06, 0.05)), texture=texture
    )
    if rng.random() < 0.5:
        flap = np.concatenate(
            [
                [(-0.112, 0.215)],
                spline([(-0.11, 0.16), (0, 0.125), (0.11, 0.16)], closed=False),
                [(0.112, 0.215)],
            ]
        )
        front.fill(moved(flap, 0, -0.006), (20, 16, 18), opacity=0.4, blur=0.006)
        front.fill(flap, lit(look.colour, 0.9), texture=texture)
        front.box(-0.012, 0.11, 0.012, 0.15, _METAL, radius=0.004)
    else:
        front.stroke([[(-0.09, 0.18), (0.09, 0.18)]], 0.006, lit(look.colour, 0.5))
        front.stroke([[(0.085, 0.18), (0.085, 0.155)]], 0.007, _METAL)


def handbag(stage: Stage, look: Look) -> None:
    """A structured bag with a flap or an open tote, on two handles."""
    rng = look.numbers()
    half, tall, deep = 0.15, 0.2, 0.05
    stage.shadow(rectangle(-half, -deep, half, deep), tall)
    texture = {"leather": "leather", "suede": "velvet"}.get(look.material, "canvas")
    rise = float(rng.uniform(0.1, 0.15))
    left = [(-0.075, tall - 0.03), (-0.07, tall + rise * 0.7), (-0.03, tall + rise)]
    loop = spline([*left, *[(-x, y) for x, y in reversed(left)]], closed=False)
    _handle(stage, loop, -deep * 0.5, lit(look.colour, 0.55))
    Block(stage, (-half, 0, -deep), (half, tall, deep), look.colour, 0.022, texture).draw()
    front = stage.surface((0, 0, deep + 0.001))
    if rng.random() < 0.55:
        _flap(front, look, texture, half - 0.012, tall)
    else:
        front.stroke(
            [rectangle(-half + 0.015, 0.015, half - 0.015, tall - 0.015, 0.015)],
            0.002,
            lit(look.colour, 1.5),
            opacity=0.6,
        )
        front.box(-0.035, 0.1, 0.035, 0.125, lit(look.colour, 0.75), radius=0.003)
    _handle(stage, loop, deep * 0.9, lit(look.colour, 0.85))
    for x in (-0.075, 0.075):
        front.oval(x, tall - 0.035, 0.009, _METAL)


def _flap(front: Surface, look: Look, texture: str, half: float, tall: float) -> None:
    flap = np.concatenate(
        [
            [(-half, tall - 0.004)],
            spline([(-half, 0.11), (-0.06, 0.08), (0.06, 0.08), (half, 0.11)], closed=False),
            [(half, tall - 0.004)],
        ]
    )
    front.fill(moved(flap, 0, -0.005), (18, 14, 16), opacity=0.45, blur=0.006)
    front.fill(
        flap,
        front.gradient((lit(look.colour, 1.18), lit(look.colour, 0.9)), (-0.1, tall), (0.05, 0.08)),
        texture=texture,
    )
    front.stroke([moved(flap[1:-1] * [0.95, 1.0], 0, 0.006)], 0.0018, lit(look.colour, 1.6), opacity=0.6)
    front.box(-0.016, 0.068, 0.016, 0.102, _METAL, radius=0.004)
    front.box(-0.01, 0.076, 0.01, 0.094, lit(_METAL, 0.7), radius=0.003)


def _handle(stage: Stage, loop: Points, z: float, colour: Colour) -> None:
    tube(stage, np.stack([loop[:, 0], loop[:, 1], np.full(len(loop), z)], axis=1), 0.0075, colour)


def suitcase(stage: Stage, look: Look) -> None:
    """A ribbed case on four wheels with its handle out, or an old case with corners and catches."""
    rng = look.numbers()
    if look.material == "leather":
        _old_case(stage, look, rng)
        return
    half, tall, deep = 0.2, 0.56, 0.11
    stage.shadow(rectangle(-half, -deep, half, deep), tall * 0.8)
    for x in (-0.08, 0.08):
        tube(stage, [(x, tall, -deep * 0.5), (x, 0.78, -deep * 0.5)], 0.008, (176, 178, 184))
    tube(stage, [(-0.09, 0.78, -deep * 0.5), (0.09, 0.78, -deep * 0.5)], 0.014, (52, 52, 56))
    for x in (-half + 0.045, half - 0.045):
        for z in (-deep + 0.04, deep - 0.04):
            tube(stage, [(x, 0.012, z), (x, 0.03, z)], 0.02, (44, 44, 48))
    body = Block(stage, (-half, 0.035, -deep), (half, tall, deep), look.colour, 0.035)
    body.draw()
    front = stage.surface((0, 0, deep))
    for x in np.linspace(-0.14, 0.14, int(rng.choice((5, 6, 7)))):
        front.stroke([[(x, 0.08), (x, tall - 0.05)]], 0.012, lit(look.colour, 0.66), opacity=0.8)
        front.stroke(
            [[(x + 0.008, 0.08), (x + 0.008, tall - 0.05)]], 0.005, lit(look.colour, 1.35), opacity=0.6
        )
    front.box(-0.035, tall - 0.05, 0.035, tall - 0.032, (60, 60, 64), radius=0.004)


def _old_case(stage: Stage, look: Look, rng: np.random.Generator) -> None:
    half, tall, deep = 0.29, 0.38, 0.08
    stage.shadow(rectangle(-half, -deep, half, deep), tall)
    tube(
        stage,
        [(-0.07, tall - 0.005, 0), (-0.06, tall + 0.04, 0), (0.06, tall + 0.04, 0), (0.07, tall - 0.005, 0)],
        0.012,
        lit(look.colour, 0.6),
    )
    body = Block(stage, (-half, 0, -deep), (half, tall, deep), look.colour, 0.02, "leather")
    body.draw()
    front = stage.surface((0, 0, deep))
    front.stroke([[(-half, tall * 0.72), (half, tall * 0.72)]], 0.006, lit(look.colour, 0.45))
    for sx in (-1, 1):
        for y in (0.0, tall - 0.06):
            front.box(
                sx * (half - 0.03) - 0.03,
                y,
                sx * (half - 0.03) + 0.03,
                y + 0.06,
                lit(look.colour, 0.6),
                radius=0.016,
            )
        _catch(front, sx * 0.16, tall * 0.72)
        if rng.random() < 0.7:
            front.box(sx * 0.21 - 0.014, 0.0, sx * 0.21 + 0.014, tall, lit(look.colour, 0.7))


def _catch(front: Surface, x: float, y: float) -> None:
    front.box(x - 0.02, y - 0.022, x + 0.02, y + 0.022, _METAL, radius=0.005)
    front.box(x - 0.009, y - 0.012, x + 0.009, y + 0.008, lit(_METAL, 0.65), radius=0.003)


_BAGS = ("Clothes & Shoes", "Bags & Luggage")
KINDS = (
    Kind(
        "backpack",
        (*_BAGS, "Backpacks"),
        ("backpack", "rucksack", "school bag", "day pack"),
        backpack,
        (0.36, 0.47, 0.16),
        {"canvas": PAINTED, "nylon": PAINTED, "leather": ("brown", "black", "red")},
        ("room", "table", "studio"),
        22,
        ("padded laptop sleeve", "all zips work", "waterproof lining", "comfy straps"),
        ("Trailhead", "Fell & Fjord", "Kerbside"),
    ),
    Kind(
        "handbag",
        (*_BAGS, "Handbags"),
        ("handbag", "bag", "shoulder bag", "tote bag"),
        handbag,
        (0.32, 0.34, 0.12),
        {"leather": ANY_COLOUR, "suede": ANY_COLOUR, "canvas": ANY_COLOUR},
        ("table", "table", "studio"),
        30,
        ("dust bag included", "inside pocket with zip", "clasp works well", "roomy inside"),
        ("Rosa Quill", "Belmont", "Thistle"),
    ),
    Kind(
        "suitcase",
        (*_BAGS, "Suitcases"),
        ("suitcase", "travel case", "luggage"),
        suitcase,
        (0.58, 0.8, 0.22),
        {
            "plastic": PAINTED,
            "leather": ("brown", "black", "red", "green"),
            "aluminium": ("grey", "black", "blue", "pink"),
        },
        ("room", "room", "studio"),
        28,
        ("cabin size", "locks with keys", "clean inside", "rolls along beautifully"),
        ("Wayfare", "Belmont"),
    ),
)
