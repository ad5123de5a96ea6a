"""Trainers, boots and wellies: pairs seen from the side."""

import numpy as np

from bowerbird.demo.camera import Points
from bowerbird.demo.canvas import Colour, lit, mixed
from bowerbird.demo.kinds.kind import ANY_COLOUR, PAINTED, Kind
from bowerbird.demo.outlines import arc, moved, rectangle, spline
from bowerbird.demo.stage import Stage, Surface
from bowerbird.demo.things import Look

_SOLE: Colour = (240, 238, 232)


def trainers(stage: Stage, look: Look) -> None:
    """Two trainers, laces and a flash on the side."""
    rng = look.numbers()
    stage.shadow(rectangle(-0.15, -0.12, 0.15, 0.09), 0.08)
    style = int(rng.integers(3))
    for z, x in ((-0.07, 0.03), (0.05, -0.025)):
        _trainer(stage.surface((x, 0, z)), look, style, high=look.seed % 3 == 0)


def _trainer(face: Surface, look: Look, style: int, *, high: bool) -> None:
    top = 0.128 if high else 0.084
    throat = [(-0.056, top + 0.004), (-0.036, 0.55 * top + 0.043), (0.004, 0.074), (0.045, 0.06)]
    heel = [(-0.136, 0.016), (-0.144, 0.05), (-0.138, top), (-0.128, top + 0.008), (-0.092, top - 0.01)]
    upper = spline([*heel, *throat, (0.1, 0.052), (0.136, 0.036), (0.14, 0.018), (0.0, 0.014)], steps=7)
    face.fill(arc(-0.094, top - 0.002, 0.038, 0.012), (52, 48, 50))
    tab = spline(
        [(-0.07, top - 0.006), (-0.072, top + 0.016), (-0.052, top + 0.02), (-0.034, top - 0.014)], steps=5
    )
    face.fill(tab, lit(look.colour, 0.8))
    shades = (lit(look.colour, 1.16), look.colour, lit(look.colour, 0.76))
    texture = "canvas" if look.material == "canvas" else "leather"
    face.fill(upper, face.gradient(shades, (-0.1, top + 0.02), (0.04, 0.0)), texture=texture)
    toe = spline([(0.07, 0.06), (0.12, 0.052), (0.15, 0.03), (0.14, 0.01), (0.082, 0.01)])
    face.fill(toe, _SOLE if look.material == "canvas" else lit(look.colour, 0.84), within=upper)
    counter = np.array([(-0.15, 0.0), (-0.108, 0.0), (-0.116, top - 0.012), (-0.15, top - 0.012)])
    face.fill(counter, mixed(look.colour, look.accent, 0.75), within=upper, opacity=0.95)
    _flash(face, look, style, upper)
    face.stroke([spline(throat, closed=False)], 0.003, lit(look.colour, 0.6), opacity=0.7)
    edge = spline(throat[:3], closed=False, steps=6)
    laces = [[point, point + np.array([-0.026, -0.013])] for point in edge[1::2]]
    face.stroke(laces, 0.0058, lit(look.colour, 0.45), opacity=0.5)
    face.stroke([moved(lace, 0, 0.0015) for lace in laces], 0.005, (252, 250, 246))
    sole = rectangle(-0.148, 0.0, 0.15, 0.024, 0.011)
    face.fill(sole, face.gradient((_SOLE, lit(_SOLE, 0.8)), (0, 0.024), (0, 0)))
    face.stroke([[(-0.142, 0.012), (0.144, 0.012)]], 0.003, mixed(look.accent, _SOLE, 0.3))


def _flash(face: Surface, look: Look, style: int, upper: Points) -> None:
    pale = lit(look.accent, 1.1) if style != 1 else (250, 248, 244)
    if style == 0:
        for shift in (0.0, 0.022, 0.044):
            face.fill(
                np.array(
                    [
                        (-0.06 + shift, 0.02),
                        (-0.048 + shift, 0.02),
                        (-0.02 + shift, 0.08),
                        (-0.034 + shift, 0.085),
                    ]
                ),
                pale,
                within=upper,
            )
    elif style == 1:
        wave = spline(
            [(-0.1, 0.06), (-0.06, 0.034), (0.0, 0.036), (0.06, 0.05), (0.0, 0.026), (-0.07, 0.022)]
        )
        face.fill(wave, pale, within=upper)
    else:
        face.fill(arc(-0.075, 0.062, 0.016, 0.016), pale, within=upper)
        face.fill(arc(-0.075, 0.062, 0.009, 0.009), look.colour, within=upper)


def boots(stage: Stage, look: Look) -> None:
    """A pair of laced leather boots or plain wellingtons."""
    stage.shadow(rectangle(-0.14, -0.12, 0.15, 0.09), 0.15)
    for z, x in ((-0.075, 0.045), (0.05, -0.03)):
        face = stage.surface((x, 0, z))
        if look.material == "rubber":
            _welly(face, look)
        else:
            _boot(face, look)


def _boot(face: Surface, look: Look) -> None:
    top = 0.2 + 0.02 * (look.seed % 3)
    shape = spline(
        [
            (-0.12, 0.02),
            (-0.122, 0.1),
            (-0.112, top),
            (-0.02, top + 0.006),
            (-0.018, 0.12),
            (0.02, 0.088),
            (0.088, 0.076),
            (0.132, 0.062),
            (0.147, 0.042),
            (0.143, 0.022),
            (0.12, 0.012),
            (-0.1, 0.012),
        ],
        steps=7,
    )
    face.fill(arc(-0.066, top + 0.002, 0.046, 0.014), (44, 38, 36))
    shades = (lit(look.colour, 1.2), look.colour, lit(look.colour, 0.7))
    face.fill(shape, face.gradient(shades, (-0.12, 0.2), (0.06, 0.0)), texture="leather")
    face.fill(arc(0.085, 0.05, 0.02, 0.01), (255, 255, 255), opacity=0.28, blur=0.008, within=shape)
    seams = [
        spline([(-0.06, 0.02), (-0.045, 0.08), (-0.07, 0.12), (-0.115, 0.12)], closed=False),
        spline([(0.04, 0.08), (0.035, 0.05), (0.05, 0.024)], closed=False),
    ]
    face.stroke(seams, 0.003, lit(look.colour, 1.5), opacity=0.7)
    for i in range(6):
        x, y = -0.028 + 0.007 * max(0, 3 - i), 0.1 + i * 0.018
        face.stroke(
            [[(x - 0.022, y - 0.004), (x + 0.006, y + 0.006)]],
            0.005,
            mixed(look.accent, (236, 226, 200), 0.6),
        )
    face.stroke([arc(-0.118, top + 0.012, 0.012, 0.016, 0, np.pi, 12)], 0.005, lit(look.colour, 0.6))
    _tread(face, (44, 40, 40), heel=0.034)


def _welly(face: Surface, look: Look) -> None:
    shape = spline(
        [
            (-0.115, 0.02),
            (-0.118, 0.12),
            (-0.125, 0.3),
            (-0.01, 0.305),
            (-0.012, 0.13),
            (0.02, 0.09),
            (0.09, 0.084),
            (0.135, 0.066),
            (0.148, 0.042),
            (0.143, 0.022),
            (0.12, 0.012),
            (-0.1, 0.012),
        ],
        steps=7,
    )
    face.fill(arc(-0.068, 0.3, 0.056, 0.016), lit(look.colour, 0.32))
    shades = (lit(look.colour, 1.25), look.colour, lit(look.colour, 0.66))
    face.fill(shape, face.gradient(shades, (-0.13, 0.16), (0.02, 0.13)))
    face.fill(rectangle(-0.13, 0.272, 0.0, 0.3), lit(look.colour, 0.78), within=shape)
    face.fill(rectangle(-0.102, 0.11, -0.09, 0.26, 0.006), (255, 255, 255), opacity=0.35, blur=0.004)
    face.fill(arc(0.09, 0.06, 0.026, 0.008), (255, 255, 255), opacity=0.4, blur=0.004)
    face.box(-0.03, 0.245, -0.008, 0.268, mixed(look.accent, (240, 236, 226), 0.5), radius=0.003)
    _tread(face, mixed(look.colour, (40, 38, 38), 0.6), heel=0.026)


def _tread(face: Surface, colour: Colour, heel: float) -> None:
    face.fill(np.array([(-0.128, 0.0), (-0.05, 0.0), (-0.048, heel), (-0.127, heel)]), colour)
    sole = spline(
        [
            (-0.125, 0.026),
            (0.0, 0.024),
            (0.1, 0.026),
            (0.142, 0.03),
            (0.148, 0.022),
            (0.142, 0.01),
            (0.12, 0.001),
            (0.0, 0.004),
            (-0.05, 0.012),
            (-0.124, 0.012),
        ],
        steps=5,
    )
    face.fill(sole, colour)
    face.stroke([moved([(-0.12, 0.024), (0.13, 0.026)], 0, 0)], 0.0025, lit(colour, 1.5), opacity=0.6)


_SIZES = tuple(f"size {number}" for number in range(4, 12))
_SHOES = ("Clothes & Shoes", "Shoes")
KINDS = (
    Kind(
        "trainers",
        (*_SHOES, "Trainers"),
        ("trainers", "trainers", "sneakers", "running shoes"),
        trainers,
        (0.36, 0.16, 0.22),
        {"canvas": PAINTED, "leather": PAINTED, "suede": ANY_COLOUR},
        ("room", "room", "studio"),
        26,
        ("comfy straight away", "good grip", "box included", "true to size"),
        ("Kerbside", "Fleetfoot", "Harrier"),
        0.7,
        plural=True,
        sizes=_SIZES,
    ),
    Kind(
        "boots",
        (*_SHOES, "Boots"),
        ("boots", "leather boots", "boots"),
        boots,
        (0.36, 0.3, 0.22),
        {"leather": ("brown", "black", "red", "green", "grey")},
        ("room", "room", "studio"),
        32,
        ("freshly polished", "new laces", "plenty of tread left"),
        ("Fell & Fjord", "Cobbleton", "Trailhead"),
        0.7,
        plural=True,
        sizes=_SIZES,
    ),
    Kind(
        "wellies",
        (*_SHOES, "Wellington Boots"),
        ("wellies", "wellington boots", "rain boots"),
        boots,
        (0.36, 0.32, 0.22),
        {"rubber": PAINTED},
        ("garden", "room", "studio"),
        12,
        ("no leaks", "washed and ready for puddles", "plenty of grip"),
        ("Puddlewick", "Trailhead"),
        0.7,
        plural=True,
        sizes=_SIZES,
    ),
)
