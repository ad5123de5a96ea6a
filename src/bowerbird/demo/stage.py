"""What a thing is drawn on: a canvas, a camera turned as the thing stands, and the light of the room."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bowerbird.demo.camera import Camera, Points
from bowerbird.demo.canvas import Canvas, Colour, Gradient, Paint, lit
from bowerbird.demo.outlines import arc, hull, rectangle

SHADOW: Colour = (34, 27, 30)
LYING = ("hung", "flat", "floor")  # settings whose backing is right behind the thing
Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Surface:
    """A flat piece of a thing, with its own (s, t) coordinates in metres; t runs up."""

    canvas: Canvas
    camera: Camera
    origin: Vector
    u: Vector
    v: Vector
    brightness: float = 1.0

    def pixels(self, points: ArrayLike) -> Points:
        """(n, 2) pixels of (n, 2) local `points`."""
        local = np.atleast_2d(np.asarray(points, np.float64))
        return self.camera.project(self.origin + local[:, :1] * self.u + local[:, 1:] * self.v)

    @property
    def scale(self) -> float:
        """Pixels a metre."""
        return self.camera.scale(self.origin)

    def gradient(
        self,
        colours: Sequence[Colour],
        start: tuple[float, float],
        end: tuple[float, float],
        *,
        radial: bool = False,
    ) -> Gradient:
        """Colours from `start` to `end` in local coordinates."""
        (x0, y0), (x1, y1) = self.pixels([start, end]).tolist()
        return Gradient(tuple(lit(c, self.brightness) for c in colours), (x0, y0), (x1, y1), radial)

    def fill(
        self,
        outline: ArrayLike,
        paint: Paint,
        *,
        opacity: float = 1.0,
        blur: float = 0.0,
        holes: Sequence[Points] = (),
        within: Points | None = None,
        texture: str | None = None,
    ) -> None:
        """Fill a closed local outline; `blur` in metres."""
        placed = self.pixels(outline)
        self.canvas.fill(
            [placed],
            self._lit(paint),
            opacity=opacity,
            blur=blur * self.scale,
            holes=[self.pixels(hole) for hole in holes],
            within=None if within is None else self.pixels(within),
        )
        if texture is not None:
            self.canvas.texture([placed], texture)

    def fill_all(self, outlines: Iterable[Points], paint: Paint, *, opacity: float = 1.0) -> None:
        """Fill many outlines at once with one paint."""
        self.canvas.fill([self.pixels(outline) for outline in outlines], self._lit(paint), opacity=opacity)

    def stroke(
        self,
        lines: Sequence[ArrayLike],
        width: float,
        paint: Paint,
        *,
        opacity: float = 1.0,
        blur: float = 0.0,
        within: Points | None = None,
    ) -> None:
        """Draw open local `lines`, `width` metres wide."""
        self.canvas.stroke(
            [self.pixels(line) for line in lines],
            max(1.0, width * self.scale),
            self._lit(paint),
            opacity=opacity,
            blur=blur * self.scale,
            within=None if within is None else self.pixels(within),
        )

    def box(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        paint: Paint,
        *,
        radius: float = 0.0,
        opacity: float = 1.0,
    ) -> None:
        """Fill a rectangle."""
        self.fill(rectangle(x0, y0, x1, y1, radius), paint, opacity=opacity)

    def oval(
        self, x: float, y: float, rx: float, paint: Paint, *, ry: float | None = None, opacity: float = 1.0
    ) -> None:
        """Fill an ellipse; a circle unless `ry` is given."""
        self.fill(arc(x, y, rx, rx if ry is None else ry), paint, opacity=opacity)

    def _lit(self, paint: Paint) -> Paint:
        return paint if isinstance(paint, Gradient) or self.brightness == 1.0 else lit(paint, self.brightness)


@dataclass(frozen=True, slots=True)
class Stage:
    """`camera` sees the thing's own coordinates (turned with it); `room` sees the room's."""

    canvas: Canvas
    camera: Camera
    room: Camera
    light: Vector  # (3,) unit vector towards the light, in the thing's own coordinates
    setting: str = "room"

    def brightness(self, normal: ArrayLike) -> float:
        """How bright a surface with outward `normal` is: 1 is full."""
        return 0.65 + 0.5 * max(0.0, float(np.asarray(normal, np.float64) @ self.light))

    def surface(
        self,
        origin: ArrayLike = (0, 0, 0),
        u: ArrayLike = (1, 0, 0),
        v: ArrayLike = (0, 1, 0),
        *,
        brightness: float = 1.0,
    ) -> Surface:
        """A flat piece through `origin`; upright and facing front unless `u` and `v` say otherwise."""
        start, across, up = (np.asarray(a, np.float64) for a in (origin, u, v))
        return Surface(self.canvas, self.camera, start, across, up, brightness)

    def far_to_near(self, parts: Iterable[tuple[ArrayLike, Callable[[], object]]]) -> None:
        """Draw (where, how) `parts`, the farthest first."""
        for _, draw in sorted(
            ((float(self.camera.depth(where)[0]), draw) for where, draw in parts), key=lambda part: part[0]
        ):
            draw()

    def shadow(self, footprint: Points, height: float, *, strength: float = 1.0) -> None:
        """Darken the floor under (n, 2) `footprint` (x, z) and beside it; it is `height` metres tall."""
        if self.setting in LYING:
            return
        flat = np.stack([footprint[:, 0], np.zeros(len(footprint)), footprint[:, 1]], axis=1)
        away = -self.light[[0, 2]] / max(self.light[1], 0.3) * 0.45 * height
        thrown = flat + np.array([away[0], 0, away[1]])
        scale = self.camera.scale((0, 0, 0))
        cast = hull(self.camera.project(np.concatenate([flat, thrown])))
        soft = scale * (0.03 + 0.07 * height)
        self.canvas.fill([cast], SHADOW, opacity=0.26 * strength, blur=soft)
        self.canvas.fill([hull(self.camera.project(flat))], SHADOW, opacity=0.42 * strength, blur=soft * 0.3)

    def backing_shadow(self, outlines: Sequence[Points], thickness: float) -> None:
        """The shadow on the wall or bed behind of (x, y) `outlines` that stand off by `thickness` metres."""
        if self.setting not in LYING:
            return
        offset = np.array([-self.light[0] * 1.1, -0.7]) * thickness
        back = self.surface()
        soft = max(thickness * 0.5 * back.scale, 1.0)
        for share, opacity in ((1.0, 0.3), (0.3, 0.36)):
            moved = [back.pixels(outline + offset * share) for outline in outlines]
            self.canvas.fill(moved, SHADOW, opacity=opacity, blur=soft * share)
