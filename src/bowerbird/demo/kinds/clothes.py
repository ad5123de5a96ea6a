"""Dresses, coats, jumpers and jeans, on a hanger or laid on the bed."""

from collections.abc import Sequence

import numpy as np

from bowerbird.demo.camera import Points
from bowerbird.demo.canvas import Colour, lit, mixed
from bowerbird.demo.kinds.kind import ANY_COLOUR, FABRIC, Kind
from bowerbird.demo.outlines import arc, circle, mirrored, moved, rectangle, spline
from bowerbird.demo.stage import Stage, Surface
from bowerbird.demo.things import Look

_HANGER: Colour = (176, 132, 88)
_WEAVES = {
    "cotton": "canvas",
    "linen": "linen",
    "silk": "plaster",
    "wool": "tweed",
    "denim": "canvas",
    "cashmere": "plaster",
}


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
    _hang(stage, face, parts, 1.0)
    for part in parts[1:]:
        _cloth(face, part, look, _WEAVES[look.material])
    _cloth(face, outline, look, _WEAVES[look.material])
    _print(face, outline, look, rng, (0.36, 1.0))
    _folds(face, outline, rng, [(x * 0.5, 0.58, x, hem) for x in np.linspace(-flare, flare, 9)], look.colour)
    belt: Colour = look.accent if rng.random() < 0.35 else lit(look.colour, 0.72)
    face.fill(rectangle(-waist - 0.012, 0.605, waist + 0.012, 0.635, 0.004), belt, within=outline)


def _hang(stage: Stage, face: Surface, parts: Sequence[Points], top: float) -> None:
    """The hanger (on a wall) and the shadow behind."""
    stage.backing_shadow(parts, 0.03)
    if stage.setting == "hung":
        hook = np.concatenate(
            [
                [(0, top - 0.01), (0, top + 0.03)],
                arc(-0.0, top + 0.055, 0.022, 0.024, -np.pi / 2, np.pi * 0.9, 16),
            ]
        )
        face.stroke([hook], 0.006, (150, 152, 158))
        face.stroke([[(-0.15, top - 0.055), (0, top - 0.005), (0.15, top - 0.055)]], 0.02, _HANGER)


def _cloth(face: Surface, outline: Points, look: Look, texture: str) -> None:
    shades = (lit(look.colour, 1.12), look.colour, lit(look.colour, 0.8))
    low, high = outline.min(axis=0), outline.max(axis=0)
    face.fill(outline, face.gradient(shades, (low[0], high[1]), (high[0], low[1])), texture=texture)


def _folds(
    face: Surface,
    outline: Points,
    rng: np.random.Generator,
    lines: Sequence[tuple[float, float, float, float]],
    colour: Colour,
) -> None:
    for x0, y0, x1, y1 in lines:
        bend = rng.uniform(-0.015, 0.015)
        path = spline([(x0, y0), ((x0 + x1) / 2 + bend, (y0 + y1) / 2), (x1, y1)], closed=False)
        face.stroke([path], 0.02, lit(colour, 0.5), opacity=0.2, blur=0.008, within=outline)
        face.stroke(
            [moved(path, 0.016, 0)], 0.012, lit(colour, 1.5), opacity=0.16, blur=0.006, within=outline
        )


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
    _hang(stage, face, [body, *sleeves], 1.0)
    for sleeve in sleeves:
        _cloth(face, sleeve, look, _WEAVES[look.material])
        face.stroke([sleeve[[4, 3]]], 0.006, lit(look.colour, 0.55), opacity=0.6)
        face.stroke([moved(sleeve[2:4], 0, 0.045)], 0.005, lit(look.colour, 0.6))
    _cloth(face, body, look, _WEAVES[look.material])
    edge = -0.05 if double else 0.0
    face.stroke([[(edge, 0.74), (edge - 0.004, hem)]], 0.006, lit(look.colour, 0.5))
    collar = np.array([(-0.07, 1.0), (0.07, 1.0), (0.0, 0.76)])
    face.fill(collar, mixed(look.accent, (70, 62, 60), 0.5))
    for s in (-1, 1):
        lapel = np.array(
            [(s * 0.06, 1.005), (s * 0.11, 0.985), (s * 0.135, 0.86), (s * 0.1, 0.845), (s * 0.005, 0.73)]
        )
        face.fill(moved(lapel, 0.004, -0.006), lit(look.colour, 0.45), opacity=0.5, blur=0.006)
        face.fill(lapel, lit(look.colour, 1.06), texture=_WEAVES[look.material])
        face.stroke([lapel[[1, 2, 3, 4]]], 0.0035, lit(look.colour, 0.6))
        pocket = rectangle(s * 0.13 - 0.05, 0.37, s * 0.13 + 0.05, 0.4, 0.006)
        face.fill(moved(pocket, 0.002, -0.005), lit(look.colour, 0.4), opacity=0.5)
        face.fill(pocket, lit(look.colour, 0.95))
    columns = (edge + 0.02, edge + 0.09) if double else (edge + 0.02,)
    button: Colour = (58, 42, 34) if sum(look.colour) > 260 else (176, 150, 110)
    for x in columns:
        for y in (0.68, 0.58, 0.48):
            face.oval(x + 0.002, y - 0.003, 0.013, lit(look.colour, 0.4))
            face.oval(x, y, 0.012, button)
    _folds(face, body, rng, [(x * 0.7, 0.6, x, hem) for x in (-0.2, -0.12, 0.12, 0.2)], look.colour)


def jumper(stage: Stage, look: Look) -> None:
    """A knitted jumper with ribbed cuffs, plain, striped or with a yoke."""
    rng = look.numbers()
    face = stage.surface()
    half = [(0.075, 0.66), (0.2, 0.62), (0.235, 0.5), (0.21, 0.3), (0.215, 0.02), (0.0, 0.0)]
    body = spline([(0.0, 0.635), *half, *[(-x, y) for x, y in reversed(half[:-1])]], steps=6)
    sleeves = [
        spline(
            [(s * 0.19, 0.625), (s * 0.26, 0.52), (s * 0.36, 0.16), (s * 0.29, 0.12), (s * 0.2, 0.36)],
            steps=6,
        )
        for s in (-1, 1)
    ]
    _hang(stage, face, [body, *sleeves], 0.68)
    for part in (*sleeves, body):
        _cloth(face, part, look, "knit")
        _pattern(face, part, look, int(look.seed % 4))
    for s in (-1, 1):
        cuff = np.array([(s * 0.37, 0.2), (s * 0.355, 0.145), (s * 0.285, 0.105), (s * 0.272, 0.15)])
        face.fill(cuff, lit(look.colour, 0.82), texture="knit", within=sleeves[(s + 1) // 2])
        face.stroke(
            [[(s * 0.2, 0.6), (s * 0.205, 0.4)]], 0.01, lit(look.colour, 0.45), opacity=0.35, blur=0.006
        )
    face.fill(rectangle(-0.3, -0.02, 0.3, 0.055), lit(look.colour, 0.82), within=body, texture=None)
    ribs = [[(x, 0.0), (x, 0.055)] for x in np.arange(-0.21, 0.22, 0.014)]
    face.stroke(ribs, 0.003, lit(look.colour, 0.6), opacity=0.6, within=body)
    face.fill(arc(0, 0.645, 0.085, 0.045), lit(look.colour, 0.8))
    face.fill(arc(0, 0.655, 0.068, 0.034), lit(look.colour, 0.38))
    _folds(face, body, rng, [(-0.18, 0.45, -0.1, 0.2), (0.18, 0.45, 0.12, 0.18)], look.colour)


def _pattern(face: Surface, part: Points, look: Look, style: int) -> None:
    pale = mixed(look.accent, (255, 250, 240), 0.4)
    if style == 1:
        for y in np.arange(0.1, 0.6, 0.095):
            face.fill(rectangle(-0.5, y, 0.5, y + 0.03), pale, within=part, opacity=0.9)
    elif style == 2:
        for y in (0.46, 0.52):
            zigzag = [(x, y + 0.018 * (i % 2)) for i, x in enumerate(np.arange(-0.4, 0.41, 0.02))]
            face.stroke([zigzag], 0.009, pale, within=part)


def jeans(stage: Stage, look: Look) -> None:
    """Denim trousers with stitched pockets."""
    rng = look.numbers()
    face, flare = stage.surface(), float(rng.uniform(0.06, 0.1))
    outline = np.array(
        mirrored(
            [
                (0.0, 0.985),
                (0.13, 1.0),
                (0.175, 0.8),
                (0.17, 0.4),
                (0.1 + flare, 0.0),
                (0.1 - flare * 0.9, 0.0),
                (0.025, 0.45),
                (0.0, 0.68),
            ]
        )
    )
    _hang(stage, face, [outline], 1.0)
    _cloth(face, outline, look, "canvas")
    fade = mixed(look.colour, (255, 255, 255), 0.35)
    for s in (-1, 1):
        face.fill(arc(s * 0.1, 0.62, 0.035, 0.2), fade, opacity=0.5, blur=0.02, within=outline)
        face.fill(arc(s * 0.105, 0.26, 0.03, 0.1), fade, opacity=0.35, blur=0.02, within=outline)
    stitch: Colour = (206, 150, 84)
    face.fill(rectangle(-0.2, 0.945, 0.2, 0.99), lit(look.colour, 0.82), within=outline)
    for s in (-1, 1):
        pocket = spline([(s * 0.055, 0.945), (s * 0.07, 0.885), (s * 0.155, 0.86)], closed=False)
        face.stroke([pocket], 0.004, stitch, within=outline)
        face.stroke(
            [spline([(s * 0.16, 0.82), (s * 0.155, 0.4), (s * (0.085 + flare), 0.02)], closed=False)],
            0.003,
            stitch,
            opacity=0.7,
        )
        face.box(s * 0.09 - 0.006, 0.94, s * 0.09 + 0.006, 1.0, lit(look.colour, 0.7))
    face.stroke([spline([(0.0, 0.94), (0.012, 0.8), (0.0, 0.7)], closed=False)], 0.004, stitch)
    face.oval(0.0, 0.967, 0.011, (196, 160, 96))
    hems = [[(s * (0.1 - flare * 0.85), 0.03), (s * (0.1 + flare * 0.95), 0.03)] for s in (-1, 1)]
    face.stroke(hems, 0.003, stitch)
    _folds(face, outline, rng, [(s * 0.03, 0.7, s * 0.13, 0.72) for s in (-1, 1)], look.colour)


_WOMEN, _MEN = ("Clothes & Shoes", "Women"), ("Clothes & Shoes", "Unisex")
KINDS = (
    Kind(
        "dress",
        (*_WOMEN, "Dresses"),
        ("dress", "summer dress", "midi dress", "party dress"),
        dress,
        (0.66, 1.1, 0.04),
        {"cotton": ANY_COLOUR, "linen": FABRIC, "silk": ANY_COLOUR},
        ("hung", "hung", "flat"),
        18,
        ("size 12", "has pockets", "worn to one wedding", "machine washable", "zip at the side"),
        ("Rosa Quill", "Marlow Made", "Thistle"),
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
        ("fully lined", "very warm", "two deep pockets", "size medium", "dry cleaned"),
        ("Rosa Quill", "Harrier & Hart", "Thistle"),
    ),
    Kind(
        "jumper",
        (*_MEN, "Knitwear"),
        ("jumper", "knitted jumper", "sweater", "pullover"),
        jumper,
        (0.76, 0.74, 0.04),
        {"wool": ANY_COLOUR, "cotton": ANY_COLOUR, "cashmere": ANY_COLOUR},
        ("hung", "flat", "flat"),
        15,
        ("size medium", "no bobbles", "not itchy", "hand knitted", "cosy"),
        ("Fairlee Knits", "Thistle", "Harrier & Hart"),
    ),
    Kind(
        "jeans",
        (*_MEN, "Jeans"),
        ("jeans", "denim jeans", "jeans"),
        jeans,
        (0.4, 1.06, 0.04),
        {"denim": ("blue", "black", "grey", "white", "blue")},
        ("hung", "flat", "flat"),
        14,
        ("32 waist", "30 leg", "straight cut", "barely faded"),
        ("Harrier & Hart", "Indigo Row"),
        plural=True,
    ),
)
