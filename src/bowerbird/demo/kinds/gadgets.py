"""Cameras, phones, laptops and headphones."""

import numpy as np

from bowerbird.demo.camera import Points
from bowerbird.demo.canvas import Colour, lit, mixed
from bowerbird.demo.kinds.kind import PAINTED, Kind
from bowerbird.demo.outlines import arc, circle, moved, rectangle, spline
from bowerbird.demo.solids import Block
from bowerbird.demo.stage import Stage, Surface
from bowerbird.demo.things import Look

_GLASS: tuple[Colour, ...] = ((62, 70, 98), (30, 32, 44), (14, 14, 18))
_DUSK: Colour = (140, 156, 182)  # keeps a bright screen from outdoing the case
_CHROME: Colour = (206, 208, 212)


def camera(stage: Stage, look: Look) -> None:
    """A film or compact camera from the front, the skin in its colour."""
    rng = look.numbers()
    half, tall, deep = 0.07, 0.082, 0.02
    stage.shadow(rectangle(-half, -deep, half, deep), tall)
    metal: Colour = _CHROME if rng.random() < 0.65 else (52, 52, 56)
    Block(stage, (-half, 0, -deep), (half, 0.064, deep), look.colour, 0.006, "leather").draw()
    Block(stage, (-half, 0.06, -deep), (half, tall, deep), metal, 0.005).draw()
    Block(stage, (-half, 0, -deep), (half, 0.009, deep), metal, 0.004).draw()
    Block(stage, (-0.022, tall - 0.004, -deep * 0.9), (0.022, tall + 0.017, deep * 0.9), metal, 0.006).draw()
    face = stage.surface((0, 0, deep))
    face.box(-0.016, tall - 0.008, 0.016, tall + 0.01, (30, 32, 40), radius=0.003)
    face.box(-0.013, tall - 0.004, 0.006, tall + 0.007, (92, 104, 128), radius=0.002)
    face.box(0.035, tall - 0.016, 0.058, tall - 0.004, (226, 228, 226), radius=0.002)
    face.oval(-0.05, 0.05, 0.0045, (196, 40, 36) if rng.random() < 0.5 else look.accent)
    for x, r in ((-0.048, 0.011), (0.05, 0.009)):
        Block(stage, (x - r, tall, -r), (x + r, tall + 0.01, r), lit(metal, 0.85), 0.004).draw()
    _lens(stage, deep, 0.04, float(rng.uniform(0.03, 0.034)))


def _lens(stage: Stage, z: float, y: float, r: float) -> None:
    for i in range(7):
        ring = stage.surface((0, y, z + i * 0.004), brightness=0.75 + 0.05 * (i % 2))
        ring.oval(0, 0, r * (1 - 0.01 * i), ring.gradient(((104, 104, 110), (30, 30, 34)), (-r, r), (r, -r)))
    front = stage.surface((0, y, z + 0.028))
    front.oval(0, 0, r * 0.93, front.gradient((_CHROME, (96, 98, 104)), (-r, r), (r, -r)))
    front.oval(0, 0, r * 0.86, (26, 26, 30))
    front.oval(0, 0, r * 0.66, front.gradient(_GLASS, (-r * 0.25, r * 0.3), (r * 0.7, -r * 0.5), radial=True))
    front.oval(-r * 0.2, r * 0.24, r * 0.18, (206, 216, 244), opacity=0.75)
    front.oval(r * 0.22, -r * 0.26, r * 0.1, (168, 120, 180), opacity=0.5)


def phone(stage: Stage, look: Look) -> None:
    """A smartphone: its coloured back with the lenses, and its lit screen beside it."""
    rng = look.numbers()
    wide, tall = 0.072, 0.148
    tilt = float(rng.uniform(-0.12, 0.12))
    spots = (-0.046, 0.046)
    for i, x in enumerate(spots):
        angle = tilt + (0.1 if i else -0.06)
        turned = stage.surface(
            (x, 0.0, 0.0), (np.cos(angle), np.sin(angle), 0), (-np.sin(angle), np.cos(angle), 0)
        )
        body = rectangle(-wide / 2, 0, wide / 2, tall, 0.011)
        turned.fill(
            moved(body, 0.004 * -np.sign(stage.light[0]), -0.005), (20, 18, 20), opacity=0.5, blur=0.005
        )
        turned.fill(
            body, turned.gradient((lit(look.colour, 1.2), lit(look.colour, 0.6)), (-0.03, tall), (0.03, 0))
        )
        inner = rectangle(-wide / 2 + 0.0012, 0.0012, wide / 2 - 0.0012, tall - 0.0012, 0.0102)
        if i == 0:
            _phone_back(turned, look, rng, inner, wide, tall)
        else:
            _phone_front(turned, look, rng, wide, tall)


def _phone_back(
    face: Surface, look: Look, rng: np.random.Generator, inner: Points, wide: float, tall: float
) -> None:
    shades = (lit(look.colour, 1.14), look.colour, lit(look.colour, 0.86))
    face.fill(inner, face.gradient(shades, (-0.03, tall), (0.04, 0)))
    glare = np.array([(-0.06, 0.05), (-0.06, 0.08), (0.06, 0.15), (0.06, 0.11)])
    face.fill(glare, (255, 255, 255), opacity=0.16, within=inner)
    x, y = -wide / 2 + 0.006, tall - 0.038
    face.box(x, y, x + 0.031, y + 0.031, lit(look.colour, 0.82), radius=0.008)
    lenses = ((0.009, 0.022), (0.009, 0.009), (0.022, 0.0155))[: int(rng.integers(2, 4))]
    for dx, dy in lenses:
        face.oval(x + dx, y + dy, 0.0062, (36, 36, 40))
        face.oval(
            x + dx,
            y + dy,
            0.0042,
            face.gradient(
                _GLASS, (x + dx - 0.002, y + dy + 0.002), (x + dx + 0.004, y + dy - 0.004), radial=True
            ),
        )
        face.oval(x + dx - 0.0014, y + dy + 0.0016, 0.001, (220, 226, 244))
    face.oval(x + 0.024, y + 0.025, 0.0024, (250, 244, 222))
    face.oval(0, tall * 0.52, 0.006, lit(look.colour, 1.3), opacity=0.55)


def _phone_front(face: Surface, look: Look, rng: np.random.Generator, wide: float, tall: float) -> None:
    face.fill(rectangle(-wide / 2 + 0.0012, 0.0012, wide / 2 - 0.0012, tall - 0.0012, 0.0102), (16, 16, 18))
    accent = mixed(look.accent, _DUSK, 0.5)
    screen = rectangle(-wide / 2 + 0.003, 0.003, wide / 2 - 0.003, tall - 0.003, 0.0085)
    sky = (mixed(accent, (250, 240, 230), 0.5), accent, lit(accent, 0.6))
    face.fill(screen, face.gradient(sky, (-0.02, tall), (0.03, 0)))
    face.fill(arc(0.01, 0.01, 0.05, 0.045), lit(accent, 0.75), opacity=0.8, within=screen)
    face.fill(arc(-0.03, 0.0, 0.05, 0.04), lit(accent, 0.55), opacity=0.8, within=screen)
    tones: tuple[Colour, ...] = (
        (230, 90, 80),
        (90, 180, 110),
        (250, 250, 250),
        (70, 130, 220),
        (244, 190, 70),
        (150, 110, 200),
    )
    for row in range(3):
        for column in range(4):
            x, y = -0.024 + column * 0.016, 0.016 + row * 0.019
            face.box(
                x - 0.0055, y - 0.0055, x + 0.0055, y + 0.0055, tones[int(rng.integers(6))], radius=0.0028
            )
    face.box(-0.009, tall - 0.011, 0.009, tall - 0.0065, (12, 12, 14), radius=0.0022)
    face.box(-0.02, tall - 0.045, 0.02, tall - 0.035, (255, 255, 255), radius=0.002, opacity=0.85)


def laptop(stage: Stage, look: Look) -> None:
    """An open laptop, its case in its colour, a picture on the screen."""
    rng = look.numbers()
    half, depth, thick = 0.165, 0.115, 0.014
    stage.shadow(rectangle(-half, -depth, half, depth), 0.1)
    _screen(stage, look, rng, half, depth, thick)
    Block(stage, (-half, 0, -depth), (half, thick, depth), look.colour, 0.004).draw()
    top = stage.surface((-half, thick, depth), (1, 0, 0), (0, 0, -1), brightness=1.0)
    dark = sum(look.colour) < 330
    keys: Colour = (28, 28, 31) if not dark else (16, 16, 18)
    top.box(0.02, 0.095, 2 * half - 0.02, 0.2, lit(look.colour, 0.8), radius=0.004)
    shapes = [
        rectangle(
            0.024 + c * 0.0208,
            0.1 + r * 0.0195,
            0.024 + c * 0.0208 + 0.0186,
            0.1 + r * 0.0195 + 0.0165,
            0.002,
        )
        for r in range(5)
        for c in range(14)
        if not (r == 0 and 3 <= c <= 7)
    ]
    shapes.append(rectangle(0.024 + 3 * 0.0208, 0.1, 0.024 + 8 * 0.0208 - 0.002, 0.1165, 0.002))
    top.fill_all(shapes, keys)
    top.box(half - 0.05, 0.015, half + 0.05, 0.082, lit(look.colour, 0.9), radius=0.004)


def _screen(
    stage: Stage, look: Look, rng: np.random.Generator, half: float, depth: float, thick: float
) -> None:
    lean = float(rng.uniform(0.25, 0.42))
    up = (0.0, float(np.cos(lean)), float(-np.sin(lean)))
    tall, accent = 0.215, mixed(look.accent, _DUSK, 0.5)
    lid = stage.surface((0, thick * 0.5, -depth), (1, 0, 0), up)
    case = rectangle(-half, 0, half, tall, 0.008)
    lid.fill(moved(case, 0, 0.001), lit(look.colour, 0.62))
    lid.fill(case, lit(look.colour, 1.02))
    lid.fill(rectangle(-half + 0.005, 0.008, half - 0.005, tall - 0.004, 0.004), (18, 18, 20))
    glass = rectangle(-half + 0.01, 0.018, half - 0.01, tall - 0.01, 0.002)
    tones = (mixed(accent, (255, 246, 230), 0.6), accent, lit(accent, 0.55))
    lid.fill(glass, lid.gradient(tones, (0, tall), (0, 0)))
    hills = spline(
        [(-0.2, 0.0), (-0.16, 0.08), (-0.08, 0.11), (0.0, 0.06), (0.07, 0.1), (0.2, 0.05), (0.2, -0.02)]
    )
    lid.fill(hills, lit(accent, 0.5), opacity=0.9, within=glass)
    lid.fill(circle(0.08, 0.15, 0.018), (255, 246, 224), opacity=0.95, within=glass)
    glare = np.array([(-0.2, 0.1), (-0.2, 0.25), (-0.05, 0.25), (-0.13, 0.0)])
    lid.fill(glare, (255, 255, 255), opacity=0.1, within=glass)


def headphones(stage: Stage, look: Look) -> None:
    """Over-ear headphones standing or lying with the band up."""
    rng = look.numbers()
    face, r = stage.surface(), 0.078
    foot = [(x, 0.0) for x in (-0.09, 0.09)]
    stage.shadow(np.array([*foot, (0.09, 0.04), (-0.09, 0.04)]), 0.12, strength=0.8)
    band = arc(0, 0.1, r, 0.092, 0.0, np.pi, 40)
    stage.backing_shadow(
        [
            np.concatenate([band, band[::-1] * [0.85, 0.95]]),
            arc(-0.085, 0.06, 0.03, 0.045),
            arc(0.085, 0.06, 0.03, 0.045),
        ],
        0.015,
    )
    face.stroke([band], 0.0165, lit(look.colour, 0.62))
    face.stroke([moved(band, 0, 0.001)], 0.0125, look.colour)
    face.stroke([band[10:31]], 0.017, (58, 54, 56) if sum(look.colour) > 200 else (96, 94, 98))
    face.stroke([moved(band[8:16], 0.001, 0.004)], 0.002, (255, 255, 255), opacity=0.5)
    metal: Colour = _CHROME if rng.random() < 0.6 else (212, 176, 110)
    for side in (-1, 1):
        face.stroke([[(side * r, 0.1), (side * (r + 0.003), 0.07)]], 0.008, metal)
        pad = arc(side * (r - 0.012), 0.056, 0.018, 0.041)
        face.fill(
            pad, face.gradient(((84, 78, 80), (34, 32, 34)), (-side * 0.02 + side * r, 0.1), (side * r, 0.02))
        )
        cup = arc(side * (r + 0.008), 0.056, 0.026, 0.044)
        shades = (lit(look.colour, 1.22), look.colour, lit(look.colour, 0.68))
        face.fill(cup, face.gradient(shades, (side * r - 0.025, 0.1), (side * r + 0.035, 0.015)))
        face.fill(arc(side * (r + 0.012), 0.056, 0.015, 0.03), lit(look.colour, 0.84))
        face.oval(side * (r + 0.013), 0.056, 0.0075, metal)


_ELECTRONICS = ("Electronics",)
_METALLIC = ("grey", "black", "white", "blue", "pink", "yellow", "red", "green", "purple")
KINDS = (
    Kind(
        "camera",
        (*_ELECTRONICS, "Cameras"),
        ("camera", "film camera", "35mm camera", "camera"),
        camera,
        (0.15, 0.105, 0.1),
        {"leather": (*PAINTED, "brown"), "metal": ("black", "grey", "brown", "red")},
        ("table", "table", "studio"),
        85,
        (
            "shutter fires at all speeds",
            "lens is clear of fungus",
            "strap and case included",
            "tested with film",
        ),
        ("Lumière", "Oculus", "Kestrel Optik"),
    ),
    Kind(
        "phone",
        (*_ELECTRONICS, "Mobile Phones"),
        ("phone", "mobile phone", "smartphone", "mobile"),
        phone,
        (0.18, 0.165, 0.02),
        {"aluminium": _METALLIC, "glass": _METALLIC},
        ("flat", "flat", "floor"),
        120,
        ("unlocked to any network", "no cracks in the screen", "battery holds well", "charger included"),
        ("Peartree", "Nimbus", "Orbit"),
    ),
    Kind(
        "laptop",
        (*_ELECTRONICS, "Laptops & Computers"),
        ("laptop", "laptop", "notebook computer"),
        laptop,
        (0.34, 0.23, 0.3),
        {"aluminium": _METALLIC, "plastic": _METALLIC},
        ("table", "table", "studio"),
        210,
        ("wiped and ready to go", "charger included", "8GB memory", "battery lasts about four hours"),
        ("Peartree", "Nimbus", "Tessel"),
    ),
    Kind(
        "headphones",
        (*_ELECTRONICS, "Headphones & Audio"),
        ("headphones", "wireless headphones", "over-ear headphones"),
        headphones,
        (0.24, 0.21, 0.05),
        {"plastic": PAINTED, "leather": ("brown", "black", "white", "red")},
        ("table", "flat", "flat"),
        38,
        ("ear pads in good shape", "cable included", "great sound", "folds flat for travel"),
        ("Voltair", "Orbit", "Hush"),
        0.4,
        plural=True,
    ),
)
