"""The places that photos are taken in: a room, a table, a wall, a bed or a garden."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from bowerbird.demo.backdrops import paint_backdrop
from bowerbird.demo.camera import Camera, Points
from bowerbird.demo.canvas import Canvas, Colour, Gradient, lit
from bowerbird.demo.floors import FLOOR_PIXELS, floor_image
from bowerbird.demo.homes import WALLS, Home
from bowerbird.demo.outlines import rectangle
from bowerbird.demo.stage import SHADOW, Surface
from bowerbird.demo.wall_art import hang_art


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing of main `colour` and longest side `reach` stands, `gap` metres before the wall."""

    canvas: Canvas
    room: Camera
    home: Home
    colour: Colour
    reach: float
    gap: float

    @property
    def wall(self) -> Colour:
        """The colour of the wall."""
        return self.home.wall_behind(self.colour)

    @property
    def wall_surface(self) -> Surface:
        """The wall, with (0, 0) on the floor behind the middle of the thing."""
        origin, u, v = (np.array(a, np.float64) for a in ((0, 0, -self.gap), (1, 0, 0), (0, 1, 0)))
        return Surface(self.canvas, self.room, origin, u, v)

    @property
    def foot_of_wall(self) -> Points:
        """(2, 2) pixels: the line between floor and wall, far beyond both edges of the photo."""
        wide = 60 * self.gap + 9
        return self.room.project([(-wide, 0, -self.gap), (wide, 0, -self.gap)])


def _room(place: Place) -> None:
    face, wall, reach = place.wall_surface, place.wall, place.reach
    _paint_wall(place)
    if reach > 0.9:
        hang_art(face, place.home.art_seed, reach, wall)
    _window_light(place, reach)
    _lay_floor(place, place.home.surface_under(place.home.floor, place.colour))
    if reach > 0.5:
        _skirting(face, wall, reach)


def _table(place: Place) -> None:
    _paint_wall(place)
    _window_light(place, place.reach * 1.4)
    _blurred_things(place.wall_surface, place.home.art_seed, place.reach)
    _lay_floor(place, place.home.surface_under(place.home.table, place.colour))


def _garden(place: Place) -> None:
    canvas, line = place.canvas, place.foot_of_wall
    sky = Gradient(((170, 204, 232), (222, 234, 240)), (0, 0), (0, float(line[:, 1].mean())))
    canvas.image.paste(sky.image((0, 0, *canvas.image.size)), (0, 0))
    paint_backdrop(place.wall_surface, place.home.backdrop, place.colour, place.reach, place.home.art_seed)
    _lay_floor(place, place.home.surface_under(place.home.ground, place.colour))


def _hung(place: Place) -> None:
    _paint_wall(place)
    _window_light(place, place.reach)


def _flat(place: Place, choice: str) -> None:
    name = place.home.surface_under(choice, place.colour)
    span, reach = 2.6 * place.reach, place.reach
    corner = (-span / 2, reach / 2 + span / 2, -place.gap)
    to_pixels = place.room.plane_to_pixels(corner, (1, 0, 0), (0, -1, 0))
    _lay(place.canvas, floor_image(name, int(np.ceil(span * 0.5))), to_pixels, span, None)
    _fall_off(place)


def _studio(place: Place) -> None:
    wall, (width, height) = place.wall, place.canvas.image.size
    sweep = Gradient((lit(wall, 1.05), lit(wall, 0.96), lit(wall, 1.08)), (0, 0), (0, height))
    place.canvas.image.paste(sweep.image((0, 0, width, height)), (0, 0))
    _fall_off(place)


SETTINGS: dict[str, Callable[[Place], None]] = {
    "room": _room,
    "table": _table,
    "garden": _garden,
    "hung": _hung,
    "flat": lambda place: _flat(place, place.home.bed),
    "floor": lambda place: _flat(place, place.home.floor),
    "studio": _studio,
}


def _paint_wall(place: Place) -> None:
    wall, (width, height) = place.wall, place.canvas.image.size
    low = height * 0.7
    left, right = ((0, 0), (width, low)) if place.home.light_side < 0 else ((width, 0), (0, low))
    light = Gradient((lit(wall, 1.1), wall, lit(wall, 0.86)), left, right)
    place.canvas.image.paste(light.image((0, 0, width, height)))


def _window_light(place: Place, reach: float) -> None:
    rng = np.random.default_rng([place.home.art_seed, 3])
    if rng.random() < 0.45:
        return
    side = place.home.light_side
    x, y = side * reach * rng.uniform(-0.2, 0.5), reach * rng.uniform(0.6, 0.9)
    w, h, slant = reach * 0.34, reach * 0.62, -side * reach * 0.25
    for i in (0, 1):
        left = x + i * w * 1.12
        pane = np.array([(left, y), (left + w, y), (left + w + slant, y + h), (left + slant, y + h)])
        place.wall_surface.fill(pane, lit(place.wall, 1.35), opacity=0.55, blur=reach * 0.014)


def _skirting(face: Surface, wall: Colour, reach: float) -> None:
    tall, wide = 0.1 if reach > 1 else 0.06 * reach + 0.04, 30.0
    face.fill(rectangle(-wide, 0, wide, tall), lit(wall, 1.12))
    face.stroke([[(-wide, tall), (wide, tall)]], 0.006, lit(wall, 0.8))
    face.fill(rectangle(-wide, -0.02, wide, 0.012), SHADOW, opacity=0.45, blur=0.012)


def _lay_floor(place: Place, name: str) -> None:
    line, (width, height) = place.foot_of_wall, place.canvas.image.size
    span = 3.4 * place.reach + place.gap
    far = _at_edges(line, width)
    if far.min() >= height:
        return
    to_pixels = place.room.plane_to_pixels((-span / 2, 0, -place.gap), (1, 0, 0), (0, 0, 1))
    below = height * 3.0
    floor = np.concatenate([line[::-1], [(line[0, 0], below), (line[1, 0], below)]])
    mask = Image.new("L", (width * 2, height * 2))
    ImageDraw.Draw(mask).polygon((floor * 2).ravel().tolist(), fill=255)
    _lay(place.canvas, floor_image(name, int(np.ceil(span * 0.55))), to_pixels, span, mask.reduce(2))
    top = float(far.mean())
    dusk = Gradient(((120, 110, 104), (255, 250, 244)), (width / 2, top), (width / 2, top + height * 0.3))
    place.canvas.fill([floor], dusk, opacity=0.1)


def _at_edges(line: Points, width: int) -> NDArray[np.float64]:
    """Where the line crosses the left and the right edge of the photo."""
    (x0, y0), (x1, y1) = line
    slope = (y1 - y0) / (x1 - x0)
    return np.array([y0 - slope * x0, y0 + slope * (width - x0)])


def _lay(
    canvas: Canvas,
    picture: Image.Image,
    to_pixels: NDArray[np.float64],
    span: float,
    mask: Image.Image | None,
) -> None:
    """Paste `picture`, `span` metres large, through the plane-to-pixels homography."""
    to_picture = np.linalg.inv(to_pixels @ np.diag([span / FLOOR_PIXELS, span / FLOOR_PIXELS, 1.0]))
    to_picture /= to_picture[2, 2]
    laid = picture.transform(
        canvas.image.size,
        Image.Transform.PERSPECTIVE,
        to_picture.ravel()[:8].tolist(),
        Image.Resampling.BILINEAR,
        fillcolor=picture.getpixel((5, 5)),
    )
    canvas.image.paste(laid, (0, 0), mask)


def _fall_off(place: Place) -> None:
    width, height = place.canvas.image.size
    left, right = ((0, 0), (width, height)) if place.home.light_side < 0 else ((width, 0), (0, height))
    shade = Gradient(((255, 252, 244), (150, 140, 132)), left, right)
    place.canvas.fill([rectangle(0, 0, width, height)], shade, opacity=0.16)


def _blurred_things(face: Surface, seed: int, reach: float) -> None:
    rng = np.random.default_rng([seed, 9])
    for _ in range(int(rng.integers(0, 4))):
        x, w = rng.uniform(-1.5, 1.5) * reach, rng.uniform(0.2, 0.6) * reach
        h = rng.uniform(0.3, 1.1) * reach
        tone = WALLS[int(rng.integers(len(WALLS)))]
        shape = rectangle(x, -reach, x + w, h, radius=float(rng.choice((0, 0.4))) * w)
        face.fill(shape, lit(tone, 0.8), opacity=0.7, blur=0.07 * reach)
