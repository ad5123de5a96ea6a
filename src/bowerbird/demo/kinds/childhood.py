"""Prams, toy vans and teddy bears."""

import numpy as np

from bowerbird.demo.canvas import Colour, lit, mixed
from bowerbird.demo.kinds.kind import FABRIC, PAINTED, Kind
from bowerbird.demo.outlines import arc, circle, moved, rectangle, spline
from bowerbird.demo.solids import Block, ball
from bowerbird.demo.stage import Stage, Surface
from bowerbird.demo.things import Look

_RUBBER: Colour = (44, 43, 46)
_CHROME: Colour = (196, 200, 206)


def pram(stage: Stage, look: Look) -> None:
    """A carriage on tall wheels with a folding hood, seen from the side."""
    rng = look.numbers()
    stage.shadow(rectangle(-0.45, -0.22, 0.45, 0.22), 0.5)
    side, r = stage.surface((0, 0, 0.1)), float(rng.uniform(0.17, 0.22))
    far = stage.surface((0, 0, -0.2), brightness=0.7)
    wheels = ((-0.27, r), (0.27, r))
    for x, y in wheels:
        _wheel(far, x, y, r, _CHROME)
    side.stroke([[(-0.27, r), (0.16, 0.44)], [(0.27, r), (-0.16, 0.44)]], 0.022, (120, 124, 130))
    side.stroke([spline([(-0.36, 0.58), (-0.52, 0.72), (-0.62, 0.93)], closed=False)], 0.024, _CHROME)
    side.stroke([[(-0.585, 0.86), (-0.63, 0.95)]], 0.04, (58, 48, 44))
    body = spline(
        [(-0.42, 0.66), (-0.38, 0.5), (-0.22, 0.4), (0.2, 0.4), (0.36, 0.48), (0.42, 0.66)], steps=8
    )
    shades = (lit(look.colour, 1.1), look.colour, lit(look.colour, 0.74))
    side.fill(body, side.gradient(shades, (0, 0.66), (0.1, 0.4)), texture="canvas")
    side.box(-0.43, 0.64, 0.43, 0.672, lit(look.colour, 0.62), radius=0.012)
    _hood(side, look)
    apron = mixed(look.accent, (244, 238, 226), 0.55)
    side.fill(spline([(-0.4, 0.67), (-0.3, 0.72), (-0.05, 0.72), (0.06, 0.67)]), apron, texture="linen")
    for x, y in wheels:
        _wheel(side, x, y, r, _CHROME)


def _hood(side: Surface, look: Look) -> None:
    hinge = np.array([0.06, 0.67])
    angles = np.linspace(0.0, 1.9, 6)
    r = 0.37
    for i in range(5):
        fan = np.concatenate([[hinge], hinge + arc(0, 0, r, r * 1.02, angles[i], angles[i + 1], 10)])
        side.fill(fan, lit(look.colour, 1.12 - 0.1 * i), texture="canvas")
    ribs = [[hinge, moved([(r * np.cos(a), r * 1.02 * np.sin(a))], 0.06, 0.67)[0]] for a in angles[1:]]
    side.stroke(ribs, 0.008, lit(look.colour, 0.55))
    side.stroke([hinge + arc(0, 0, r, r * 1.02, 0.0, 1.9, 30)], 0.012, lit(look.colour, 0.6))
    side.oval(float(hinge[0]), float(hinge[1]), 0.022, _CHROME)


def _wheel(face: Surface, x: float, y: float, r: float, metal: Colour) -> None:
    spokes = [
        [(x, y), (x + r * 0.92 * np.cos(a), y + r * 0.92 * np.sin(a))] for a in np.arange(12) * np.pi / 6
    ]
    face.stroke(spokes, 0.005, metal)
    face.fill(circle(x, y, r, 60), _RUBBER, holes=[circle(x, y, r - 0.024, 60)])
    face.fill(circle(x, y, r - 0.024, 60), metal, holes=[circle(x, y, r - 0.036, 60)])
    face.oval(x, y, 0.026, metal)
    face.oval(x, y, 0.013, lit(metal, 0.6))


def toy_van(stage: Stage, look: Look) -> None:
    """A wooden or tin van, car or lorry about a hand long."""
    rng = look.numbers()
    stage.shadow(rectangle(-0.1, -0.045, 0.1, 0.045), 0.08)
    style, deep = int(rng.integers(3)), 0.04
    for x in (-0.058, 0.058):
        _tyre(stage, x, -deep)
    box = _BODIES[style]
    for i, (x0, y0, x1, y1) in enumerate(box):
        tone = look.colour if i < 2 else mixed(look.colour, look.accent, 0.85)
        Block(
            stage, (x0, y0, -deep), (x1, y1, deep), tone, 0.009, "wood" if look.material == "wood" else None
        ).draw()
    face = stage.surface((0, 0, deep + 0.0005))
    for x0, y0, x1, y1 in _WINDOWS[style]:
        face.box(x0, y0, x1, y1, (206, 226, 236), radius=0.005)
        face.fill(
            np.array([(x0, y0), (x0 + 0.012, y0), (x1, y1), (x1 - 0.012, y1)]),
            (255, 255, 255),
            opacity=0.5,
            within=rectangle(x0, y0, x1, y1, 0.005),
        )
    face.stroke([[(-0.09, 0.036), (0.09, 0.036)]], 0.005, lit(look.accent, 1.1))
    face.oval(0.088, 0.046, 0.007, (250, 236, 180))
    face.box(-0.104, 0.02, 0.104, 0.026, (186, 188, 192), radius=0.003)
    for x in (-0.058, 0.058):
        _tyre(stage, x, deep + 0.004)


_BODIES = (
    ((-0.1, 0.02, 0.1, 0.055), (-0.1, 0.045, 0.07, 0.105)),  # van
    ((-0.1, 0.02, 0.1, 0.055), (-0.062, 0.048, 0.042, 0.092)),  # car
    ((-0.1, 0.02, 0.1, 0.045), (0.035, 0.04, 0.1, 0.1), (-0.1, 0.045, 0.025, 0.085)),  # lorry
)
_WINDOWS = (
    ((0.02, 0.066, 0.06, 0.096), (-0.03, 0.066, 0.01, 0.096), (-0.085, 0.066, -0.042, 0.096)),
    ((-0.005, 0.06, 0.034, 0.084), (-0.052, 0.06, -0.014, 0.084)),
    ((0.055, 0.066, 0.092, 0.092),),
)


def _tyre(stage: Stage, x: float, z: float) -> None:
    for step in range(3):
        face = stage.surface((x, 0.022, z + step * 0.003))
        face.oval(0, 0, 0.023, (38, 38, 41) if step < 2 else _RUBBER)
    face = stage.surface((x, 0.022, z + 0.007))
    face.oval(0, 0, 0.013, (232, 228, 218))
    face.oval(0, 0, 0.005, (150, 148, 146))


def _fur(stage: Stage, centre: tuple[float, float, float], radius: float, colour: Colour) -> None:
    ball(stage, centre, radius, colour, shine=1.1)
    (x, y), r = stage.camera.project(centre)[0].tolist(), radius * stage.camera.scale(centre)
    stage.canvas.texture([arc(x, y, r, r)], "pile", strength=0.55, seed=int(1000 * radius))


def teddy(stage: Stage, look: Look) -> None:
    """A sitting bear with a bow."""
    rng = look.numbers()
    stage.shadow(arc(0, 0.02, 0.12, 0.09, n=24), 0.2)
    fur, pale = look.colour, mixed(look.colour, (255, 246, 228), 0.5)
    for x in (-0.065, 0.065):
        _fur(stage, (x, 0.335, -0.01), 0.036, fur)
        _fur(stage, (x, 0.337, 0.012), 0.02, pale)
    _fur(stage, (0, 0.11, 0), 0.105, fur)
    _fur(stage, (0, 0.105, 0.05), 0.064, pale)
    for x in (-1, 1):
        _fur(stage, (x * 0.105, 0.14, 0.035), 0.042, fur)
        _fur(stage, (x * 0.125, 0.105, 0.06), 0.036, fur)
        _fur(stage, (x * 0.085, 0.042, 0.09), 0.052, fur)
        _fur(stage, (x * 0.09, 0.045, 0.128), 0.03, pale)
    _fur(stage, (0, 0.27, 0.02), 0.09, fur)
    _fur(stage, (0, 0.245, 0.085), 0.042, pale)
    face = stage.surface((0, 0, 0.13))
    face.fill(arc(0, 0.262, 0.014, 0.01), (44, 32, 30))
    face.stroke(
        [[(0, 0.255), (0, 0.242)], arc(0, 0.248, 0.016, 0.012, np.pi * 1.15, np.pi * 1.85, 10)],
        0.003,
        (60, 44, 40),
    )
    for x in (-0.034, 0.034):
        face.oval(x, 0.29, 0.0095, (30, 24, 24))
        face.oval(x - 0.003, 0.294, 0.003, (250, 250, 250))
    if rng.random() < 0.75:
        knot = (0.0, 0.19)
        for x in (-1, 1):
            wing = spline([knot, (x * 0.045, 0.215), (x * 0.055, 0.19), (x * 0.045, 0.165)], steps=5)
            face.fill(moved(wing, 0.002, -0.004), (20, 16, 18), opacity=0.35, blur=0.004)
            face.fill(wing, lit(look.accent, 1.05))
        face.oval(*knot, 0.013, lit(look.accent, 0.8))


_BABY, _TOYS = ("Baby & Kids", "Prams & Pushchairs"), ("Baby & Kids", "Toys")
KINDS = (
    Kind(
        "pram",
        (*_BABY, "Prams"),
        ("pram", "baby carriage", "vintage pram", "pram"),
        pram,
        (1.16, 1.05, 0.5),
        {"canvas": FABRIC, "leather": ("black", "brown", "white", "blue")},
        ("garden", "room", "studio"),
        85,
        ("folds flat", "mattress included", "brake works", "hood goes up and down easily"),
        ("Silverdale", "Little Wren"),
        0.6,
    ),
    Kind(
        "toy van",
        (*_TOYS, "Toy Vehicles"),
        ("toy van", "toy car", "toy lorry", "toy van"),
        toy_van,
        (0.21, 0.11, 0.1),
        {"wood": PAINTED, "tin": PAINTED},
        ("table", "room", "studio"),
        9,
        ("wheels all turn", "great little present", "paint is child safe", "built to last"),
        ("Tuppenny Toys", "Little Wren"),
    ),
    Kind(
        "teddy bear",
        (*_TOYS, "Soft Toys"),
        ("teddy bear", "teddy", "soft toy bear"),
        teddy,
        (0.34, 0.38, 0.26),
        {"mohair": ("brown", "white", "yellow", "grey", "pink", "blue"), "plush": FABRIC},
        ("table", "room", "studio"),
        10,
        ("very soft", "looking for a new friend", "no loose seams"),
        ("Little Wren", "Barnaby"),
        0.7,
    ),
)
