"""Grey tiles that a colour is multiplied by: wood, cloth, leather, plaster, and the camera's noise.

Each is made once a process from fixed numbers and cached; values near 255 leave a colour as it is.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

TILE = 1100  # pixels a side: as large as any photo, plus room to start elsewhere
Field = NDArray[np.float32]


def smooth_noise(cells: tuple[int, int], seed: int, size: int = TILE) -> Field:
    """(size, size) noise of mean 0 and deviation about 1, with `cells` (across, down) bumps."""
    rng = np.random.default_rng(seed)
    small = rng.standard_normal((cells[1], cells[0])).astype(np.float32)
    image = Image.fromarray(small).resize((size, size), Image.Resampling.BICUBIC)
    field = np.asarray(image, np.float32)
    standard: Field = (field - field.mean()) / field.std()
    return standard


@lru_cache(maxsize=32)
def tile(name: str) -> Image.Image:
    """The (TILE, TILE) RGB texture `name`."""
    field = _FIELDS[name]()
    grey = Image.fromarray(np.clip(255 * field, 0, 255).astype(np.uint8))
    return Image.merge("RGB", (grey, grey, grey))


@lru_cache(maxsize=4)
def grain(strength: float) -> Image.Image:
    """A (TILE, TILE) RGB image of camera noise around 128; add it with an offset of -128."""
    rng = np.random.default_rng(17)
    luminance = rng.standard_normal((TILE, TILE, 1)).astype(np.float32)
    chroma = rng.standard_normal((TILE, TILE, 3)).astype(np.float32)
    noise = 128 + strength * (luminance + 0.45 * chroma)
    return Image.fromarray(np.clip(noise, 0, 255).astype(np.uint8))


def _wood() -> Field:
    bend = 14 * smooth_noise((5, 3), 1)
    rows = np.arange(TILE, dtype=np.float32)[:, None] + bend
    rings = np.sin(rows * 0.16 + 2.2 * smooth_noise((3, 24), 2))
    fibre = smooth_noise((24, 550), 3)
    streak = smooth_noise((6, 120), 4)
    return np.asarray(0.93 + 0.035 * rings + 0.03 * fibre + 0.035 * streak, np.float32)


def _woven(step: float, depth: float, seed: int) -> Field:
    y, x = np.mgrid[:TILE, :TILE].astype(np.float32)
    thread = np.sin(x * 2 * np.pi / step) * np.sin(y * 2 * np.pi / step)
    slub = smooth_noise((TILE // 3, 40), seed) + smooth_noise((40, TILE // 3), seed + 1)
    return np.asarray(0.94 + depth * thread + 0.6 * depth * slub, np.float32)


def _knit() -> Field:
    y, x = np.mgrid[:TILE, :TILE].astype(np.float32)
    rib = np.sin(x * 2 * np.pi / 9)
    stitch = np.sin((y + 3 * np.abs(rib)) * 2 * np.pi / 7)
    return np.asarray(0.91 + 0.05 * rib + 0.035 * stitch, np.float32)


def _blotch(cells: int, depth: float, fine: float, seed: int) -> Field:
    rough = smooth_noise((TILE // 2, TILE // 2), seed)
    return np.asarray(0.95 + depth * smooth_noise((cells, cells), seed + 1) + fine * rough, np.float32)


def _pile() -> Field:
    tufts = smooth_noise((TILE // 4, TILE // 3), 31)
    return np.asarray(0.9 + 0.06 * tufts + 0.03 * smooth_noise((12, 12), 32), np.float32)


_FIELDS: dict[str, Callable[[], Field]] = {
    "wood": _wood,
    "wood upright": lambda: np.ascontiguousarray(_wood().T),
    "linen": lambda: _woven(4.0, 0.022, 5),
    "canvas": lambda: _woven(3.0, 0.025, 7),
    "tweed": lambda: _woven(6.0, 0.035, 9),
    "knit": _knit,
    "leather": lambda: _blotch(180, 0.03, 0.012, 11),
    "velvet": lambda: _blotch(16, 0.035, 0.012, 13),
    "plaster": lambda: _blotch(40, 0.008, 0.008, 15),
    "stone": lambda: _blotch(90, 0.035, 0.03, 19),
    "metal": lambda: np.asarray(0.96 + 0.02 * smooth_noise((3, 500), 21), np.float32),
    "grass": lambda: np.asarray(0.85 + 0.11 * smooth_noise((400, 110), 23), np.float32),
    "pile": _pile,
    "stains": lambda: np.asarray(0.97 - 0.16 * np.maximum(smooth_noise((26, 26), 41) - 0.9, 0), np.float32),
}
