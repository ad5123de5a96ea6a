"""Floors, table tops, bedding and ground seen from straight above; rooms lay them down in perspective."""

from functools import lru_cache

import numpy as np
from PIL import Image

from bowerbird.demo.canvas import Colour
from bowerbird.demo.textures import TILE, Field, smooth_noise, tile

FLOOR_PIXELS = 1000

# name: (pattern, colour, pieces across for a thing of about one metre)
FLOORS: dict[str, tuple[str, Colour, float]] = {
    "oak boards": ("boards", (206, 168, 122), 22),
    "pale boards": ("boards", (222, 200, 168), 22),
    "dark boards": ("boards", (118, 84, 62), 22),
    "grey boards": ("boards", (170, 162, 152), 22),
    "herringbone": ("herringbone", (196, 156, 110), 22),
    "beige carpet": ("carpet", (208, 194, 172), 1),
    "grey carpet": ("carpet", (166, 166, 168), 1),
    "blue carpet": ("carpet", (120, 134, 156), 1),
    "kitchen tiles": ("tiles", (216, 210, 200), 7),
    "chequered tiles": ("chequer", (232, 228, 220), 9),
    "concrete": ("stone", (176, 174, 170), 1),
    "paving": ("tiles", (178, 172, 160), 5),
    "lawn": ("lawn", (104, 142, 70), 1),
    "oak table": ("planks", (196, 150, 100), 6),
    "pine table": ("planks", (220, 178, 122), 5),
    "walnut table": ("planks", (120, 80, 54), 5),
    "white table": ("plain", (232, 230, 226), 1),
    "marble": ("marble", (228, 226, 224), 1),
    "linen cloth": ("cloth", (226, 216, 198), 1),
    "blue cloth": ("cloth", (132, 152, 176), 1),
    "bedding": ("folds", (236, 233, 228), 1),
    "grey bedding": ("folds", (188, 190, 194), 1),
    "wool throw": ("folds", (206, 192, 170), 1),
}


@lru_cache(maxsize=40)
def floor_image(name: str, metres: int) -> Image.Image:
    """(FLOOR_PIXELS, FLOOR_PIXELS) RGB of the floor `name`, `metres` (rounded up) across."""
    pattern, colour, pieces = FLOORS[name]
    n = max(3, round(pieces * metres)) if pieces > 1 else 1
    n = min(n, 60)
    rgb = np.ones((FLOOR_PIXELS, FLOOR_PIXELS, 3), np.float32) * np.asarray(colour, np.float32)
    rgb *= _PATTERNS[pattern](n)[..., None]
    return Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8))


def _grain() -> Field:
    return np.asarray(tile("wood upright").convert("L"), np.float32)[
        :FLOOR_PIXELS, :FLOOR_PIXELS
    ] / np.float32(238)


def _boards(n: int, lengths: float = 3.5) -> Field:
    rng = np.random.default_rng(n)
    y, x = np.mgrid[:FLOOR_PIXELS, :FLOOR_PIXELS].astype(np.float32) / FLOOR_PIXELS
    column = np.floor(x * n).astype(int)
    along = y * n / lengths / 2 + rng.random(n + 1)[column]
    piece = np.floor(along).astype(int) % 16
    tone = 1 + 0.07 * rng.standard_normal((n + 1, 16))[column, piece]
    across_gap = np.abs((x * n) % 1 - 0.5) > 0.5 - 0.018
    end_gap = np.abs(along % 1 - 0.5) > 0.5 - 0.006
    return np.asarray(tone * _grain() * np.where(across_gap | end_gap, 0.66, 1.0), np.float32)


def _herringbone(n: int) -> Field:
    rng = np.random.default_rng(n)
    y, x = np.mgrid[:FLOOR_PIXELS, :FLOOR_PIXELS].astype(np.float32) / FLOOR_PIXELS * n
    band = np.floor(x / 2).astype(int)
    slope = np.where(band % 2 == 0, x, -x) + y
    stave = np.floor(slope * 1.2).astype(int)
    tone = 1 + 0.08 * rng.standard_normal((97, 97))[band % 97, stave % 97]
    gap = (np.abs((slope * 1.2) % 1 - 0.5) > 0.46) | (np.abs((x / 2) % 1 - 0.5) > 0.48)
    return np.asarray(tone * _grain() * np.where(gap, 0.75, 1.0), np.float32)


def _tiles(n: int) -> Field:
    rng = np.random.default_rng(n)
    y, x = np.mgrid[:FLOOR_PIXELS, :FLOOR_PIXELS].astype(np.float32) / FLOOR_PIXELS * n
    tone = 1 + 0.03 * rng.standard_normal((n + 1, n + 1))[y.astype(int), x.astype(int)]
    gap = (np.abs(x % 1 - 0.5) > 0.478) | (np.abs(y % 1 - 0.5) > 0.478)
    return np.asarray(tone * np.where(gap, 0.8, 1.0) * _rough("stone"), np.float32)


def _chequer(n: int) -> Field:
    y, x = np.mgrid[:FLOOR_PIXELS, :FLOOR_PIXELS].astype(np.float32) / FLOOR_PIXELS * n
    dark = (np.floor(x) + np.floor(y)) % 2 == 0
    return np.asarray(np.where(dark, 0.34, 1.0) * _rough("plaster"), np.float32)


def _rough(name: str) -> Field:
    return np.asarray(tile(name).convert("L"), np.float32)[:FLOOR_PIXELS, :FLOOR_PIXELS] / np.float32(242)


def _marble(_: int) -> Field:
    vein = np.abs(smooth_noise((5, 7), 51, FLOOR_PIXELS) + 0.35 * smooth_noise((30, 40), 52, FLOOR_PIXELS))
    return np.asarray(
        1 - 0.22 * np.exp(-((vein / 0.09) ** 2)) + 0.01 * smooth_noise((9, 9), 53, FLOOR_PIXELS), np.float32
    )


def _folds(_: int) -> Field:
    y, x = np.mgrid[:FLOOR_PIXELS, :FLOOR_PIXELS].astype(np.float32) / TILE
    wave = 1.3 * smooth_noise((5, 4), 61, FLOOR_PIXELS) + 5 * (x + 0.6 * y)
    crease = smooth_noise((16, 9), 62, FLOOR_PIXELS)
    return np.asarray((0.95 + 0.045 * np.sin(wave * 3) + 0.022 * crease) * _rough("canvas"), np.float32)


_PATTERNS = {
    "boards": _boards,
    "planks": lambda n: _boards(n, 30.0),
    "herringbone": _herringbone,
    "tiles": _tiles,
    "chequer": _chequer,
    "carpet": lambda _: _rough("pile"),
    "stone": lambda _: _rough("stone"),
    "lawn": lambda _: _rough("grass"),
    "plain": lambda _: _rough("plaster"),
    "cloth": lambda _: _rough("linen"),
    "marble": _marble,
    "folds": _folds,
}
