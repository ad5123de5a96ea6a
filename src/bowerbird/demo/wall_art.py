"""Pictures and plants that make a wall a home; they stay quiet, so that the thing for sale stands out."""

import numpy as np

from bowerbird.demo.canvas import Colour, lit, mixed
from bowerbird.demo.outlines import arc, moved, rectangle, spline
from bowerbird.demo.stage import SHADOW, Surface

_TONES: tuple[Colour, ...] = (
    (188, 120, 92),
    (120, 140, 120),
    (214, 176, 120),
    (96, 112, 134),
    (222, 208, 184),
    (150, 100, 96),
)


def hang_art(face: Surface, seed: int, reach: float, wall: Colour) -> None:
    """Hang zero to two things on the wall `face` above and beside a thing `reach` metres long."""
    rng = np.random.default_rng([seed, 1])
    choice = rng.integers(5)
    if choice == 0:
        return
    side = float(rng.choice((-1, 1)))
    if choice <= 2:
        _picture(face, rng, side * reach * rng.uniform(0.15, 0.5), reach * 0.95, reach * 0.34, wall)
    if choice == 2:
        _picture(face, rng, side * reach * 0.9, reach * 1.0, reach * 0.26, wall)
    if choice == 3:
        _plant(face, rng, side * reach * rng.uniform(0.75, 0.95), reach, wall)
    if choice == 4:
        _panelling(face, reach, wall)


def _picture(face: Surface, rng: np.random.Generator, x: float, y: float, size: float, wall: Colour) -> None:
    w, h = size, size * float(rng.choice((0.75, 1.0, 1.3)))
    face.fill(rectangle(x + 0.02, y - 0.03, x + w + 0.02, y + h - 0.03), SHADOW, opacity=0.35, blur=0.02)
    face.box(x, y, x + w, y + h, mixed(_TONES[int(rng.integers(6))], (60, 46, 36), float(rng.random())))
    edge = 0.05 * w
    face.box(x + edge, y + edge, x + w - edge, y + h - edge, (242, 238, 230))
    inner = rectangle(x + 3 * edge, y + 3 * edge, x + w - 3 * edge, y + h - 3 * edge)
    face.fill(inner, mixed(_TONES[int(rng.integers(6))], (246, 240, 230), 0.6))
    for _ in range(3):
        cx, cy = x + w * rng.uniform(0.3, 0.7), y + h * rng.uniform(0.25, 0.7)
        tone = mixed(_TONES[int(rng.integers(6))], wall, 0.25)
        face.fill(
            arc(cx, cy, w * rng.uniform(0.1, 0.26), h * rng.uniform(0.06, 0.2)),
            tone,
            opacity=0.9,
            within=inner,
        )


def _plant(face: Surface, rng: np.random.Generator, x: float, reach: float, wall: Colour) -> None:
    tall, green = reach * 0.75, mixed((76, 112, 78), wall, 0.3)
    for angle in np.linspace(-1.0, 1.0, 9) + 0.1 * rng.standard_normal(9):
        tip = (x + np.sin(angle) * tall * 0.5, tall * (0.55 + 0.5 * np.cos(angle)))
        bend = ((x + tip[0]) / 2 - 0.05 * reach * np.cos(angle), (tall * 0.35 + tip[1]) / 2 + 0.06 * reach)
        other = (bend[0] + 0.1 * reach * np.cos(angle), bend[1] - 0.06 * reach)
        leaf = spline([(x, tall * 0.3), bend, tip, other])
        face.fill(leaf, lit(green, float(rng.uniform(0.8, 1.15))))
    pot = np.array([(x - 0.1, 0), (x + 0.1, 0), (x + 0.14, 0.34), (x - 0.14, 0.34)]) * [1, reach * 0.8]
    face.fill(pot, mixed((190, 130, 100), wall, 0.25))


def _panelling(face: Surface, reach: float, wall: Colour) -> None:
    wide, high = 0.55 * reach, 0.8 * reach
    for i in range(-3, 4):
        left = i * wide + 0.06 * reach
        panel = [
            (left, 0.2 * reach),
            (left, high),
            (left + 0.8 * wide, high),
            (left + 0.8 * wide, 0.2 * reach),
            (left, 0.2 * reach),
        ]
        face.stroke([panel], 0.016, lit(wall, 1.2))
        face.stroke([moved(panel, 0.012, -0.012)], 0.008, lit(wall, 0.82))
    face.box(-9, high + 0.08 * reach, 9, high + 0.12 * reach, lit(wall, 1.14))
    face.stroke([[(-9, high + 0.08 * reach), (9, high + 0.08 * reach)]], 0.008, lit(wall, 0.8))
