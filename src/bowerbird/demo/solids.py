"""Solid things: rounded blocks, turned (lathed) bodies, tubes and balls, shaded by the light of the stage."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from bowerbird.demo.camera import Points
from bowerbird.demo.canvas import Colour, Gradient, lit
from bowerbird.demo.outlines import arc, hull
from bowerbird.demo.stage import Stage, Surface

# Each face: outward normal, the local axes u and v, in block coordinates.
_FACES = {
    "left": ((-1, 0, 0), (0, 0, 1), (0, 1, 0)),
    "right": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    "back": ((0, 0, -1), (-1, 0, 0), (0, 1, 0)),
    "top": ((0, 1, 0), (1, 0, 0), (0, 0, -1)),
    "front": ((0, 0, 1), (1, 0, 0), (0, 1, 0)),
}


@dataclass(frozen=True, slots=True)
class Block:
    """A box from corner `low` to corner `high` (metres) whose edges are rounded by `radius`."""

    stage: Stage
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    colour: Colour
    radius: float = 0.0
    texture: str | None = None
    lean: float = 0.0  # how far the top stands back, metres
    seam: float = 0.0  # how dark the gap is between it and what it rests on, 0 to 1

    def draw(self) -> None:
        """Paint it."""
        outline = self.silhouette()
        canvas, camera = self.stage.canvas, self.stage.camera
        if self.seam > 0:
            width = 0.012 * camera.scale(self._at(0.5, 0.5, 0.5))
            canvas.fill([outline], lit(self.colour, 0.2), opacity=self.seam, blur=width + 1)
        canvas.fill([outline], lit(self.colour, 0.74))
        scale = camera.scale(self._at(0.5, 0.5, 0.5))
        blur = self.radius * scale * 0.55
        for name, (normal, _, _) in _FACES.items():
            corners = self._corners(name)
            if not camera.faces(corners.mean(axis=0), normal):
                continue
            face = camera.project(corners)
            bright = self.stage.brightness(normal)
            low, high = face[:2].mean(axis=0), face[2:].mean(axis=0)
            paint = Gradient(
                (lit(self.colour, bright * 0.86), lit(self.colour, bright * 1.06)), tuple(low), tuple(high)
            )
            soft = blur > 1
            canvas.fill([face], paint, blur=blur if soft else 0.0, within=outline if soft else None)
        if self.texture is not None:
            canvas.texture([outline], self.texture, seed=int(abs(self.low[0] * 97 + self.low[1] * 53)))

    def face(self, name: str) -> Surface:
        """The face `name` as a surface; its local origin is the face's lower left corner."""
        normal, u, v = _FACES[name]
        corners = self._corners(name, 0.0)
        up = np.asarray(v, np.float64)
        if self.lean and name == "front":
            height = self.high[1] - self.low[1]
            up = np.array([0, 1, -self.lean / height])
        return self.stage.surface(corners[0], u, up, brightness=self.stage.brightness(normal))

    def sees(self, name: str) -> bool:
        """Whether the camera sees the face `name`."""
        return self.stage.camera.faces(self._corners(name, 0.0).mean(axis=0), _FACES[name][0])

    @property
    def size(self) -> tuple[float, ...]:
        """Width, height and depth, metres."""
        return tuple(high - low for low, high in zip(self.low, self.high, strict=True))

    def silhouette(self) -> Points:
        """Its outline on the photo, pixels."""
        r = self.radius
        corners = np.array([self._at(x, y, z, r) for x in (0, 1) for y in (0, 1) for z in (0, 1)])
        placed = self.stage.camera.project(corners)
        if r <= 0:
            return hull(placed)
        rings = [
            arc(x, y, r * self.stage.camera.scale(corner), r * self.stage.camera.scale(corner), n=14)
            for (x, y), corner in zip(placed.tolist(), corners, strict=True)
        ]
        return hull(np.concatenate(rings))

    def _at(self, x: float, y: float, z: float, inset: float = 0.0) -> tuple[float, float, float]:
        share = (x, y, z)
        px, py, pz = (
            low + inset + s * (high - low - 2 * inset)
            for low, high, s in zip(self.low, self.high, share, strict=True)
        )
        return px, py, pz - self.lean * y

    def _corners(self, name: str, inset: float | None = None) -> Points:
        """(4, 3) corners of a face: lower left, lower right, upper right, upper left."""
        normal, u, v = (np.asarray(a, np.float64) for a in _FACES[name])
        r = self.radius * 0.5 if inset is None else inset
        corners = []
        for s, t in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
            x, y, z = (0.5 + 0.5 * (normal + s * u + t * v)).tolist()
            point = np.asarray(self._at(x, y, z)) - r * (s * u + t * v)
            corners.append(point)
        return np.array(corners)


def turned(
    stage: Stage,
    base: tuple[float, float, float],
    profile: Sequence[tuple[float, float]],
    colour: Colour,
    *,
    shine: float = 1.12,
    hollow: Colour | None = None,
    texture: str | None = None,
) -> Points:
    """A body of revolution standing upright on `base`.

    Args:
        stage: where to draw.
        base: the middle of its foot.
        profile: (radius, height above base) from foot to rim, metres.
        colour: its colour in full light.
        shine: brightness of the lit side.
        hollow: the colour seen through an open rim; None closes it.
        texture: a texture over all of it.

    Returns:
        Its silhouette in pixels.
    """
    rings = [_ring(stage, base, r, h) for r, h in profile]
    pieces = [hull(np.concatenate(pair)) for pair in pairwise(rings)]
    widest = max(rings, key=lambda ring: float(np.ptp(ring[:, 0])))
    left, right = widest[:, 0].min(), widest[:, 0].max()
    middle = float(widest[:, 1].mean())
    shades = [0.78, 0.98, shine, 1.0, 0.84, 0.62]
    if stage.camera.turn[0] @ stage.light > 0:
        shades.reverse()
    body = Gradient(tuple(lit(colour, s) for s in shades), (left, middle), (right, middle))
    stage.canvas.fill(pieces, body)
    if texture is not None:
        stage.canvas.texture(pieces, texture)
    _fill_rim(stage, rings[-1], colour, hollow)
    return hull(np.concatenate(rings))


def _fill_rim(stage: Stage, rim: Points, colour: Colour, hollow: Colour | None) -> None:
    if hollow is None:
        stage.canvas.fill([rim], lit(colour, stage.brightness((0, 1, 0))))
        return
    top, bottom = float(rim[:, 1].min()), float(rim[:, 1].max())
    stage.canvas.fill([rim], Gradient((lit(hollow, 0.55), lit(hollow, 0.95)), (0, top), (0, bottom + 1)))


def _ring(stage: Stage, base: tuple[float, float, float], radius: float, height: float) -> Points:
    flat = arc(0, 0, max(radius, 1e-4), max(radius, 1e-4), n=36)
    x, y, z = base
    return stage.camera.project(np.stack([x + flat[:, 0], np.full(36, y + height), z + flat[:, 1]], axis=1))


def tube(stage: Stage, points: ArrayLike, radius: float, colour: Colour, *, shine: float = 1.25) -> None:
    """A round bar through (n, 3) `points`."""
    path = np.asarray(points, np.float64)
    line = stage.camera.project(path)
    width = max(1.2, 2 * radius * stage.camera.scale(path[len(path) // 2]))
    stage.canvas.stroke([line], width, lit(colour, 0.74))
    if width > 2.5:
        up = np.array([0.0, -0.12 * width])
        stage.canvas.stroke([line + up], width * 0.62, colour)
        stage.canvas.stroke([line + 1.6 * up], width * 0.2, lit(colour, shine), opacity=0.8)


def ball(stage: Stage, centre: ArrayLike, radius: float, colour: Colour, *, shine: float = 1.3) -> None:
    """A sphere."""
    (x, y), r = stage.camera.project(centre)[0].tolist(), radius * stage.camera.scale(centre)
    side = stage.camera.turn[0] @ stage.light
    light = (x + 0.35 * r * np.sign(side), y - 0.4 * r)
    shades = tuple(lit(colour, s) for s in (shine, 1.05, 0.9, 0.62))
    stage.canvas.fill([arc(x, y, r, r)], Gradient(shades, light, (light[0] + 1.5 * r, light[1]), radial=True))


def recess(block: Block, box: tuple[float, float, float, float], depth: float) -> Surface:
    """Cut an open bay of `box` (left, bottom, right, top on the front of `block`), `depth` metres deep.

    Returns:
        A surface standing half way back in the bay, (0, 0) on its floor at the block's left edge.
    """
    stage, face = block.stage, block.face("front")
    x0, y0, x1, y1 = box
    front = face.pixels([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    behind = stage.surface(face.origin - np.array([0, 0, depth]), face.u, face.v)
    back = behind.pixels([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    stage.canvas.fill([front], lit(block.colour, 0.5))
    for i, shade in ((0, 0.72), (1, 0.56), (2, 0.42), (3, 0.56)):
        side = np.array([front[i], front[(i + 1) % 4], back[(i + 1) % 4], back[i]])
        stage.canvas.fill([side], lit(block.colour, shade), within=front)
    low, high = back[:2].mean(axis=0), back[2:].mean(axis=0)
    dim = Gradient((lit(block.colour, 0.66), lit(block.colour, 0.44)), tuple(low), tuple(high))
    stage.canvas.fill([back], dim, within=front)
    middle = face.origin + np.array([0, y0, -depth * 0.45])
    return stage.surface(middle, face.u, face.v, brightness=0.94)
