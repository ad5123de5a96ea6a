"""Washing machines, televisions, toasters and kettles."""

import numpy as np

from bowerbird.demo.camera import Points
from bowerbird.demo.canvas import Colour, lit, mixed
from bowerbird.demo.kinds.kind import PAINTED, Kind
from bowerbird.demo.outlines import arc, circle, rectangle, spline
from bowerbird.demo.solids import Block, ball, tube, turned
from bowerbird.demo.stage import Stage, Surface
from bowerbird.demo.things import Look

_STEEL: Colour = (190, 193, 198)


def washing_machine(stage: Stage, look: Look) -> None:
    """A front loader: a round door, a drawer and a dial."""
    rng = look.numbers()
    half, tall, deep = 0.3, 0.85, 0.29
    stage.shadow(rectangle(-half, -deep, half, deep), tall)
    body = Block(stage, (-half, 0.015, -deep), (half, tall, deep), look.colour, 0.015)
    body.draw()
    face, dark = body.face("front"), sum(look.colour) < 300
    line: Colour = lit(look.colour, 0.72) if not dark else (92, 92, 98)
    face.stroke([[(0.01, 0.7), (0.59, 0.7)], [(0.01, 0.09), (0.59, 0.09)]], 0.004, line)
    face.box(0.03, 0.735, 0.19, 0.805, lit(look.colour, 0.94), radius=0.008)
    face.stroke([rectangle(0.03, 0.735, 0.19, 0.805, 0.008)], 0.003, line)
    ring: Colour = (
        _STEEL
        if rng.random() < 0.6
        else (mixed(look.colour, (255, 255, 255), 0.35) if dark else lit(look.colour, 0.86))
    )
    _round_door(face, ring, mixed(look.accent, (60, 60, 70), 0.45))
    _controls(face, rng, line)


def _round_door(face: Surface, ring: Colour, washing: Colour) -> None:
    x, y = 0.3, 0.39
    face.fill(circle(x + 0.004, y - 0.01, 0.205), (20, 18, 20), opacity=0.35, blur=0.012)
    face.fill(
        circle(x, y, 0.2, 72),
        face.gradient((lit(ring, 1.2), lit(ring, 0.72)), (x - 0.14, y + 0.15), (x + 0.14, y - 0.15)),
    )
    face.fill(circle(x, y, 0.155, 72), (46, 50, 56))
    face.fill(
        circle(x, y, 0.145, 72),
        face.gradient(
            ((112, 126, 138), (46, 54, 64), (22, 26, 32)),
            (x - 0.04, y + 0.05),
            (x + 0.12, y - 0.1),
            radial=True,
        ),
    )
    clothes = spline(
        [
            (x - 0.13, y - 0.05),
            (x - 0.05, y - 0.02),
            (x + 0.03, y - 0.06),
            (x + 0.13, y - 0.04),
            (x + 0.09, y - 0.14),
            (x - 0.08, y - 0.14),
        ]
    )
    face.fill(clothes, washing, within=circle(x, y, 0.143), opacity=0.8)
    face.fill(arc(x - 0.05, y + 0.07, 0.06, 0.03), (255, 255, 255), opacity=0.35)
    face.box(x + 0.15, y - 0.03, x + 0.185, y + 0.03, lit(ring, 0.6), radius=0.012)


def _controls(face: Surface, rng: np.random.Generator, line: Colour) -> None:
    x = float(rng.choice((0.3, 0.36)))
    face.oval(x, 0.77, 0.036, line)
    face.oval(
        x, 0.773, 0.03, face.gradient(((246, 246, 246), (176, 178, 182)), (x - 0.02, 0.8), (x + 0.02, 0.74))
    )
    angle = float(rng.uniform(0, 6))
    face.stroke(
        [[(x, 0.772), (x + 0.022 * np.cos(angle), 0.772 + 0.022 * np.sin(angle))]], 0.005, (60, 62, 66)
    )
    face.box(0.44, 0.748, 0.56, 0.795, (26, 32, 38), radius=0.006)
    digits = [[(0.46 + 0.03 * i, 0.758), (0.46 + 0.03 * i, 0.785)] for i in range(3)]
    face.stroke(digits, 0.006, (120, 220, 190))


def television(stage: Stage, look: Look) -> None:
    """A flat screen on feet with a picture on."""
    rng = look.numbers()
    half, tall, low = 0.52, 0.6, 0.06
    stage.shadow(rectangle(-0.4, -0.1, 0.4, 0.1), 0.4)
    for x in (-0.33, 0.33):
        tube(stage, [(x, 0.0, 0.1), (x, low + 0.02, 0.0), (x, 0.0, -0.1)], 0.01, (70, 70, 74))
    Block(stage, (-half, low, -0.025), (half, low + tall, 0.02), look.colour, 0.006).draw()
    face = stage.surface((0, low, 0.021))
    face.fill(rectangle(-half + 0.014, 0.026, half - 0.014, tall - 0.014, 0.003), (14, 14, 16))
    screen = rectangle(-half + 0.02, 0.032, half - 0.02, tall - 0.02, 0.002)
    if rng.random() < 0.3:
        face.fill(screen, face.gradient(((44, 48, 56), (16, 17, 20), (26, 28, 34)), (-half, tall), (half, 0)))
    else:
        _programme(face, screen, rng, half, tall)
    glare = np.array([(-0.1, 0.0), (0.12, 0.0), (0.42, tall), (0.2, tall)])
    face.fill(glare, (255, 255, 255), opacity=0.09, within=screen)
    face.box(-0.012, 0.012, 0.012, 0.018, (206, 208, 212))


def _programme(face: Surface, screen: Points, rng: np.random.Generator, half: float, tall: float) -> None:
    """A landscape: sky, sun, hills."""
    tones: tuple[Colour, ...] = ((96, 140, 176), (206, 160, 124), (110, 148, 132), (146, 130, 168))
    tone = tones[int(rng.integers(4))]
    face.fill(
        screen,
        face.gradient((lit(tone, 0.9), mixed(tone, (255, 236, 208), 0.7)), (0, tall), (0, tall * 0.35)),
    )
    face.fill(circle(float(rng.uniform(-0.3, 0.3)), tall * 0.62, 0.05), (255, 244, 216), within=screen)
    for level, shade in ((0.42, 0.75), (0.3, 0.55), (0.18, 0.38)):
        xs = np.linspace(-half - 0.1, half + 0.1, 9)
        ridge = [(x, tall * (level + 0.07 * rng.standard_normal())) for x in xs]
        face.fill(spline([*ridge, (half + 0.1, -0.2), (-half - 0.1, -0.2)]), lit(tone, shade), within=screen)


def toaster(stage: Stage, look: Look) -> None:
    """Two slots, a lever and rounded shoulders."""
    rng = look.numbers()
    half, tall, deep = 0.14, 0.18, 0.085
    stage.shadow(rectangle(-half, -deep, half, deep), tall)
    Block(
        stage, (-half + 0.01, 0, -deep + 0.01), (half - 0.01, 0.02, deep - 0.01), (40, 40, 44), 0.004
    ).draw()
    toast = rng.random() < 0.5
    body = Block(stage, (-half, 0.012, -deep), (half, tall, deep), look.colour, 0.032)
    body.draw()
    top = stage.surface((0, tall, 0), (1, 0, 0), (0, 0, -1))
    for t in (0.028, -0.028):
        top.box(-half + 0.045, t - 0.014, half - 0.045, t + 0.014, _STEEL, radius=0.008)
        top.box(-half + 0.05, t - 0.009, half - 0.05, t + 0.009, (34, 30, 28), radius=0.006)
        if toast:
            slice_ = stage.surface((0, tall - 0.006, -t))
            bread = spline(
                [
                    (-0.06, 0),
                    (0.06, 0),
                    (0.062, 0.03),
                    (0.055, 0.05),
                    (0, 0.058),
                    (-0.055, 0.05),
                    (-0.062, 0.03),
                ]
            )
            slice_.fill(bread, (176, 118, 62))
            slice_.fill(bread * [0.9, 0.86] + [0, 0.003], (222, 176, 112), texture="stone")
    face = body.face("front")
    face.fill(rectangle(0.05, 0.025, 0.052 + 2 * half - 0.1, 0.03), lit(look.colour, 0.7), opacity=0.7)
    face.stroke([[(0.05, 0.135), (2 * half - 0.05, 0.135)]], 0.004, lit(look.colour, 1.5), opacity=0.5)
    _toaster_controls(stage, half)


def _toaster_controls(stage: Stage, half: float) -> None:
    side = 1 if stage.camera.faces((half, 0.09, 0), (1, 0, 0)) else -1
    end = stage.surface((side * (half + 0.001), 0, 0), (0, 0, -side), (0, 1, 0))
    end.box(-0.004, 0.05, 0.004, 0.145, (30, 30, 33), radius=0.003)
    Block(
        stage,
        (min(side * half, side * (half + 0.025)), 0.115, -0.02),
        (max(side * half, side * (half + 0.025)), 0.128, 0.02),
        (44, 44, 48),
        0.005,
    ).draw()
    end.oval(0.0, 0.035, 0.012, _STEEL)


def kettle(stage: Stage, look: Look) -> None:
    """A jug kettle with a spout, a handle and a knob on the lid."""
    rng = look.numbers()
    r, tall = 0.08, float(rng.uniform(0.16, 0.19))
    stage.shadow(arc(0, 0, r, r, n=24), tall)
    turned(stage, (0, 0, 0), [(r * 1.08, 0), (r * 1.08, 0.014), (r * 1.0, 0.018)], (46, 46, 50))
    dark: Colour = (48, 46, 48) if sum(look.colour) > 220 else (96, 94, 96)
    loop = spline(
        [
            (-r * 0.6, tall * 1.0),
            (-r * 1.2, tall * 1.12),
            (-r * 1.75, tall * 0.85),
            (-r * 1.6, tall * 0.4),
            (-r * 0.95, tall * 0.3),
        ],
        closed=False,
    )
    tube(stage, np.stack([loop[:, 0], loop[:, 1], np.zeros(len(loop))], axis=1), 0.011, dark)
    side = stage.surface()
    spout = np.array(
        [(r * 0.62, tall * 0.55), (r * 1.42, tall * 0.98), (r * 1.3, tall * 1.0), (r * 0.6, tall * 0.92)]
    )
    side.fill(
        spout, side.gradient((lit(look.colour, 1.1), lit(look.colour, 0.7)), (r, tall), (r, tall * 0.5))
    )
    body = [(r, 0.018), (r * 1.02, tall * 0.3), (r * 0.88, tall * 0.75), (r * 0.74, tall)]
    turned(stage, (0, 0, 0), body, look.colour, shine=1.35)
    turned(
        stage,
        (0, tall - 0.002, 0),
        [(r * 0.72, 0), (r * 0.5, 0.018), (0.014, 0.022)],
        lit(look.colour, 0.92),
        shine=1.3,
    )
    ball(stage, (0, tall + 0.03, 0), 0.012, dark)
    gauge = stage.surface(stage.camera.turn[0] * -0.012 + np.array([0, 0, r * 0.98]), stage.camera.turn[0])
    gauge.box(-0.006, tall * 0.2, 0.006, tall * 0.62, (206, 224, 232), radius=0.005, opacity=0.85)
    gauge.box(-0.006, tall * 0.2, 0.006, tall * 0.42, (130, 170, 196), radius=0.005, opacity=0.85)


_APPLIANCES, _KITCHEN = ("Home & Garden", "Appliances"), ("Home & Garden", "Kitchen & Tableware")
KINDS = (
    Kind(
        "washing machine",
        (*_APPLIANCES, "Washing Machines"),
        ("washing machine", "washing machine", "washer"),
        washing_machine,
        (0.6, 0.86, 0.6),
        {"steel": ("grey", "black"), "enamel": ("white", "white", "white")},
        ("room",),
        130,
        ("1400 spin", "8kg load", "hoses included", "quiet on the spin"),
        ("Brookline", "Tessel", "Hydra"),
    ),
    Kind(
        "television",
        ("Electronics", "TVs"),
        ("television", "TV", "smart TV", "flat screen TV"),
        television,
        (1.06, 0.67, 0.22),
        {"plastic": ("black", "black", "grey", "white"), "aluminium": ("black", "grey", "white")},
        ("table", "room", "table"),
        140,
        ("remote included", "43 inch", "wall bracket included", "no dead pixels", "three HDMI sockets"),
        ("Nimbus", "Tessel", "Voltair"),
    ),
    Kind(
        "toaster",
        (*_KITCHEN, "Toasters & Kettles"),
        ("toaster", "toaster", "two slice toaster"),
        toaster,
        (0.3, 0.2, 0.18),
        {"steel": PAINTED, "enamel": PAINTED},
        ("table", "table", "studio"),
        14,
        ("PAT tested", "browns evenly", "crumb tray cleaned", "works perfectly"),
        ("Brookline", "Emberware"),
    ),
    Kind(
        "kettle",
        (*_KITCHEN, "Toasters & Kettles"),
        ("kettle", "electric kettle", "jug kettle"),
        kettle,
        (0.28, 0.24, 0.18),
        {"steel": PAINTED, "enamel": PAINTED},
        ("table", "table", "studio"),
        13,
        ("PAT tested", "boils quickly", "cordless base", "works perfectly"),
        ("Brookline", "Emberware"),
    ),
)
