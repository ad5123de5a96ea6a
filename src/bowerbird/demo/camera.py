"""Where things in the room land on the photo: a pinhole camera over right-handed coordinates.

x runs right, y up, z towards the viewer; the floor is y = 0 and lengths are in metres. Pixels run right
and down.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]  # (n, 2) pixels or (n, 3) metres


def rotation(yaw: float, pitch: float, roll: float = 0.0) -> NDArray[np.float64]:
    """(3, 3) turn about the upright axis, then towards the floor, then about the line of sight; radians."""
    cy, sy, cp, sp, cr, sr = (f(a) for a in (yaw, pitch, roll) for f in (np.cos, np.sin))
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_x @ about_y)


@dataclass(frozen=True, slots=True)
class Camera:
    """Looks at `target` from `distance` metres away."""

    turn: NDArray[np.float64]  # (3, 3)
    target: NDArray[np.float64]  # (3,)
    distance: float
    focal: float  # pixels
    centre: tuple[float, float]  # pixels

    def project(self, points: ArrayLike) -> Points:
        """(n, 2) pixels of (n, 3) `points`."""
        seen = (np.atleast_2d(np.asarray(points, np.float64)) - self.target) @ self.turn.T
        scale = self.focal / np.maximum(self.distance - seen[:, 2], 0.05 * self.distance)
        return np.stack([self.centre[0] + seen[:, 0] * scale, self.centre[1] - seen[:, 1] * scale], axis=1)

    def depth(self, points: ArrayLike) -> NDArray[np.float64]:
        """(n,) how near each of (n, 3) `points` is; more is nearer."""
        seen = (np.atleast_2d(np.asarray(points, np.float64)) - self.target) @ self.turn.T
        return np.asarray(seen[:, 2])

    def scale(self, point: ArrayLike) -> float:
        """Pixels a metre at `point`."""
        return float(self.focal / max(self.distance - self.depth(point)[0], 0.05 * self.distance))

    def faces(self, point: ArrayLike, normal: ArrayLike) -> bool:
        """Whether the surface at `point` with outward `normal` shows its face to the camera."""
        seen = self.turn @ (np.asarray(point, np.float64) - self.target)
        towards = np.array([0.0, 0.0, self.distance]) - seen
        return bool((self.turn @ np.asarray(normal, np.float64)) @ towards > 1e-9)

    def plane_to_pixels(self, origin: ArrayLike, u: ArrayLike, v: ArrayLike) -> NDArray[np.float64]:
        """(3, 3) homography from (s, t, 1) on the plane origin + s u + t v to homogeneous pixels."""
        axes = np.stack([np.asarray(a, np.float64) for a in (u, v)], axis=1)
        start = self.turn @ (np.asarray(origin, np.float64) - self.target)
        columns = np.column_stack([self.turn @ axes, start])
        depth = -columns[2] + np.array([0, 0, self.distance])
        x = self.focal * columns[0] + self.centre[0] * depth
        y = -self.focal * columns[1] + self.centre[1] * depth
        return np.stack([x, y, depth])


def frame(
    turn: NDArray[np.float64],
    size: tuple[float, float, float],
    pixels: tuple[int, int],
    *,
    fill: float,
    shift: tuple[float, float] = (0.0, 0.0),
    distance: float = 3.2,
) -> Camera:
    """The camera that shows a box of `size` (width, height, depth, standing on the floor) in the photo.

    Args:
        turn: (3, 3) rotation.
        size: metres.
        pixels: width and height of the photo.
        fill: the share of the photo's tighter side that the box takes.
        shift: how far the box is off the middle, in shares of the photo's width and height.
        distance: how far away the camera stands, in lengths of the box.
    """
    w, h, d = size
    target = np.array([0.0, h / 2, 0.0])
    corners = np.array([(x, y, z) for x in (-w / 2, w / 2) for y in (0, h) for z in (-d / 2, d / 2)])
    away = distance * max(size)
    unit = Camera(turn, target, away, 1.0, (0.0, 0.0)).project(corners)
    low, high = unit.min(axis=0), unit.max(axis=0)
    focal = fill * float(np.min(np.asarray(pixels) / (high - low)))
    middle = np.asarray(pixels) * (0.5 + np.asarray(shift)) - focal * (low + high) / 2
    return Camera(turn, target, away, focal, (float(middle[0]), float(middle[1])))
