"""Guitars and keyboards."""

import numpy as np
from numpy.typing import ArrayLike

from bowerbird.demo.camera import Points
from bowerbird.demo.canvas import Colour, lit, mixed
from bowerbird.demo.kinds.kind import PAINTED, WOOD, Kind
from bowerbird.demo.outlines import arc, circle, mirrored, moved, rectangle, spline
from bowerbird.demo.palette import WOODS
from bowerbird.demo.solids import Block
from bowerbird.demo.stage import Stage, Surface
from bowerbird.demo.things import Look

_ROSEWOOD: Colour = (72, 46, 34)
_ACOUSTIC = mirrored(
    [
        *((0.0, 0.47), (0.07, 0.475), (0.135, 0.43), (0.13, 0.35), (0.115, 0.29)),
        *((0.15, 0.22), (0.19, 0.13), (0.17, 0.04), (0.09, 0.0), (0.0, -0.005)),
    ]
)
_ELECTRIC = [
    *((0.03, 0.4), (0.09, 0.41), (0.14, 0.46), (0.155, 0.42), (0.12, 0.33), (0.115, 0.25), (0.155, 0.16)),
    *((0.17, 0.07), (0.12, 0.005), (0.02, 0.0), (-0.09, 0.01), (-0.17, 0.06), (-0.17, 0.16), (-0.125, 0.25)),
    *((-0.13, 0.35), (-0.165, 0.46), (-0.13, 0.49), (-0.07, 0.42), (-0.03, 0.4)),
]


class _Tilted:
    """A surface on which a guitar lies turned by some angle about its foot."""

    def __init__(self, face: Surface, angle: float) -> None:
        self.face = face
        cos, sin = np.cos(angle), np.sin(angle)
        self.turn = np.array([[cos, sin], [-sin, cos]])

    def at(self, points: ArrayLike) -> Points:
        """(n, 2) guitar coordinates on the surface."""
        turned: Points = (np.asarray(points, np.float64) - [0, 0.5]) @ self.turn + [0, 0.5]
        return turned


def acoustic_guitar(stage: Stage, look: Look) -> None:
    """A figure-of-eight body with a sound hole."""
    rng = look.numbers()
    lay = _Tilted(stage.surface((0, 0, 0.03)), float(rng.uniform(-0.35, 0.35)))
    body = spline(_ACOUSTIC)
    _cast(stage, lay, body)
    _body(lay, body, look.colour, rim=lit(look.colour, 0.55))
    face = lay.face
    face.stroke(
        [lay.at(np.concatenate([body, body[:1]]) * [0.965, 0.97] + [0, 0.007])],
        0.004,
        (244, 234, 214),
        opacity=0.85,
    )
    face.fill(lay.at(circle(0, 0.3, 0.058)), _ROSEWOOD)
    face.stroke([lay.at(circle(0, 0.3, 0.054))], 0.004, (230, 208, 168))
    face.fill(lay.at(circle(0, 0.3, 0.047)), (26, 18, 14))
    guard = spline([(0.05, 0.27), (0.1, 0.27), (0.105, 0.2), (0.06, 0.17), (0.035, 0.23)])
    face.fill(lay.at(guard), (44, 28, 24) if rng.random() < 0.7 else look.accent, opacity=0.85)
    face.fill(lay.at(rectangle(-0.075, 0.115, 0.075, 0.14, 0.01)), _ROSEWOOD)
    _neck(lay, foot=0.36, strings=0.128)


def electric_guitar(stage: Stage, look: Look) -> None:
    """A double-cut body with pickguard and pickups."""
    rng = look.numbers()
    lay = _Tilted(stage.surface((0, 0, 0.03)), float(rng.uniform(-0.35, 0.35)))
    body = spline(_ELECTRIC)
    _cast(stage, lay, body)
    _body(lay, body, look.colour, rim=lit(look.colour, 0.5))
    face = lay.face
    guard: Colour = (240, 236, 226) if rng.random() < 0.7 else (34, 32, 34)
    shape = spline(
        [
            (0.0, 0.39),
            (0.07, 0.36),
            (0.09, 0.28),
            (0.13, 0.14),
            (0.1, 0.07),
            (0.06, 0.12),
            (-0.05, 0.16),
            (-0.07, 0.28),
            (-0.06, 0.36),
        ]
    )
    face.fill(lay.at(shape), guard)
    for y in (0.3, 0.235, 0.17):
        face.fill(
            lay.at(rectangle(-0.04, y - 0.012, 0.04, y + 0.012, 0.011)),
            (48, 46, 48) if guard[0] > 100 else (214, 212, 206),
        )
    for x, y in ((0.085, 0.18), (0.1, 0.135), (0.095, 0.09)):
        face.fill(lay.at(circle(x, y, 0.014)), (214, 212, 208))
        face.fill(lay.at(circle(x, y, 0.009)), (150, 148, 146))
    face.fill(lay.at(rectangle(-0.04, 0.1, 0.04, 0.13, 0.005)), (186, 188, 194))
    _neck(lay, foot=0.33, strings=0.115)


def _cast(stage: Stage, lay: _Tilted, body: Points) -> None:
    neck = rectangle(-0.03, 0.4, 0.03, 0.98, 0.02)
    stage.backing_shadow([lay.at(body), lay.at(neck)], 0.05)


def _body(lay: _Tilted, body: Points, colour: Colour, rim: Colour) -> None:
    face = lay.face
    face.fill(lay.at(moved(body, 0.008, -0.008)), rim)
    paint = face.gradient(
        (lit(colour, 1.2), lit(colour, 1.02), lit(colour, 0.74)), (-0.18, 0.45), (0.2, 0.02)
    )
    wood = colour in [wood.rgb for wood in WOODS.values()]
    face.fill(lay.at(body), paint, texture="wood upright" if wood else None)
    glare = np.array([(-0.3, 0.16), (-0.3, 0.22), (0.3, 0.5), (0.3, 0.4)])
    face.fill(lay.at(glare), (255, 255, 255), opacity=0.14, blur=0.01, within=lay.at(body))


def _neck(lay: _Tilted, foot: float, strings: float) -> None:
    face, top = lay.face, 0.84
    neck = np.array([(-0.027, foot), (0.027, foot), (0.021, top), (-0.021, top)])
    face.fill(
        lay.at(neck), face.gradient((lit(_ROSEWOOD, 1.25), lit(_ROSEWOOD, 0.85)), (-0.03, 0.6), (0.03, 0.6))
    )
    frets = [
        lay.at([(-0.025, y), (0.025, y)])
        for y in top - (top - foot) * (1 - 0.5 ** (np.arange(1, 15) / 7)) / 0.75
    ]
    face.stroke(frets, 0.0025, (200, 190, 168))
    head = spline(
        [
            (-0.021, top),
            (-0.034, top + 0.04),
            (-0.03, 0.985),
            (0.0, 0.975),
            (0.03, 0.985),
            (0.034, top + 0.04),
            (0.021, top),
        ],
        steps=5,
    )
    face.fill(lay.at(head), (112, 70, 44), texture="wood upright")
    for side in (-1, 1):
        for y in (top + 0.045, top + 0.08, top + 0.115):
            face.fill(lay.at(circle(side * 0.041, y, 0.009, 16)), (222, 216, 200))
            face.fill(lay.at(circle(side * 0.022, y, 0.005, 12)), (190, 190, 192))
    face.fill(lay.at(rectangle(-0.022, top - 0.004, 0.022, top + 0.004)), (240, 232, 214))
    wires = [lay.at([(x * 1.3, strings), (x, top + 0.01)]) for x in np.linspace(-0.017, 0.017, 6)]
    face.stroke(wires, 0.0014, (226, 222, 210), opacity=0.8)


def keyboard(stage: Stage, look: Look) -> None:
    """An electric piano seen from above its front edge."""
    rng = look.numbers()
    half, height, depth = 0.62, 0.1, 0.17
    stage.shadow(rectangle(-half, -depth, half, depth), height * 2)
    body = Block(stage, (-half, 0.0, -depth), (half, height, depth), look.colour, 0.014)
    body.draw()
    top = body.face("top")
    left, right, near, far = 0.04, 2 * half - 0.04, 0.015, 0.185
    top.box(left - 0.008, near - 0.006, right + 0.008, far + 0.01, (20, 20, 22), radius=0.004)
    count = int(rng.choice((22, 29, 36)))
    wide = (right - left) / count
    whites = [
        rectangle(left + i * wide + 0.001, near, left + (i + 1) * wide - 0.001, far, 0.002)
        for i in range(count)
    ]
    top.fill_all(whites, (246, 244, 238))
    blacks = [left + i * wide for i in range(1, count) if i % 7 in (1, 2, 4, 5, 6)]
    top.fill_all([rectangle(x - wide * 0.3, near + 0.065, x + wide * 0.3, far) for x in blacks], (30, 30, 32))
    top.fill_all(
        [rectangle(x - wide * 0.2, near + 0.08, x + wide * 0.1, far - 0.01) for x in blacks],
        (78, 78, 82),
        opacity=0.7,
    )
    panel = mixed(look.colour, (20, 20, 22), 0.4)
    top.box(half - 0.1, 0.225, half + 0.1, 0.31, (40, 52, 60), radius=0.006)
    top.box(half - 0.09, 0.235, half + 0.09, 0.3, (120, 190, 176), radius=0.004, opacity=0.85)
    for i in range(6):
        for side in (-1, 1):
            x = half + side * (0.17 + 0.05 * i)
            top.box(x - 0.016, 0.255, x + 0.016, 0.28, look.accent if i == 0 else panel, radius=0.005)
    for grille in (0.03, 1.11):
        top.stroke([[(grille + k * 0.013, 0.21), (grille + k * 0.013, 0.32)] for k in range(8)], 0.004, panel)
    for x, tone in ((half - 0.14, look.accent), (half + 0.14, panel)):
        top.fill(arc(x, 0.22, 0.012, 0.012, n=20), tone)


_CATEGORY = ("Music & Instruments",)
KINDS = (
    Kind(
        "guitar",
        (*_CATEGORY, "Guitars", "Acoustic Guitars"),
        ("guitar", "acoustic guitar", "acoustic guitar"),
        acoustic_guitar,
        (0.55, 1.0, 0.06),
        {
            "pine": WOOD,
            "mahogany": WOOD,
            "spruce": ("orange", "red", "black", "blue", "white", "green", "yellow"),
        },
        ("hung", "flat", "floor"),
        75,
        ("new strings", "soft case included", "lovely warm tone", "low action, easy to play"),
        ("Larkwood", "Tanglefield", "Old Mill"),
    ),
    Kind(
        "electric guitar",
        (*_CATEGORY, "Guitars", "Electric Guitars"),
        ("electric guitar", "guitar", "electric guitar"),
        electric_guitar,
        (0.55, 1.0, 0.06),
        {"alder": PAINTED, "ash": PAINTED},
        ("hung", "flat", "floor"),
        140,
        ("new strings", "all the pickups work", "gig bag included", "lead included"),
        ("Voltair", "Larkwood", "Thunderbolt"),
    ),
    Kind(
        "keyboard",
        (*_CATEGORY, "Keyboards & Pianos"),
        ("keyboard", "electric piano", "digital piano"),
        keyboard,
        (1.26, 0.1, 0.36),
        {"plastic": ("black", "white", "grey", "red", "blue", "pink")},
        ("table", "room", "studio"),
        90,
        ("every key works", "power supply included", "headphone socket", "good for a beginner"),
        ("Voltair", "Cadenza"),
    ),
)
