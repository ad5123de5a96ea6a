"""Jumpers and jeans, on a hanger or laid on the bed."""

import numpy as np

from bowerbird.demo.camera import Points
from bowerbird.demo.canvas import Colour, lit, mixed
from bowerbird.demo.kinds.garment import fill_cloth, hang, paint_folds
from bowerbird.demo.kinds.kind import ANY_COLOUR, Kind
from bowerbird.demo.outlines import arc, mirrored, rectangle, spline
from bowerbird.demo.stage import Stage, Surface
from bowerbird.demo.things import Look


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
    hang(stage, face, [body, *sleeves], 0.68)
    for part in (*sleeves, body):
        fill_cloth(face, part, look, "knit")
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
    paint_folds(face, body, rng, [(-0.18, 0.45, -0.1, 0.2), (0.18, 0.45, 0.12, 0.18)], look.colour)


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
    hang(stage, face, [outline], 1.0)
    fill_cloth(face, outline, look, "canvas")
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
    face.stroke([[(-0.2, 0.03), (0.2, 0.03)]], 0.003, stitch, within=outline)
    paint_folds(face, outline, rng, [(s * 0.03, 0.7, s * 0.13, 0.72) for s in (-1, 1)], look.colour)


_CATEGORY = ("Clothes & Shoes",)
KINDS = (
    Kind(
        "jumper",
        (*_CATEGORY, "Knitwear"),
        ("jumper", "knitted jumper", "sweater", "pullover"),
        jumper,
        (0.76, 0.74, 0.04),
        {"wool": ANY_COLOUR, "cotton": ANY_COLOUR, "cashmere": ANY_COLOUR},
        ("hung", "flat", "flat"),
        15,
        ("no bobbles", "not itchy", "hand knitted", "cosy"),
        ("Fairlee Knits", "Thistle", "Harrier & Hart"),
        sizes=("size small", "size medium", "size large", "size XL"),
    ),
    Kind(
        "jeans",
        (*_CATEGORY, "Jeans"),
        ("jeans", "denim jeans", "jeans"),
        jeans,
        (0.4, 1.06, 0.04),
        {"denim": ("blue", "black", "grey", "white", "blue")},
        ("hung", "flat", "flat"),
        14,
        ("straight cut", "zip and button work", "soft heavy denim"),
        ("Harrier & Hart", "Indigo Row"),
        plural=True,
        sizes=tuple(f"{waist} waist {leg} leg" for waist in range(28, 40, 2) for leg in (30, 32)),
    ),
)
