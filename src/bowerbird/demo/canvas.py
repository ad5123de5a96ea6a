"""A photo being painted: smooth outlines, gradients, soft edges and textures over a Pillow image.

Masks are drawn three times too large and averaged down, so edges are smooth while colours are mixed only
once, at the photo's own size. Coordinates are pixels; colours are (red, green, blue), 0-255.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from bowerbird.demo.camera import Points
from bowerbird.demo.textures import tile

Colour = tuple[int, int, int]
SUPERSAMPLING = 3


def lit(colour: Colour, brightness: float) -> Colour:
    """`colour` darkened (below 1) or lightened towards white (above 1)."""
    rgb = np.asarray(colour, np.float64)
    rgb = rgb * brightness if brightness <= 1 else rgb + (255 - rgb) * min(1.0, (brightness - 1) * 0.9)
    red, green, blue = np.clip(np.rint(rgb), 0, 255).astype(int).tolist()
    return red, green, blue


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """`one` with `share` of `other`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


@dataclass(frozen=True, slots=True)
class Gradient:
    """Colours that run evenly from the pixel `start` to `end`, or outwards from `start` where `radial`."""

    colours: tuple[Colour, ...]
    start: tuple[float, float]
    end: tuple[float, float]
    radial: bool = False

    def image(self, box: tuple[int, int, int, int]) -> Image.Image:
        """What falls into `box` (left, top, right, bottom)."""
        x = np.arange(box[0], box[2], dtype=np.float32)[None, :] - self.start[0]
        y = np.arange(box[1], box[3], dtype=np.float32)[:, None] - self.start[1]
        dx, dy = self.end[0] - self.start[0], self.end[1] - self.start[1]
        square = max(dx * dx + dy * dy, 1e-6)
        share = np.sqrt((x * x + y * y) / square) if self.radial else (x * dx + y * dy) / square
        ramp = Image.fromarray(np.clip(share * 255, 0, 255).astype(np.uint8))
        stops = np.linspace(0, 255, len(self.colours))
        bands = np.stack(
            [np.interp(np.arange(256), stops, [c[i] for c in self.colours]) for i in range(3)], axis=1
        )
        ramp.putpalette(bands.round().astype(np.uint8).tobytes())
        return ramp.convert("RGB")


Paint = Colour | Gradient


class Canvas:
    """Paints onto `image` (RGB), in place."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image

    def fill(
        self,
        outlines: Sequence[Points],
        paint: Paint,
        *,
        opacity: float = 1.0,
        blur: float = 0.0,
        holes: Sequence[Points] = (),
        within: Points | None = None,
    ) -> None:
        """Fill closed `outlines`, less `holes`, cut to `within`; `blur` softens the edge, in pixels."""
        box = self._box(np.concatenate(list(outlines)), 2.5 * blur + 1)
        if box is None:
            return
        mask = _mask(box, outlines, holes, round(255 * opacity), blur)
        if within is not None:
            mask = ImageChops.multiply(mask, _mask(box, [within], (), 255, 0.0))
        self._paste(box, paint, mask)

    def stroke(
        self,
        lines: Sequence[Points],
        width: float,
        paint: Paint,
        *,
        opacity: float = 1.0,
        blur: float = 0.0,
        within: Points | None = None,
    ) -> None:
        """Draw `lines` `width` pixels wide with round ends."""
        box = self._box(np.concatenate(list(lines)), width / 2 + 2.5 * blur + 1)
        if box is None:
            return
        scale = SUPERSAMPLING if blur < 1 else 1
        mask = _blank(box, scale)
        pen = ImageDraw.Draw(mask)
        across = max(1, round(width * scale))
        for line in lines:
            placed = (line - np.array(box[:2])) * scale
            points: Any = placed.ravel().tolist()
            pen.line(points, fill=round(255 * opacity), width=across, joint="curve")
            if across > 2:
                for x, y in (placed[0], placed[-1]):
                    r = across / 2
                    pen.ellipse((x - r, y - r, x + r, y + r), fill=round(255 * opacity))
        mask = _settle(mask, box, scale, blur)
        if within is not None:
            mask = ImageChops.multiply(mask, _mask(box, [within], (), 255, 0.0))
        self._paste(box, paint, mask)

    def texture(self, outlines: Sequence[Points], name: str, *, strength: float = 1.0, seed: int = 0) -> None:
        """Multiply what lies inside `outlines` by the texture `name`; `strength` 0 leaves it as it is."""
        box = self._box(np.concatenate(list(outlines)), 1)
        if box is None:
            return
        grain = tile(name)
        left, top = (seed * 131) % 200, (seed * 71) % 200
        width, height = box[2] - box[0], box[3] - box[1]
        part = grain.crop((left, top, left + width, top + height))
        region = self.image.crop(box)
        mask = _mask(box, outlines, (), round(255 * strength), 0.0)
        self.image.paste(ImageChops.multiply(region, part), box, mask)

    def _box(self, points: NDArray[np.float64], pad: float) -> tuple[int, int, int, int] | None:
        low, high = points.min(axis=0) - pad, points.max(axis=0) + pad
        left, top = (int(max(0, np.floor(value))) for value in low)
        right = int(min(self.image.width, np.ceil(high[0])))
        bottom = int(min(self.image.height, np.ceil(high[1])))
        return (left, top, right, bottom) if left < right and top < bottom else None

    def _paste(self, box: tuple[int, int, int, int], paint: Paint, mask: Image.Image) -> None:
        self.image.paste(paint.image(box) if isinstance(paint, Gradient) else paint, box, mask)


def _blank(box: tuple[int, int, int, int], scale: float) -> Image.Image:
    width, height = box[2] - box[0], box[3] - box[1]
    return Image.new("L", (max(1, round(width * scale)), max(1, round(height * scale))))


def _mask(
    box: tuple[int, int, int, int],
    outlines: Sequence[Points],
    holes: Sequence[Points],
    level: int,
    blur: float,
) -> Image.Image:
    # A wide blur hides detail, so it is drawn small: cheaper, and the same to the eye.
    scale = SUPERSAMPLING if blur < 0.8 else min(1.0, 3.0 / blur)
    mask = _blank(box, scale)
    pen = ImageDraw.Draw(mask)
    corner = np.array(box[:2])
    for shapes, value in ((outlines, level), (holes, 0)):
        for outline in shapes:
            points: Any = ((outline - corner) * scale).ravel().tolist()
            pen.polygon(points, fill=value)
    return _settle(mask, box, scale, blur)


def _settle(mask: Image.Image, box: tuple[int, int, int, int], scale: float, blur: float) -> Image.Image:
    if scale == SUPERSAMPLING:
        return mask.reduce(SUPERSAMPLING)
    mask = mask.filter(ImageFilter.GaussianBlur(blur * scale))
    size = (box[2] - box[0], box[3] - box[1])
    return mask if mask.size == size else mask.resize(size, Image.Resampling.BILINEAR)
