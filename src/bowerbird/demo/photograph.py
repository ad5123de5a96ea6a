"""From a thing and a view of it to the finished photo: the room, the thing, then what a phone camera adds."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from bowerbird.demo.camera import Camera, frame, rotation
from bowerbird.demo.canvas import Canvas
from bowerbird.demo.homes import Home
from bowerbird.demo.rooms import SETTINGS, Place
from bowerbird.demo.stage import Stage
from bowerbird.demo.textures import TILE, grain
from bowerbird.demo.things import Thing
from bowerbird.demo.wear import wear_out

# setting: (least and most yaw, pitch in degrees), (wall's distance behind the thing in lengths of it)
_ANGLES = {
    "room": ((-34, 34), (9, 17), 0.16),
    "table": ((-38, 38), (16, 28), 1.5),
    "garden": ((-26, 26), (7, 14), 0.5),
    "hung": ((-7, 7), (-3, 5), 0.02),
    "flat": ((-3, 3), (-5, 5), 0.0),
    "floor": ((-3, 3), (-5, 5), 0.0),
    "studio": ((-38, 38), (11, 20), 0.8),
}
FAULTS = ("dark", "tilted", "off-centre", "blurred", "yellow", "flash")


@dataclass(frozen=True, slots=True)
class View:
    """How one photo is taken. Angles are shares of the setting's range, -1 to 1; `fault` spoils it."""

    setting: str
    pixels: tuple[int, int]
    yaw: float
    pitch: float
    roll: float  # radians
    fill: float
    shift: tuple[float, float]
    home: int
    noise_seed: int
    fault: str | None = None


def take(thing: Thing, view: View) -> Image.Image:
    """The photo of `thing`, RGB, `view.pixels` large."""
    home = Home.of(view.home)
    image = Image.new("RGB", view.pixels)
    stage = _stage(Canvas(image), thing, view, home)
    reach = max(thing.size)
    gap = thing.size[2] / 2 + _ANGLES[view.setting][2] * reach
    SETTINGS[view.setting](Place(stage.canvas, stage.room, home, thing.colour, reach, gap))
    if view.setting in ("table", "garden"):
        image.paste(image.filter(ImageFilter.BoxBlur(1)))
    before = image.copy() if thing.look.worn else None
    thing.draw(stage)
    if before is not None:
        wear_out(before, image, thing.look.numbers())
    return develop(image, view)


def _stage(canvas: Canvas, thing: Thing, view: View, home: Home) -> Stage:
    (least, most), (low, high), _ = _ANGLES[view.setting]
    yaw = np.radians((least + most) / 2 + view.yaw * (most - least) / 2) * thing.turns
    pitch = np.radians((low + high) / 2 + view.pitch * (high - low) / 2)
    roll = view.roll + {"tilted": 0.16 * np.sign(view.yaw + 1e-9)}.get(view.fault or "", 0.0)
    fill = view.fill * {"off-centre": 1.15}.get(view.fault or "", 1.0)
    shift = np.asarray(view.shift) * {"off-centre": 5.0}.get(view.fault or "", 1.0)
    turn = rotation(yaw, pitch, roll)
    camera = frame(turn, thing.size, view.pixels, fill=fill, shift=(float(shift[0]), float(shift[1])))
    straight = rotation(0.0, pitch, roll)
    room = Camera(straight, camera.target, camera.distance, camera.focal, camera.centre)
    towards = np.array([0.55 * home.light_side, 0.72, 0.62])
    light = rotation(yaw, 0.0).T @ (towards / np.linalg.norm(towards))
    return Stage(canvas, camera, room, light, view.setting)


def develop(image: Image.Image, view: View) -> Image.Image:
    """What the lens and the sensor add: a warm or cool cast, a vignette, noise, and the view's fault."""
    rng = np.random.default_rng(view.noise_seed)
    gains = 1 + 0.014 * rng.standard_normal(3)
    exposure = 1 + 0.04 * rng.standard_normal()
    if view.fault == "dark":
        exposure *= 0.52
    if view.fault == "yellow":
        gains *= (1.06, 0.98, 0.74)
    if view.fault == "blurred":
        image = image.filter(ImageFilter.GaussianBlur(2.4))
    if view.fault == "flash":
        image = ImageChops.screen(image, _flash(image.size))
    curve = _film(exposure)
    image = image.point([round(min(255, level * gain)) for gain in gains for level in curve])
    left, top = rng.integers(0, TILE - 800, 2)
    noise = grain(9.0 if view.fault == "dark" else 3.2).crop(
        (left, top, left + image.width, top + image.height)
    )
    return ImageChops.add(image, noise, 1, -128)


def _film(exposure: float) -> list[float]:
    level = np.arange(256) / 255 * exposure
    soft = level + 0.025 * np.sin(2 * np.pi * (level - 0.5)) * (level < 1)
    return list(np.clip(255 * soft, 4, 255))


def _flash(size: tuple[int, int]) -> Image.Image:
    ramp = Image.radial_gradient("L").resize(size, Image.Resampling.BILINEAR)
    glow = ramp.point([max(0, round(120 - 1.1 * level)) for level in range(256)])
    return Image.merge("RGB", (glow, glow, glow))
