"""What hangs on a wall or lies on a floor: mirrors, clocks and rugs."""

import numpy as np

from bowerbird.demo.camera import Points
from bowerbird.demo.canvas import Colour, lit, mixed
from bowerbird.demo.kinds.kind import ANY_COLOUR, FABRIC, WOOD, Kind
from bowerbird.demo.outlines import arc, circle, moved, rectangle
from bowerbird.demo.stage import Stage, Surface
from bowerbird.demo.things import Look


def mirror(stage: Stage, look: Look) -> None:
    """Round, arched, oval or oblong glass in a broad frame."""
    rng = look.numbers()
    style, edge = int(rng.integers(4)), float(rng.uniform(0.045, 0.075))
    outer, inner = (_pane(style, grow) for grow in (0.0, -edge))
    face = stage.surface()
    stage.backing_shadow([outer], 0.04)
    shades = (lit(look.colour, 1.12), look.colour, lit(look.colour, 0.78))
    face.fill(outer, face.gradient(shades, (-0.35, 0.9), (0.35, 0.0)), texture="wood")
    face.fill(_pane(style, -edge * 0.45), lit(look.colour, 1.18), holes=[_pane(style, -edge * 0.6)])
    face.fill(_pane(style, -edge + 0.012), lit(look.colour, 0.6))
    face.fill(
        inner, face.gradient(((232, 238, 240), (178, 196, 204), (212, 222, 226)), (-0.3, 0.9), (0.3, 0))
    )
    _reflection(face, inner, rng)


def _pane(style: int, grow: float) -> Points:
    if style == 0:
        return circle(0, 0.45, 0.42 + grow, 64)
    if style == 1:
        return arc(0, 0.45, 0.32 + grow, 0.44 + grow, n=64)
    if style == 2:
        half = 0.3 + grow
        top = arc(0, 0.58, half, half, 0, np.pi, 32)
        return np.concatenate([[(half, 0.02 - grow)], top, [(-half, 0.02 - grow)]])
    return rectangle(-0.31 - grow, 0.02 - grow, 0.31 + grow, 0.88 + grow, 0.02)


def _reflection(face: Surface, glass: Points, rng: np.random.Generator) -> None:
    """A dim room in the glass, and the window's streak across it."""
    warm: Colour = (206, 190, 172)
    face.fill(rectangle(-0.6, -0.1, 0.6, 0.24), warm, opacity=0.5, blur=0.03, within=glass)
    x = float(rng.uniform(-0.3, 0.1))
    face.fill(rectangle(x, 0.3, x + 0.16, 0.75), (250, 252, 252), opacity=0.7, blur=0.012, within=glass)
    for shift, wide in ((0.0, 0.1), (0.16, 0.035)):
        streak = np.array(
            [(-0.5 + shift, 0.1), (-0.5 + shift + wide, 0.1), (0.3 + shift + wide, 1.0), (0.3 + shift, 1.0)]
        )
        face.fill(streak, (255, 255, 255), opacity=0.28, within=glass)


def clock(stage: Stage, look: Look) -> None:
    """A wall clock with a coloured case and dial."""
    rng = look.numbers()
    face, middle, r = stage.surface(), 0.16, 0.15
    square = rng.random() < 0.2
    case = rectangle(-r, middle - r, r, middle + r, 0.03) if square else circle(0, middle, r, 72)
    stage.backing_shadow([case], 0.02)
    shades = (lit(look.colour, 1.2), look.colour, lit(look.colour, 0.7))
    face.fill(case, face.gradient(shades, (-r, middle + r), (r, middle - r)))
    tinted = rng.random() < 0.45
    dial: Colour = lit(look.colour, 0.96) if tinted else (246, 243, 236)
    ink: Colour = (250, 248, 242) if tinted and sum(look.colour) < 460 else (40, 38, 40)
    face.oval(0, middle, r * 0.82, lit(look.colour, 0.6))
    face.fill(
        circle(0, middle - 0.001, r * 0.8, 72),
        face.gradient((lit(dial, 0.9), dial), (0, middle + r), (0, middle)),
    )
    for i in range(60):
        a, major = i * np.pi / 30, i % 5 == 0
        start, end = (0.66 if major else 0.72) * r, 0.76 * r
        ends = [(np.sin(a) * d, middle + np.cos(a) * d) for d in (start, end)]
        face.stroke([ends], 0.005 if major else 0.0016, ink)
    hour, minute = rng.uniform(0, 2 * np.pi, 2)
    for angle, long, wide in ((hour, 0.4, 0.0085), (minute, 0.62, 0.006)):
        hand = [
            (-np.sin(angle) * r * 0.1, middle - np.cos(angle) * r * 0.1),
            (np.sin(angle) * r * long, middle + np.cos(angle) * r * long),
        ]
        face.stroke([moved(hand, 0.004, -0.005)], wide, (20, 18, 18), opacity=0.25)
        face.stroke([hand], wide, ink)
    face.oval(0, middle, 0.009, look.accent)
    face.fill(arc(-r * 0.2, middle + r * 0.42, r * 0.45, r * 0.2), (255, 255, 255), opacity=0.16)


def rug(stage: Stage, look: Look) -> None:
    """A patterned oblong with a fringe, or a round one."""
    rng = look.numbers()
    face, wide, tall = stage.surface(), 0.62, 0.9
    if rng.random() < 0.22:
        outline = circle(0, tall / 2, 0.44, 72)
        stage.backing_shadow([outline], 0.02)
        face.fill(outline, look.colour, texture="pile")
        for k, r in enumerate((0.38, 0.3, 0.2, 0.12)):
            face.fill(
                circle(0, tall / 2, r, 72),
                look.accent if k % 2 == 0 else look.colour,
                opacity=0.85,
                holes=[circle(0, tall / 2, r - 0.03, 72)],
            )
        return
    outline = rectangle(-wide / 2, 0, wide / 2, tall, 0.012)
    stage.backing_shadow([outline], 0.02)
    threads = [
        [(x, y), (x + rng.normal(0, 0.004), y + d)]
        for x in np.linspace(-wide / 2 + 0.01, wide / 2 - 0.01, 44)
        for y, d in ((0, -0.035), (tall, 0.035))
    ]
    face.stroke(threads, 0.004, (232, 222, 202))
    face.fill(outline, look.colour)
    (_stripes, _diamonds, _border, _lattice)[int(rng.integers(4))](face, look, outline, wide, tall)
    stage.canvas.texture([face.pixels(outline)], "pile", seed=look.seed % 97)


def _stripes(face: Surface, look: Look, outline: Points, wide: float, tall: float) -> None:
    pale = mixed(look.colour, (246, 240, 228), 0.6)
    for i, y in enumerate(np.linspace(0.06, tall - 0.06, 9)):
        tone = (look.accent, pale, lit(look.colour, 0.7))[i % 3]
        face.fill(rectangle(-wide, y - 0.014, wide, y + 0.014), tone, within=outline)


def _diamonds(face: Surface, look: Look, outline: Points, wide: float, tall: float) -> None:
    pale = mixed(look.colour, (246, 240, 228), 0.7)
    for y in np.linspace(0.15, tall - 0.15, 3):
        for size, tone in ((0.2, pale), (0.15, look.colour), (0.1, look.accent), (0.045, look.colour)):
            shape = np.array([(0, y + size * 0.75), (size, y), (0, y - size * 0.75), (-size, y)])
            face.fill(shape, tone, within=outline)
    for x in (-wide / 2 + 0.03, wide / 2 - 0.03):
        face.stroke([[(x, 0.02), (x, tall - 0.02)]], 0.014, pale)


def _border(face: Surface, look: Look, outline: Points, wide: float, tall: float) -> None:
    pale = mixed(look.colour, (246, 240, 228), 0.65)
    for inset, tone in ((0.03, pale), (0.05, look.colour), (0.075, look.accent), (0.09, look.colour)):
        face.fill(rectangle(-wide / 2 + inset, inset, wide / 2 - inset, tall - inset), tone, within=outline)
    face.fill(arc(0, tall / 2, 0.13, 0.22), pale)
    face.fill(arc(0, tall / 2, 0.11, 0.19), look.colour)
    face.fill(arc(0, tall / 2, 0.06, 0.11), look.accent)
    corners = [circle(x, y, 0.03) for x in (-0.16, 0.16) for y in (0.15, tall - 0.15)]
    face.fill_all(corners, pale)


def _lattice(face: Surface, look: Look, outline: Points, wide: float, tall: float) -> None:
    pale = mixed(look.colour, (246, 240, 228), 0.75)
    starts = np.arange(-wide - tall, wide + tall, wide / 4)
    lines = [[(x, 0), (x + sign * tall, tall)] for sign in (-1, 1) for x in starts]
    face.stroke(lines, 0.012, pale, within=outline)


_DECOR = ("Home & Garden", "Mirrors, Clocks & Rugs")
KINDS = (
    Kind(
        "mirror",
        (*_DECOR, "Mirrors"),
        ("mirror", "wall mirror", "hanging mirror"),
        mirror,
        (0.8, 0.9, 0.04),
        {
            "oak": WOOD,
            "walnut": WOOD,
            "painted wood": ANY_COLOUR,
            "metal": ("yellow", "black", "grey", "white", "brown"),
        },
        ("hung",),
        34,
        (
            "no marks on the glass",
            "heavy good quality glass",
            "hook on the back",
            "makes a small room feel bigger",
        ),
        ("Reflections of Bath", "Loft & Lane"),
    ),
    Kind(
        "clock",
        (*_DECOR, "Clocks"),
        ("clock", "wall clock", "kitchen clock"),
        clock,
        (0.32, 0.32, 0.03),
        {"metal": ANY_COLOUR, "plastic": ANY_COLOUR},
        ("hung",),
        14,
        ("keeps good time", "takes one AA battery", "silent movement, no tick"),
        ("Tocker", "Meridian & Sons"),
    ),
    Kind(
        "rug",
        (*_DECOR, "Rugs"),
        ("rug", "area rug", "floor rug"),
        rug,
        (0.64, 0.98, 0.02),
        {"wool": FABRIC, "cotton": FABRIC},
        ("floor",),
        60,
        ("freshly cleaned", "160 x 230cm", "really soft underfoot", "thick pile", "rolled and ready to go"),
        ("Kelim House", "Söderhus"),
    ),
)
