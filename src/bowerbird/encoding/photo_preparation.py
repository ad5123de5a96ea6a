"""A photo becomes network input: decode, scale, crop. (h, w, 3) uint8 RGB in, (size, size, 3) uint8 out.

The mean and standard deviation are part of the preparation but are applied inside the compiled network, so
what travels between threads is one byte a value.
"""

import io
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from bowerbird.errors import InputError, TooLargeError

Pixels = NDArray[np.uint8]
PhotoItem = Pixels | Image.Image | bytes
_EXIF_ORIENTATION = 0x0112
# A JPEG is decoded at a fraction of its size as long as this many times the wanted pixels remain per side.
_DRAFT_MARGIN = 2


class Fit(StrEnum):
    """How a photo of any shape fills a square."""

    SQUASH = "squash"  # both sides scaled to the square: all of the photo, out of proportion
    CROP = "crop"  # the shorter side scaled, the middle cut out


class Resample(StrEnum):
    """The filter that scales."""

    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    LANCZOS = "lanczos"


_PILLOW_FILTERS = {
    Resample.BILINEAR: Image.Resampling.BILINEAR,
    Resample.BICUBIC: Image.Resampling.BICUBIC,
    Resample.LANCZOS: Image.Resampling.LANCZOS,
}


@dataclass(frozen=True, slots=True)
class PhotoPreparation:
    """What a photo network was trained to see; `mean` and `std` are per RGB channel, of 0 to 255."""

    size: int  # side of the square input, pixels
    fit: Fit
    scale_to: int  # shorter side before the crop, pixels; equals `size` for SQUASH
    resample: Resample
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def __post_init__(self) -> None:
        if not 1 <= self.size <= self.scale_to:
            raise InputError(
                f"a photo is scaled to at least the network's input, but size={self.size} and "
                f"scale_to={self.scale_to} were given"
            )
        if min(self.std) <= 0:
            raise InputError(f"std must be above 0 in each channel, but {self.std} was given")

    def pixels(self, item: PhotoItem) -> Pixels:
        """(size, size, 3) uint8 RGB for an RGB array, an image or the bytes of an image file.

        Raises:
            InputError: the bytes are no readable image, or the array is not (h, w, 3) uint8.
            TooLargeError: the file claims more pixels than Pillow agrees to decode.
        """
        image = self._open(item)
        if self.fit is Fit.SQUASH:
            return self._scaled(image, (self.size, self.size), None)
        # Scaling and cropping in one step: only the pixels that stay are computed.
        width, height = image.size
        side = min(width, height) * self.size / self.scale_to
        left, top = (width - side) / 2, (height - side) / 2
        return self._scaled(image, (self.size, self.size), (left, top, left + side, top + side))

    def _scaled(
        self, image: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float] | None
    ) -> Pixels:
        return np.asarray(image.resize(size, _PILLOW_FILTERS[self.resample], box), np.uint8)

    def _open(self, item: PhotoItem) -> Image.Image:
        if isinstance(item, bytes):
            return decode(item, _DRAFT_MARGIN * self.scale_to)
        if isinstance(item, Image.Image):
            return item.convert("RGB")
        if item.dtype != np.uint8 or item.ndim != 3 or item.shape[2] != 3 or 0 in item.shape:
            raise InputError(
                f"a photo is an (h, w, 3) uint8 RGB array, but {item.shape} {item.dtype} was given"
            )
        return Image.fromarray(item)


def decode(data: bytes, shorter_side: int) -> Image.Image:
    """The upright RGB image in `data`.

    A JPEG is decoded at 1/2, 1/4 or 1/8 of its size where both sides stay at least `shorter_side` pixels.

    Raises:
        InputError: `data` is no readable image.
        TooLargeError: it claims more pixels than Pillow agrees to decode.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.draft("RGB", (shorter_side, shorter_side))
            if image.getexif().get(_EXIF_ORIENTATION, 1) != 1:
                return ImageOps.exif_transpose(image).convert("RGB")
            return image.convert("RGB")
    except Image.DecompressionBombError as error:
        raise TooLargeError(f"the photo has too many pixels to decode: {error}") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise InputError(
            f"the photo ({len(data)} bytes) cannot be read as an image: {error}; "
            "give a whole JPEG, PNG or WebP"
        ) from error
