"""The marks of a hard life on a thing that was just painted: stains, scuffs and scratches."""

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from bowerbird.demo.canvas import SUPERSAMPLING
from bowerbird.demo.textures import tile

_LEAST_CHANGE = 40  # of 255: what painting the thing changed by less is its shadow


def wear_out(before: Image.Image, image: Image.Image, rng: np.random.Generator) -> None:
    """Age, in place, the part of `image` that differs from `before`, the same place without the thing."""
    change = ImageChops.difference(before, image).convert("L")
    thing = change.point([255 if level > _LEAST_CHANGE else 0 for level in range(256)])
    box = thing.getbbox()
    if box is None:
        return
    left, top = rng.integers(0, 200, 2).tolist()
    stains = tile("stains").crop((left, top, left + image.width, top + image.height))
    image.paste(ImageChops.multiply(image, stains), (0, 0), thing)
    scratches = ImageChops.multiply(_scratches(image.size, box, rng), thing)
    image.paste((236, 230, 220), (0, 0), scratches)


def _scratches(
    size: tuple[int, int], box: tuple[int, int, int, int], rng: np.random.Generator
) -> Image.Image:
    mask = Image.new("L", (size[0] * SUPERSAMPLING, size[1] * SUPERSAMPLING))
    pen = ImageDraw.Draw(mask)
    for _ in range(int(rng.integers(10, 22))):
        x, y = rng.uniform(box[:2], box[2:])
        angle, length = rng.normal(0.6, 0.5), rng.uniform(0.01, 0.05) * (box[2] - box[0] + box[3] - box[1])
        end = (x + np.cos(angle) * length, y + np.sin(angle) * length)
        line = [(float(px * SUPERSAMPLING), float(py * SUPERSAMPLING)) for px, py in ((x, y), end)]
        pen.line(line, fill=int(rng.integers(90, 190)), width=int(rng.integers(2, 5)))
    return mask.reduce(SUPERSAMPLING)
