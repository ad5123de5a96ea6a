"""Bicycles, seen from the side."""

import numpy as np
from numpy.typing import ArrayLike

from bowerbird.demo.canvas import Colour, lit
from bowerbird.demo.kinds.kind import PAINTED, Kind
from bowerbird.demo.outlines import arc, circle, moved, rectangle, spline
from bowerbird.demo.stage import Stage, Surface
from bowerbird.demo.things import Look

_RUBBER: Colour = (40, 40, 43)
_STEEL: Colour = (186, 190, 196)


def bicycle(stage: Stage, look: Look) -> None:
    """A diamond or step-through frame on two spoked wheels."""
    rng = look.numbers()
    r, base = 0.34, 1.02
    step_through = rng.random() < 0.35
    racing = not step_through and rng.random() < 0.45
    stage.shadow(rectangle(-base / 2 - r, -0.12, base / 2 + r, 0.12), 0.5, strength=0.95)
    side = stage.surface()
    rear, front = (-base / 2, r), (base / 2, r)
    wall: Colour = (226, 214, 190) if rng.random() < 0.2 else _RUBBER
    for hub in (rear, front):
        _spoked(side, hub, r, wall, 0.032 if not racing else 0.022)
    crank, saddle = (-0.08, 0.29), (-0.24, 0.86)
    head, bars = (0.37, 0.78), (0.335, 0.93)
    _frame(side, look.colour, rear, front, crank, saddle, head, bars, low=step_through)
    _drive(side, crank, rear)
    _saddle(side, saddle, look)
    _handlebars(side, bars, racing=racing, look=look)
    if not racing:
        _mudguards(side, rear, front, r, look)
    if rng.random() < 0.4:
        _basket(side, (0.47, 0.78))


def _spoked(side: Surface, hub: tuple[float, float], r: float, tyre: Colour, width: float) -> None:
    x, y = hub
    angles = np.arange(20) * np.pi / 10 + 0.13
    spokes = [[(x, y), (x + r * 0.93 * np.cos(a + 0.05), y + r * 0.93 * np.sin(a + 0.05))] for a in angles]
    side.stroke(spokes, 0.004, (160, 163, 168), opacity=0.8)
    side.fill(circle(x, y, r, 72), tyre, holes=[circle(x, y, r - width, 72)])
    side.fill(circle(x, y, r - width, 72), _STEEL, holes=[circle(x, y, r - width - 0.014, 72)])
    side.stroke([arc(x, y, r - width * 0.4, r - width * 0.4, 0.6, 2.2)], 0.006, (120, 120, 124), opacity=0.7)
    side.oval(x, y, 0.026, (120, 124, 130))
    side.oval(x, y, 0.014, (206, 208, 212))


def _frame(
    side: Surface,
    colour: Colour,
    rear: tuple[float, float],
    front: tuple[float, float],
    crank: tuple[float, float],
    saddle: tuple[float, float],
    head: tuple[float, float],
    bars: tuple[float, float],
    *,
    low: bool,
) -> None:
    seat_top = (saddle[0] + 0.035, saddle[1] - 0.13)
    bridge = (seat_top[0] + 0.07, 0.52) if low else (seat_top[0] + 0.003, seat_top[1] - 0.02)
    down = (head[0] - 0.01, head[1] - 0.1)
    fork = spline([down, (0.44, 0.5), (0.475, 0.42), front], closed=False)
    thin: list[ArrayLike] = [[rear, crank], [rear, (seat_top[0], seat_top[1] - 0.03)], fork]
    thick: list[ArrayLike] = [[crank, seat_top], [crank, down], [bridge, head], [head, down]]
    if low:
        thick[2] = spline([bridge, (0.05, 0.56), (0.25, 0.68), head], closed=False)
    side.stroke([[seat_top, saddle], [head, bars]], 0.024, _STEEL)
    for lines, width in ((thin, 0.024), (thick, 0.042)):
        side.stroke(lines, width, lit(colour, 0.72))
        lifted = [moved(line, 0, 0.004) for line in lines]
        side.stroke(lifted, width * 0.62, colour)
        side.stroke([moved(line, 0, 0.005) for line in lifted], width * 0.16, lit(colour, 1.5), opacity=0.75)


def _drive(side: Surface, crank: tuple[float, float], rear: tuple[float, float]) -> None:
    x, y = crank
    side.stroke(
        [[(x, y + 0.075), (rear[0], rear[1] + 0.035)], [(x, y - 0.075), (rear[0], rear[1] - 0.035)]],
        0.009,
        (74, 74, 78),
    )
    side.fill(circle(x, y, 0.085), (88, 90, 94), holes=[circle(x, y, 0.062)])
    side.stroke([[(x - 0.07, y), (x + 0.07, y)], [(x, y - 0.07), (x, y + 0.07)]], 0.014, (88, 90, 94))
    side.stroke([[(x, y), (x + 0.1, y - 0.13)], [(x, y), (x - 0.1, y + 0.13)]], 0.02, (140, 143, 148))
    for px, py in ((x + 0.1, y - 0.135), (x - 0.1, y + 0.135)):
        side.box(px - 0.05, py - 0.013, px + 0.05, py + 0.013, (48, 48, 50), radius=0.01)


def _saddle(side: Surface, at: tuple[float, float], look: Look) -> None:
    x, y = at
    colour: Colour = (110, 66, 40) if look.seed % 2 else (44, 42, 44)
    shape = spline(
        [
            (x - 0.14, y + 0.05),
            (x - 0.05, y + 0.045),
            (x + 0.14, y + 0.035),
            (x + 0.15, y + 0.012),
            (x, y - 0.005),
            (x - 0.1, y - 0.03),
            (x - 0.15, y + 0.01),
        ]
    )
    side.fill(shape, side.gradient((lit(colour, 1.25), lit(colour, 0.75)), (x, y + 0.05), (x, y - 0.03)))


def _handlebars(side: Surface, at: tuple[float, float], *, racing: bool, look: Look) -> None:
    x, y = at
    grip: Colour = (110, 66, 40) if look.seed % 2 else (46, 44, 46)
    if racing:
        drop = spline(
            [(x, y), (x + 0.1, y + 0.01), (x + 0.17, y - 0.04), (x + 0.14, y - 0.13), (x + 0.05, y - 0.14)],
            closed=False,
        )
        side.stroke([drop], 0.03, grip)
        side.stroke([[(x + 0.14, y), (x + 0.19, y - 0.12)]], 0.014, (70, 70, 74))
        return
    bar = spline([(x, y), (x + 0.06, y + 0.06), (x - 0.02, y + 0.1), (x - 0.12, y + 0.08)], closed=False)
    side.stroke([bar], 0.02, _STEEL)
    side.stroke([[(x - 0.06, y + 0.093), (x - 0.15, y + 0.073)]], 0.034, grip)
    side.oval(x + 0.02, y + 0.1, 0.022, (214, 216, 220))


def _mudguards(
    side: Surface, rear: tuple[float, float], front: tuple[float, float], r: float, look: Look
) -> None:
    arcs = [arc(*rear, r + 0.025, r + 0.025, 0.5, 2.9, 40), arc(*front, r + 0.025, r + 0.025, 1.0, 2.5, 40)]
    side.stroke(arcs, 0.02, lit(look.colour, 0.85))
    side.stroke([[(rear[0] - 0.05, 0.78), (rear[0] + 0.22, 0.76)]], 0.014, (70, 72, 76))


def _basket(side: Surface, at: tuple[float, float]) -> None:
    x, y = at
    shape = np.array([(x - 0.07, y - 0.02), (x + 0.16, y - 0.02), (x + 0.2, y + 0.2), (x - 0.09, y + 0.2)])
    side.fill(shape, side.gradient(((206, 162, 106), (160, 116, 70)), (x, y + 0.2), (x, y)), texture="tweed")
    lines = [[(x - 0.08, y + t), (x + 0.19, y + t)] for t in (0.03, 0.08, 0.13)]
    side.stroke(lines, 0.006, (128, 90, 54), opacity=0.8)
    side.stroke([[(x - 0.09, y + 0.2), (x + 0.2, y + 0.2)]], 0.022, (186, 140, 88))


KINDS = (
    Kind(
        "bicycle",
        ("Sports & Leisure", "Cycling", "Bicycles"),
        ("bike", "bicycle", "bike", "push bike"),
        bicycle,
        (1.72, 1.05, 0.3),
        {"steel": PAINTED, "aluminium": PAINTED},
        ("garden", "garden", "room"),
        140,
        ("gears and brakes just serviced", "new inner tubes", "rides beautifully", "lock included"),
        ("Kestrel", "Wren Cycles", "Dunmore", "Pashford"),
        0.6,
    ),
)
