"""Pictures with as much detail as photos have: overlapping shapes in many colours, from a seed."""

import io

import numpy as np
from PIL import Image, ImageDraw


def scene(seed: int, size: tuple[int, int] = (480, 360)) -> Image.Image:
    """The picture of a seed."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", size, tuple(rng.integers(60, 200, 3).tolist()))
    pen = ImageDraw.Draw(image)
    for _ in range(60):
        x, y = rng.integers(0, size[0]), rng.integers(0, size[1])
        wide, high = rng.integers(10, 160, 2)
        draw = pen.ellipse if rng.random() < 0.5 else pen.rectangle
        box = (x - wide // 2, y - high // 2, x + wide // 2, y + high // 2)
        draw([int(edge) for edge in box], fill=tuple(rng.integers(0, 256, 3).tolist()))
    return image


def jpeg(image: Image.Image, quality: int = 88) -> bytes:
    """The bytes of `image` as a JPEG."""
    data = io.BytesIO()
    image.save(data, "JPEG", quality=quality)
    return data.getvalue()


def cropped(image: Image.Image, share: float) -> Image.Image:
    """`image` without `share` of each side, more of the left and the top."""
    dx, dy = share * image.width, share * image.height
    return image.crop(
        (round(1.3 * dx), round(1.2 * dy), round(image.width - 0.7 * dx), round(image.height - 0.8 * dy))
    )
