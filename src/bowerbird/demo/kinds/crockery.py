"""Mugs, teapots, vases and plant pots: turned bodies with handles, spouts and leaves."""

import numpy as np

from bowerbird.demo.camera import Points
from bowerbird.demo.canvas import Colour, lit
from bowerbird.demo.kinds.kind import ANY_COLOUR, Kind
from bowerbird.demo.outlines import arc, spline
from bowerbird.demo.solids import ball, tube, turned
from bowerbird.demo.stage import Stage
from bowerbird.demo.things import Look

_LEAVES: tuple[Colour, ...] = ((74, 124, 70), (96, 142, 78), (58, 104, 72), (122, 152, 96))


def mug(stage: Stage, look: Look) -> None:
    """A straight or a rounded cup with a handle, some with bands or dots."""
    rng = look.numbers()
    r, tall, side = float(rng.uniform(0.038, 0.046)), float(rng.uniform(0.085, 0.105)), 1.0
    stage.shadow(arc(0, 0, r, r, n=24), tall)
    handle = [
        (r * 0.9, tall * 0.82),
        (r * 1.6, tall * 0.84),
        (r * 1.85, tall * 0.5),
        (r * 1.5, tall * 0.2),
        (r * 0.9, tall * 0.2),
    ]
    loop = spline(handle, closed=False)
    path = np.stack([side * loop[:, 0], loop[:, 1], np.zeros(len(loop))], axis=1)
    tube(stage, path, 0.0062, look.colour)
    round_body = rng.random() < 0.4
    profile = (
        [(r * 0.7, 0), (r * 0.98, tall * 0.2), (r * 1.08, tall * 0.5), (r, tall * 0.85), (r, tall)]
        if round_body
        else [(r * 0.9, 0), (r * 0.96, 0.006), (r, tall * 0.5), (r * 1.02, tall)]
    )
    profile = _smooth(profile) if round_body else profile
    body = turned(stage, (0, 0, 0), profile, look.colour, hollow=(244, 240, 232), shine=1.3)
    _bands(stage, look, rng, profile, body)
    _gleam(stage, profile, body)


def _bands(
    stage: Stage, look: Look, rng: np.random.Generator, profile: list[tuple[float, float]], body: Points
) -> None:
    style, tall = int(rng.integers(4)), profile[-1][1]
    radius = max(r for r, _ in profile)
    right = stage.camera.turn[0]
    front = stage.surface(np.cross(right, (0, 1, 0)) * radius, right)
    if style == 0:
        for level in (0.18, 0.3):
            line = arc(0, level * tall + radius * 0.36, radius, radius * 0.36, np.pi, 2 * np.pi, 30)
            placed = front.pixels(line)
            stage.canvas.stroke([placed], front.scale * 0.006, look.accent, opacity=0.9, within=body)
    elif style == 1:
        for i in range(-2, 3):
            for j in range(1, 5):
                x, squeeze = radius * np.sin(0.42 * i + 0.2 * (j % 2)), np.cos(0.42 * i)
                dot = front.pixels(arc(x, tall * (0.1 + 0.17 * j), 0.004 * squeeze, 0.004, n=16))
                stage.canvas.fill([dot], look.accent, within=body)
    elif style == 2:
        heart = spline(
            [(0, -0.016), (0.017, 0.004), (0.01, 0.014), (0, 0.007), (-0.01, 0.014), (-0.017, 0.004)]
        )
        placed = front.pixels(heart + np.array([0, tall * 0.48]))
        stage.canvas.fill([placed], look.accent, within=body)


def _smooth(profile: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(float(r), float(h)) for r, h in spline(profile, closed=False, steps=4)]


def _gleam(stage: Stage, profile: list[tuple[float, float]], body: Points) -> None:
    """The soft highlight of glaze down the lit side."""
    radius, tall = max(r for r, _ in profile), profile[-1][1]
    side = 1.0 if stage.camera.turn[0] @ stage.light > 0 else -1.0
    right = stage.camera.turn[0]
    centre = right * radius * 0.52 * side + np.array([0, 0, 0.0])
    face = stage.surface(centre, right, (0, 1, 0))
    glint = arc(0, tall * 0.55, radius * 0.1, tall * 0.32, n=24)
    stage.canvas.fill(
        [face.pixels(glint)], (255, 255, 255), opacity=0.5, blur=radius * 0.07 * face.scale, within=body
    )


def teapot(stage: Stage, look: Look) -> None:
    """A round body with spout, handle and lid."""
    rng = look.numbers()
    r, tall = 0.085, float(rng.uniform(0.11, 0.14))
    stage.shadow(arc(0, 0, r, r, n=24), tall)
    _handle_and_spout(stage, look.colour, r, tall)
    profile = [
        (r * 0.55, 0),
        (r * 0.9, tall * 0.16),
        (r * 1.06, tall * 0.45),
        (r * 0.95, tall * 0.75),
        (r * 0.6, tall * 0.97),
    ]
    profile = _smooth(profile)
    body = turned(stage, (0, 0, 0), profile, look.colour, shine=1.28)
    _bands(stage, look, rng, profile, body)
    _gleam(stage, profile, body)
    lid = [(r * 0.6, tall * 0.97), (r * 0.56, tall * 1.02), (r * 0.34, tall * 1.12), (0.012, tall * 1.15)]
    turned(stage, (0, 0, 0), lid, lit(look.colour, 1.03), shine=1.25)
    ball(stage, (0, tall * 1.2, 0), 0.013, look.colour)


def _handle_and_spout(stage: Stage, colour: Colour, r: float, tall: float) -> None:
    loop = spline(
        [
            (-r * 0.8, tall * 0.8),
            (-r * 1.55, tall * 0.85),
            (-r * 1.75, tall * 0.5),
            (-r * 1.4, tall * 0.2),
            (-r * 0.85, tall * 0.25),
        ],
        closed=False,
    )
    tube(stage, np.stack([loop[:, 0], loop[:, 1], np.zeros(len(loop))], axis=1), 0.008, colour)
    spout = stage.surface()
    shape = spline(
        [
            (r * 0.7, tall * 0.55),
            (r * 1.25, tall * 0.75),
            (r * 1.62, tall * 1.06),
            (r * 1.8, tall * 1.04),
            (r * 1.6, tall * 0.66),
            (r * 1.2, tall * 0.3),
            (r * 0.8, tall * 0.2),
        ]
    )
    spout.fill(
        shape,
        spout.gradient((lit(colour, 1.15), colour, lit(colour, 0.7)), (r, tall), (r * 1.2, 0.0)),
    )


def vase(stage: Stage, look: Look) -> None:
    """A glazed vase of its own profile, some with a few stems."""
    rng = look.numbers()
    tall, foot, belly, neck = (
        0.28,
        *(float(rng.uniform(*span)) for span in ((0.04, 0.06), (0.07, 0.1), (0.025, 0.05))),
    )
    curve = spline(
        [(foot, 0), (belly, tall * rng.uniform(0.3, 0.55)), (neck, tall * 0.85), (neck * 1.35, tall)],
        closed=False,
        steps=6,
    )
    stage.shadow(arc(0, 0, foot, foot, n=24), tall)
    if rng.random() < 0.45:
        _stems(stage, look, rng, tall)
    profile = [(float(r), float(h)) for r, h in curve]
    body = turned(stage, (0, 0, 0), profile, look.colour, hollow=lit(look.colour, 0.5), shine=1.3)
    _gleam(stage, profile, body)
    if rng.random() < 0.35:
        dip = [(r * 1.003, h) for r, h in profile if h > tall * 0.55]
        turned(stage, (0, 0, 0), dip, lit(look.colour, 0.72), hollow=lit(look.colour, 0.4), shine=1.2)


def _stems(stage: Stage, look: Look, rng: np.random.Generator, tall: float) -> None:
    face = stage.surface()
    for angle in np.linspace(-0.5, 0.5, 5) + 0.08 * rng.standard_normal(5):
        tip = (np.sin(angle) * tall * 0.6, tall * (0.95 + 0.26 * np.cos(angle * 1.5)))
        face.stroke(
            [spline([(0, tall * 0.8), (tip[0] * 0.4, tall), tip], closed=False)], 0.005, (96, 120, 76)
        )
        for k in range(5):
            a = k * 2 * np.pi / 5
            face.oval(tip[0] + 0.014 * np.cos(a), tip[1] + 0.014 * np.sin(a), 0.012, look.accent)
        face.oval(*tip, 0.01, (244, 214, 120))


def plant_pot(stage: Stage, look: Look) -> None:
    """A pot, most of them planted."""
    rng = look.numbers()
    r, tall = float(rng.uniform(0.09, 0.11)), float(rng.uniform(0.15, 0.19))
    stage.shadow(arc(0, 0, r * 0.8, r * 0.8, n=24), tall)
    if rng.random() < 0.4:
        turned(
            stage,
            (0, 0, 0),
            [(r * 0.95, 0), (r * 1.08, 0.018)],
            lit(look.colour, 0.85),
            hollow=lit(look.colour, 0.6),
        )
    rim = rng.random() < 0.5
    profile = (
        [(r * 0.72, 0.006), (r * 0.94, tall * 0.8), (r * 1.0, tall * 0.8), (r * 1.04, tall)]
        if rim
        else [(r * 0.8, 0.006), (r * 0.95, tall * 0.3), (r, tall)]
    )
    body = turned(
        stage,
        (0, 0, 0),
        profile,
        look.colour,
        hollow=(86, 62, 46),
        texture="stone" if look.material == "terracotta" else None,
    )
    if look.material == "ceramic":
        _bands(stage, look, rng, profile, body)
        _gleam(stage, profile, body)
    if rng.random() < 0.75:
        _foliage(stage, rng, tall * 0.95, r)


def _foliage(stage: Stage, rng: np.random.Generator, soil: float, r: float) -> None:
    face, green = stage.surface(), _LEAVES[int(rng.integers(len(_LEAVES)))]
    style, spread = int(rng.integers(3)), float(rng.uniform(0.5, 0.9))
    angles = np.linspace(-spread, spread, 13 if style else 9)
    for i in rng.permutation(len(angles)):
        angle, long = angles[i], r * rng.uniform(1.1, 1.7)
        tip = np.array([np.sin(angle) * long, soil + np.cos(angle) * long])
        foot = np.array([np.sin(angle) * r * 0.3, soil])
        along, across = tip - foot, np.array([np.cos(angle), -np.sin(angle)])
        wide = r * (0.13, 0.2, 0.28)[style]
        knots = [foot, foot + along * 0.5 + across * wide, tip, foot + along * 0.5 - across * wide]
        tone = lit(green, float(rng.uniform(0.75, 1.2)))
        face.fill(
            spline(knots),
            face.gradient((lit(tone, 0.75), tone, lit(tone, 1.12)), (foot[0], foot[1]), (tip[0], tip[1])),
        )
        face.stroke([[foot, foot + along * 0.92]], 0.0018, lit(tone, 1.3), opacity=0.5)


_KITCHEN, _ORNAMENTS = ("Home & Garden", "Kitchen & Tableware"), ("Home & Garden", "Ornaments & Plants")
KINDS = (
    Kind(
        "mug",
        (*_KITCHEN, "Mugs & Cups"),
        ("mug", "coffee mug", "tea mug", "cup"),
        mug,
        (0.15, 0.11, 0.1),
        {"ceramic": ANY_COLOUR, "stoneware": ANY_COLOUR},
        ("table", "table", "studio"),
        6,
        ("no chips or cracks", "dishwasher safe", "holds a proper brew"),
        ("Pottersham", "Emberware", "Tern Pottery"),
    ),
    Kind(
        "teapot",
        (*_KITCHEN, "Teapots"),
        ("teapot", "tea pot"),
        teapot,
        (0.3, 0.18, 0.17),
        {"ceramic": ANY_COLOUR, "stoneware": ANY_COLOUR},
        ("table", "table", "studio"),
        16,
        ("pours without a drip", "no chips or cracks", "makes four cups"),
        ("Pottersham", "Emberware", "Tern Pottery"),
    ),
    Kind(
        "vase",
        (*_ORNAMENTS, "Vases"),
        ("vase", "flower vase", "bud vase"),
        vase,
        (0.22, 0.34, 0.2),
        {"ceramic": ANY_COLOUR, "glass": ANY_COLOUR},
        ("table", "table", "studio"),
        14,
        ("no chips", "looks lovely on a windowsill", "signed underneath", "flowers not included"),
        ("Pottersham", "Tern Pottery"),
    ),
    Kind(
        "plant pot",
        (*_ORNAMENTS, "Plant Pots"),
        ("plant pot", "planter", "flower pot", "plant pot"),
        plant_pot,
        (0.26, 0.34, 0.24),
        {"ceramic": ANY_COLOUR, "terracotta": ("orange", "brown", "white", "grey", "blue", "green")},
        ("table", "room", "studio"),
        11,
        ("has a drainage hole", "frost proof", "good for indoors or out"),
        ("Pottersham", "Fernhill"),
    ),
)
