"""Dresses and coats, on a hanger or laid on the bed."""

import numpy as np

from bowerbird.demo.camera import Points
from bowerbird.demo.canvas import Colour, lit, mixed
from bowerbird.demo.kinds.garment import WEAVES, fill_cloth, hang, paint_folds
from bowerbird.demo.kinds.kind import ANY_COLOUR, FABRIC, Kind
from bowerbird.demo.outlines import circle, moved, rectangle, spline
from bowerbird.demo.stage import Stage, Surface
from bowerbird.demo.things import Look


def dress(stage: Stage, look: Look) -> None:
    """A sleeveless or short-sleeved dress with a gathered waist."""
    rng = look.numbers()
    face, flare, hem = stage.surface(), float(rng.uniform(0.26, 0.36)), float(rng.uniform(0.0, 0.2))
    waist = 0.13
    half = [
        (0.055, 0.98),
        (0.09, 1.0),
        (0.125, 0.985),
        (0.13, 0.86),
        (0.15, 0.8),
        (waist, 0.62),
        (0.17, 0.5),
        (flare * 0.86, hem + 0.14),
        (flare, hem),
        (flare * 0.5, hem - 0.015),
        (0.0, hem - 0.02),
    ]
    outline = spline([(0.0, 0.86), *half, *[(-x, y) for x, y in reversed(half[:-1])]], steps=6)
    sleeved = rng.random() < 0.5
    parts = [outline]
    if sleeved:
        parts += [
            np.array([(s * 0.1, 0.995), (s * 0.22, 0.9), (s * 0.2, 0.81), (s * 0.12, 0.86)]) for s in (-1, 1)
        ]
    hang(stage, face, parts, 1.0)
    for part in parts[1:]:
        fill_cloth(face, part, look, WEAVES[look.material])
    fill_cloth(face, outline, look, WEAVES[look.material])
    _print(face, outline, look, rng, (0.36, 1.0))
    paint_folds(
        face, outline, rng, [(x * 0.5, 0.58, x, hem) for x in np.linspace(-flare, flare, 9)], look.colour
    )
    belt: Colour = look.accent if rng.random() < 0.35 else lit(look.colour, 0.72)
    face.fill(rectangle(-waist - 0.012, 0.605, waist + 0.012, 0.635, 0.004), belt, within=outline)


def _print(
    face: Surface, outline: Points, look: Look, rng: np.random.Generator, span: tuple[float, float]
) -> None:
    style, pale = int(rng.integers(6)), mixed(look.colour, (255, 250, 240), 0.75)
    if style == 0:
        spots = [
            circle(x + 0.02 * (i % 2), y, 0.0085, 12)
            for i, y in enumerate(np.arange(0.0, 1.0, 0.042))
            for x in np.arange(-0.4, 0.4, 0.045)
        ]
        face.canvas.fill(
            [face.pixels(spot) for spot in spots], pale, within=face.pixels(outline), opacity=0.9
        )
    elif style == 1:
        for y in np.arange(0.0, 1.0, 0.07):
            face.fill(rectangle(-0.5, y, 0.5, y + 0.02), pale, within=outline, opacity=0.85)
    elif style == 2:
        for x, y in rng.uniform((-0.3, 0.0), (0.3, span[1]), (46, 2)):
            petals = [
                circle(x + 0.012 * np.cos(a), y + 0.012 * np.sin(a), 0.009, 10) for a in np.arange(5) * 1.257
            ]
            face.canvas.fill([face.pixels(petal) for petal in petals], pale, within=face.pixels(outline))
            face.fill(circle(x, y, 0.006, 8), look.accent, within=outline)


def coat(stage: Stage, look: Look) -> None:
    """A long coat with lapels, buttons, pockets and sleeves."""
    rng = look.numbers()
    face, hem, double = stage.surface(), float(rng.uniform(0.0, 0.14)), bool(rng.random() < 0.4)
    half = [
        (0.07, 1.0),
        (0.2, 0.955),
        (0.235, 0.9),
        (0.21, 0.62),
        (0.225, 0.4),
        (0.255, hem),
        (0.0, hem - 0.01),
    ]
    body = spline([(0.0, 0.985), *half, *[(-x, y) for x, y in reversed(half[:-1])]], steps=6)
    drop = float(rng.uniform(0.4, 0.46))
    sleeves = [
        np.array(
            [
                (s * 0.18, 0.965),
                (s * 0.245, 0.9),
                (s * 0.315, drop),
                (s * 0.225, drop - 0.02),
                (s * 0.19, 0.75),
            ]
        )
        for s in (-1, 1)
    ]
    hang(stage, face, [body, *sleeves], 1.0)
    for sleeve in sleeves:
        fill_cloth(face, sleeve, look, WEAVES[look.material])
        face.stroke([sleeve[[4, 3]]], 0.006, lit(look.colour, 0.55), opacity=0.6)
        face.stroke([moved(sleeve[2:4], 0, 0.045)], 0.005, lit(look.colour, 0.6))
    fill_cloth(face, body, look, WEAVES[look.material])
    edge = -0.05 if double else 0.0
    face.stroke([[(edge, 0.74), (edge - 0.004, hem)]], 0.006, lit(look.colour, 0.5))
    _lapels_and_pockets(face, look)
    _buttons(face, look.colour, (edge + 0.02, edge + 0.09) if double else (edge + 0.02,))
    paint_folds(face, body, rng, [(x * 0.7, 0.6, x, hem) for x in (-0.2, -0.12, 0.12, 0.2)], look.colour)


def _buttons(face: Surface, colour: Colour, columns: tuple[float, ...]) -> None:
    button: Colour = (58, 42, 34) if sum(colour) > 260 else (176, 150, 110)
    for x in columns:
        for y in (0.68, 0.58, 0.48):
            face.oval(x + 0.002, y - 0.003, 0.013, lit(colour, 0.4))
            face.oval(x, y, 0.012, button)


def _lapels_and_pockets(face: Surface, look: Look) -> None:
    collar = np.array([(-0.07, 1.0), (0.07, 1.0), (0.0, 0.76)])
    face.fill(collar, mixed(look.accent, (70, 62, 60), 0.5))
    for s in (-1, 1):
        lapel = np.array(
            [(s * 0.06, 1.005), (s * 0.11, 0.985), (s * 0.135, 0.86), (s * 0.1, 0.845), (s * 0.005, 0.73)]
        )
        face.fill(moved(lapel, 0.004, -0.006), lit(look.colour, 0.45), opacity=0.5, blur=0.006)
        face.fill(lapel, lit(look.colour, 1.06), texture=WEAVES[look.material])
        face.stroke([lapel[[1, 2, 3, 4]]], 0.0035, lit(look.colour, 0.6))
        pocket = rectangle(s * 0.13 - 0.05, 0.37, s * 0.13 + 0.05, 0.4, 0.006)
        face.fill(moved(pocket, 0.002, -0.005), lit(look.colour, 0.4), opacity=0.5)
        face.fill(pocket, lit(look.colour, 0.95))


KINDS = (
    Kind(
        "dress",
        ("Clothes & Shoes", "Dresses"),
        ("dress", "summer dress", "midi dress", "party dress"),
        dress,
        (0.66, 1.1, 0.04),
        {"cotton": ANY_COLOUR, "linen": FABRIC, "silk": ANY_COLOUR},
        ("hung", "hung", "flat"),
        18,
        ("has pockets", "machine washable", "zip at the side", "lovely swish to it"),
        ("Rosa Quill", "Marlow Made", "Thistle"),
        sizes=tuple(f"size {number}" for number in range(8, 20, 2)),
    ),
    Kind(
        "coat",
        ("Clothes & Shoes", "Coats & Jackets"),
        ("coat", "winter coat", "overcoat", "long coat"),
        coat,
        (0.66, 1.1, 0.04),
        {"wool": FABRIC, "cotton": FABRIC, "cashmere": FABRIC},
        ("hung", "hung", "flat"),
        42,
        ("fully lined", "very warm", "two deep pockets", "a proper winter coat"),
        ("Rosa Quill", "Harrier & Hart", "Thistle"),
        sizes=("size small", "size medium", "size large"),
    ),
)
