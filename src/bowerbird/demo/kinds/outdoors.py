"""Tents, deck chairs and umbrellas."""

from itertools import pairwise

import numpy as np

from bowerbird.demo.canvas import Colour, lit, mixed
from bowerbird.demo.kinds.kind import FABRIC, PAINTED, Kind
from bowerbird.demo.outlines import arc, rectangle, spline
from bowerbird.demo.solids import tube
from bowerbird.demo.stage import Stage
from bowerbird.demo.things import Look

_WOOD: Colour = (182, 136, 88)


def tent(stage: Stage, look: Look) -> None:
    """A ridge tent or a dome with an open door."""
    rng = look.numbers()
    stage.shadow(rectangle(-1.0, -0.8, 1.0, 0.8), 0.9, strength=0.8)
    if rng.random() < 0.5:
        _ridge(stage, look)
    else:
        _dome(stage, look)


def _ridge(stage: Stage, look: Look) -> None:
    half, tall, front, back = 0.85, 1.15, 0.75, -0.75
    project = stage.camera.project
    for side in (-1, 1):
        corners = [(side * half, 0, back), (side * half, 0, front), (0, tall, front), (0, tall, back)]
        normal = np.array([side * tall, half, 0.0]) / np.hypot(tall, half)
        if stage.camera.faces(np.mean(corners, axis=0), normal):
            stage.canvas.fill([project(corners)], lit(look.colour, stage.brightness(normal)))
            stage.canvas.texture([project(corners)], "canvas")
            seams = [project([(side * half, 0, z), (0, tall, z)]) for z in (-0.25, 0.25)]
            stage.canvas.stroke(seams, 1.5, lit(look.colour, 0.6), opacity=0.7)
            rope = project([(side * half * 0.55, tall * 0.45, 0), (side * half * 1.5, 0, 0)])
            stage.canvas.stroke([rope], 1.4, (230, 222, 204), opacity=0.9)
    face = stage.surface((0, 0, front))
    wall = np.array([(-half, 0), (half, 0), (0, tall)])
    face.fill(
        wall,
        face.gradient((lit(look.colour, 1.08), lit(look.colour, 0.86)), (0, tall), (0, 0)),
        texture="canvas",
    )
    door = np.array([(-0.34, 0), (0.34, 0), (0, 0.92)])
    face.fill(door, face.gradient(((70, 60, 54), (34, 28, 28)), (0, 0.9), (0, 0)))
    face.fill(rectangle(-0.2, 0.02, 0.2, 0.12, 0.05), mixed(look.accent, (60, 50, 50), 0.3), within=door)
    for side in (-1, 1):
        flap = spline(
            [
                (side * 0.02, 0.9),
                (side * 0.2, 0.6),
                (side * 0.36, 0.05),
                (side * 0.46, 0.03),
                (side * 0.4, 0.42),
            ]
        )
        face.fill(flap, lit(look.colour, 0.74 if side > 0 else 0.92), within=wall)
    face.stroke([[(0, 0.92), (0, tall + 0.06)]], 0.03, _WOOD)


def _dome(stage: Stage, look: Look) -> None:
    face, wide, tall = stage.surface(), 1.0, 1.1
    shell = np.concatenate([arc(0, 0, wide, tall, 0, np.pi, 48)])
    light = -1 if stage.light[0] < 0 else 1
    shades = (lit(look.colour, 1.15), look.colour, lit(look.colour, 0.66))
    face.fill(shell, face.gradient(shades, (light * 0.6, tall), (-light * 0.8, 0)), texture="canvas")
    for bend, tone in ((0.52, 0.82), (-0.52, 0.82)):
        pole = spline(
            [
                (-wide if bend > 0 else wide, 0),
                (-bend * 0.9, tall * 0.86),
                (0, tall),
                (bend * 0.4, tall * 0.6),
                (bend * 0.95, 0),
            ],
            closed=False,
        )
        face.stroke([pole], 0.022, lit(look.colour, tone * 0.8))
    front = spline([(-0.5, 0), (-0.34, 0.62), (0, 0.86), (0.34, 0.62), (0.5, 0)], closed=False)
    face.fill(front, lit(look.colour, 1.05), texture="canvas")
    panel: Colour = mixed(look.accent, look.colour, 0.3)
    face.stroke([front], 0.03, panel)
    door = spline([(-0.32, 0.0), (-0.22, 0.5), (0, 0.68), (0.22, 0.5), (0.32, 0.0)], closed=False)
    face.fill(door, face.gradient(((78, 68, 62), (36, 30, 30)), (0, 0.7), (0, 0)))
    flap = spline([(0.02, 0.67), (0.22, 0.5), (0.32, 0.0), (0.42, 0.02), (0.34, 0.46), (0.16, 0.7)])
    face.fill(flap, lit(look.colour, 0.8))
    ropes = [[(side * 0.85, 0.5), (side * 1.3, 0.0)] for side in (-1, 1)]
    face.stroke(ropes, 0.012, (232, 224, 206))


def deck_chair(stage: Stage, look: Look) -> None:
    """A folding wooden frame with a striped sling."""
    rng = look.numbers()
    stage.shadow(rectangle(-0.3, -0.5, 0.3, 0.45), 0.5)
    x, project = 0.28, stage.camera.project
    back_frame = [(0.0, 0.42), (0.95, -0.45)]
    for side in (-1, 1):
        tube(stage, [(side * x, 0.0, -0.42), (side * x, 0.52, 0.42)], 0.02, _WOOD)
    sling = spline([(0.9, -0.42), (0.5, -0.2), (0.26, 0.02), (0.3, 0.2), (0.5, 0.4)], closed=False, steps=6)
    striped, pale = rng.random() < 0.75, mixed(look.colour, (252, 246, 234), 0.8)
    bands = 7
    for i in range(bands):
        left, right = (-x + 0.02 + (2 * x - 0.04) * k / bands for k in (i, i + 1))
        # In pieces: seen from the front the sling folds over itself, and a folded outline would cancel out.
        pieces = [
            project([(left, y0, z0), (right, y0, z0), (right, y1, z1), (left, y1, z1)])
            for (y0, z0), (y1, z1) in pairwise(sling.tolist())
        ]
        stage.canvas.fill(pieces, pale if striped and i % 2 else look.colour)
    edges = [project([(side * (x - 0.02), y, z) for y, z in sling]) for side in (-1, 1)]
    stage.canvas.stroke(edges, 2, lit(look.colour, 0.7), opacity=0.8)
    dip = project(np.array([(-x, 0.2, 0.02), (x, 0.2, 0.02), (x, 0.42, -0.1), (-x, 0.42, -0.1)]))
    stage.canvas.fill([dip], (30, 24, 26), opacity=0.22, blur=stage.camera.scale((0, 0, 0)) * 0.05)
    for side in (-1, 1):
        tube(
            stage,
            [
                (side * (x + 0.03), back_frame[0][0], back_frame[0][1]),
                (side * (x + 0.03), back_frame[1][0], back_frame[1][1]),
            ],
            0.02,
            _WOOD,
        )
    tube(stage, [(-x - 0.03, 0.93, -0.43), (x + 0.03, 0.93, -0.43)], 0.02, _WOOD)
    tube(stage, [(-x, 0.51, 0.41), (x, 0.51, 0.41)], 0.02, _WOOD)


def umbrella(stage: Stage, look: Look) -> None:
    """An open umbrella seen from the side."""
    rng = look.numbers()
    face, half, top = stage.surface(), 0.46, 0.86
    stage.shadow(rectangle(-0.2, -0.1, 0.2, 0.1), 0.3, strength=0.7)
    face.stroke([[(0, 0.08), (0, top + 0.04)]], 0.014, (120, 122, 128))
    face.stroke(
        [np.concatenate([[(0, 0.12)], arc(0.045, 0.06, 0.045, 0.05, np.pi, 2 * np.pi, 16)])], 0.03, _WOOD
    )
    ribs = np.linspace(-half, half, 7)
    scallops: list[tuple[float, float]] = []
    for left, right in pairwise(ribs.tolist()):
        scallops += [
            (x, 0.5 + 0.05 * (1 - ((x - left) / (right - left) * 2 - 1) ** 2))
            for x in np.linspace(left, right, 8)
        ]
    canopy = np.concatenate([arc(0, 0.5, half, top - 0.5, 0, np.pi, 40), scallops])
    face.fill(
        canopy,
        face.gradient(
            (lit(look.colour, 1.16), look.colour, lit(look.colour, 0.72)), (-0.25, top), (0.3, 0.5)
        ),
    )
    two_tone = rng.random() < 0.3
    for i in range(6):
        panel = spline(
            [(ribs[i], 0.48), (ribs[i] * 0.86, 0.7), (0, top), (ribs[i + 1] * 0.86, 0.7), (ribs[i + 1], 0.48)]
        )
        if two_tone and i % 2:
            face.fill(panel, look.accent, opacity=0.85, within=canopy)
        elif i % 2:
            face.fill(panel, lit(look.colour, 0.7), opacity=0.35, within=canopy)
    lines = [spline([(x, 0.5), (x * 0.87, 0.7), (0, top)], closed=False) for x in ribs[1:-1]]
    face.stroke(lines, 0.005, lit(look.colour, 0.55), opacity=0.7, within=canopy)
    face.fill(arc(-0.2, 0.72, 0.11, 0.05), (255, 255, 255), opacity=0.2, blur=0.02, within=canopy)


_CAMPING = ("Sports & Leisure", "Camping & Outdoors")
KINDS = (
    Kind(
        "tent",
        (*_CAMPING, "Tents"),
        ("tent", "camping tent", "two man tent"),
        tent,
        (2.1, 1.2, 1.6),
        {"canvas": FABRIC, "nylon": PAINTED},
        ("garden",),
        55,
        (
            "all the pegs are there",
            "sleeps two",
            "been up three times",
            "reproofed last summer",
            "goes up in minutes",
        ),
        ("Fell & Fjord", "Trailhead", "Basecamp Betty"),
    ),
    Kind(
        "deck chair",
        ("Home & Garden", "Garden & Patio", "Garden Furniture"),
        ("deck chair", "deckchair", "garden chair"),
        deck_chair,
        (0.66, 0.98, 0.95),
        {"canvas": FABRIC},
        ("garden", "garden", "studio"),
        20,
        ("folds flat", "three positions", "new canvas this year", "ready for the sunshine"),
        ("Seabright", "Thatch & Co"),
    ),
    Kind(
        "umbrella",
        ("Clothes & Shoes", "Accessories", "Umbrellas"),
        ("umbrella", "brolly", "umbrella"),
        umbrella,
        (0.94, 0.92, 0.4),
        {"nylon": PAINTED, "cotton": PAINTED},
        ("garden", "room", "studio"),
        9,
        ("no bent spokes", "opens with a button", "wooden handle", "keeps two dry"),
        ("Puddlewick", "Drizzle & Sons"),
        0.5,
    ),
)
