"""Whether two photos are one picture, cropped, turned a little, mirrored, brightened or written upon.

Vectors and perceptual hashes find what may be the same picture; this lays one photo over the other and looks.
The affine map between them is found by Gauss-Newton steps on small grey copies, coarse to fine (Lucas and
Kanade, 1981), with brightness and contrast taken out at every step. What is compared in the end is colour,
and the detail that is left when each patch's mean is taken away: two shirts on one door agree in colour, but
only one picture agrees with itself in detail.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]
SIDE = 64  # pixels of a thumbnail; its shape is given up, since the map has a scale for each axis
_LEVELS = ((16, 8), (32, 6), (SIDE, 4))  # side and steps
_PATCH = 4  # pixels: detail is what differs from the mean of such a square
_LEAST_COARSE = 0.6  # correlation of the 16-pixel copies below which nothing finer is looked at
_LEAST_OVERLAP = 0.6  # of my photo that theirs must cover
_SCALES = (0.7, 1.4)  # beyond these it is no crop but another photo of the thing
_MOST_SHEAR = 0.08  # about 4.5 degrees
_DAMPING = 1e-3
_SETTLED = 2e-3  # a smaller step ends a level
_IDENTITY = np.array([1, 0, 0, 0, 1, 0], np.float64)


@dataclass(frozen=True, slots=True)
class Likeness:
    """How well two photos agree once they lie on each other: correlations, at most 1."""

    colour: float
    detail: float

    @property
    def same_picture(self) -> bool:
        """One picture, if its detail agrees and its colours do.

        Of 680 pairs of different listings' photos that the photo network finds alike (cosine 0.6 or more) 13
        agree so in the real market, about half of them variants of one picture; of photos cropped by up to
        5%, brightened, turned, mirrored or marked with words 99% do.
        """
        return self.detail >= 0.85 and self.colour >= 0.9


UNLIKE = Likeness(-1.0, -1.0)


def thumbnail(image: Image.Image) -> Floats:
    """(64, 64, 3) RGB, 0 to 255."""
    return np.asarray(
        image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0), np.float32
    )


def likeness(mine: Floats, theirs: Floats) -> Likeness:
    """How well the thumbnail `theirs`, or its mirror image, agrees with `mine` where it is laid over it."""
    candidates = []
    for other in (theirs, np.ascontiguousarray(theirs[:, ::-1])):
        affine = _aligned(_grey(mine, 16), _grey(other, 16), _IDENTITY, 8)
        if affine is not None:
            mapped, covered = _laid_over(_grey(other, 16)[..., None], affine, 16)
            agreement = _correlation(_grey(mine, 16)[covered], mapped[covered][:, 0])
            candidates.append((agreement, affine, other))
    if not candidates:
        return UNLIKE
    agreement, affine, other = max(candidates, key=lambda candidate: candidate[0])
    if agreement < _LEAST_COARSE:
        return UNLIKE
    for side, steps in _LEVELS[1:]:
        refined = _aligned(_grey(mine, side), _grey(other, side), affine, steps)
        if refined is None:
            return UNLIKE
        affine = refined
    return _compared(mine, other, affine) if _is_plain(affine) else UNLIKE


def _compared(mine: Floats, theirs: Floats, affine: NDArray[np.float64]) -> Likeness:
    mapped, covered = _laid_over(theirs, affine, SIDE)
    patches = covered.reshape(SIDE // _PATCH, _PATCH, SIDE // _PATCH, _PATCH).all(axis=(1, 3))
    if patches.mean() < _LEAST_OVERLAP:
        return UNLIKE
    details = [_detail(photo.mean(axis=2))[patches] for photo in (mine, mapped)]
    colours = [photo[covered] - photo[covered].mean(axis=0) for photo in (mine, mapped)]
    return Likeness(_correlation(*colours), _correlation(*details))


def _is_plain(affine: NDArray[np.float64]) -> bool:
    """Whether the map is what cropping and a slight turn do."""
    scales, shears = affine[[0, 4]], affine[[1, 3]]
    return bool(
        np.all((scales > _SCALES[0]) & (scales < _SCALES[1])) and np.all(np.abs(shears) < _MOST_SHEAR)
    )


def _aligned(
    mine: Floats, theirs: Floats, affine: NDArray[np.float64], steps: int
) -> NDArray[np.float64] | None:
    """The (6,) affine map, from places in `mine` to those in `theirs`, that makes them agree, or None.

    Places run from -1 to 1 along each axis: x' = a0 x + a1 y + a2, y' = a3 x + a4 y + a5.
    """
    side = len(mine)
    x, y = _places(side)
    down, right = np.gradient(theirs)
    layers = np.stack([theirs, right * (side / 2), down * (side / 2)], axis=2)
    for _ in range(steps):
        mapped, covered = _laid_over(layers, affine, side)
        inside = covered.ravel()
        if inside.mean() < _LEAST_OVERLAP / 1.2:
            return None
        values, right_slope, down_slope = mapped.reshape(-1, 3)[inside].T
        spread = values.std() + 1e-6
        target = mine.ravel()[inside]
        error = (target - target.mean()) / (target.std() + 1e-6) - (values - values.mean()) / spread
        px, py = x.ravel()[inside], y.ravel()[inside]
        jacobian = np.stack(
            [
                right_slope * px,
                right_slope * py,
                right_slope,
                down_slope * px,
                down_slope * py,
                down_slope,
            ],
            axis=1,
        ) / spread  # fmt: skip
        jacobian -= jacobian.mean(axis=0)  # brightness is free
        normal = (jacobian.T @ jacobian).astype(np.float64)
        normal[np.diag_indices(6)] += _DAMPING * np.trace(normal) / 6 + 1e-9
        step = np.linalg.solve(normal, jacobian.T @ error)
        affine = affine + step
        if np.abs(step).max() < _SETTLED:
            break
    return affine if np.isfinite(affine).all() else None


def _laid_over(layers: Floats, affine: NDArray[np.float64], side: int) -> tuple[Floats, NDArray[np.bool_]]:
    """(side, side, c) values of `layers` at the mapped places, and (side, side) where those lie inside."""
    x, y = _places(side)
    across = affine[0] * x + affine[1] * y + affine[2]
    along = affine[3] * x + affine[4] * y + affine[5]
    covered = (np.abs(across) <= 1) & (np.abs(along) <= 1)
    column = np.clip((across + 1) * side / 2 - 0.5, 0, side - 1.001)
    row = np.clip((along + 1) * side / 2 - 0.5, 0, side - 1.001)
    left, top = column.astype(np.intp), row.astype(np.intp)
    right_part = (column - left).astype(np.float32)[..., None]
    low_part = (row - top).astype(np.float32)[..., None]
    upper = layers[top, left] * (1 - right_part) + layers[top, left + 1] * right_part
    lower = layers[top + 1, left] * (1 - right_part) + layers[top + 1, left + 1] * right_part
    return upper * (1 - low_part) + lower * low_part, covered


def _places(side: int) -> tuple[Floats, Floats]:
    """(side, side) x and y of the pixels' middles, from -1 to 1."""
    middles = ((np.arange(side, dtype=np.float32) + 0.5) * 2 / side) - 1
    y, x = np.meshgrid(middles, middles, indexing="ij")
    return np.asarray(x, np.float32), np.asarray(y, np.float32)


def _grey(photo: Floats, side: int) -> Floats:
    """(side, side) means of squares of the (64, 64, 3) `photo`."""
    step = SIDE // side
    return np.asarray(photo.reshape(side, step, side, step, 3).mean(axis=(1, 3, 4)), np.float32)


def _detail(grey: Floats) -> Floats:
    """(16, 16, 16) by patch: its pixels less their mean."""
    n = SIDE // _PATCH
    patches = grey.reshape(n, _PATCH, n, _PATCH).transpose(0, 2, 1, 3).reshape(n, n, -1)
    return np.asarray(patches - patches.mean(axis=2, keepdims=True), np.float32)


def _correlation(one: Floats, other: Floats) -> float:
    """Of all values of two arrays of one shape; 0 where either is even."""
    a, b = one.ravel() - one.mean(), other.ravel() - other.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 1e-6 else 0.0
