"""The bytes that a seller uploaded -> an RGB image, upright and without bars, and the JPEG that is stored.

A JPEG that is RGB and upright already keeps its coded pixels: only its metadata is cut away, which loses
nothing and takes a tenth of the time. Everything else is encoded anew at quality 92. Either way the image is
exactly what the stored bytes decode to, so that vectors made at the import and made later are equal.
"""

import hashlib
import io
import struct
import zlib
from dataclasses import dataclass

import imagehash
import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from bowerbird.cleaning.jpeg import strip_metadata
from bowerbird.cleaning.letterbox import content_box
from bowerbird.cleaning.pixel_budget import PixelBudget
from bowerbird.errors import InputError, TooLargeError
from bowerbird.market.listing import Photo

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
QUALITY = 92
SMALLEST_SIDE = 16  # less is a tracking pixel or an icon
_ORIENTATION = 0x0112
LONGEST_SIDE = 65_500  # what the JPEG library writes at most
# What Pillow's decoders raise on broken files, as found by feeding them some.
_DECODING_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, OverflowError, RuntimeError,
    struct.error, zlib.error,
)  # fmt: skip
_budget = PixelBudget()  # one a process, whoever decodes


@dataclass(frozen=True, slots=True, eq=False)
class CleanPhoto:
    """A photo ready to be stored: `image` is what the JPEG `data` decodes to."""

    image: Image.Image
    data: bytes
    content_hash: str  # SHA-256 of `data`
    perceptual_hash: str  # 16 hexadecimal digits, of `image`

    @property
    def width(self) -> int:
        """In pixels."""
        return self.image.width

    @property
    def height(self) -> int:
        """In pixels."""
        return self.image.height

    def photo(self, photo_id: str) -> Photo:
        """The noun that a listing holds."""
        return Photo(photo_id, self.content_hash, self.perceptual_hash, self.width, self.height)


def clean_photo(data: bytes, *, max_pixels: int, max_bytes: int) -> CleanPhoto:
    """The photo in `data`. Safe to call from several threads, which take turns where photos are large.

    Raises:
        TooLargeError, InputError: as `clean_image` says.
    """
    image, stored = _clean(data, max_pixels, max_bytes)
    return CleanPhoto(image, stored, hashlib.sha256(stored).hexdigest(), str(imagehash.phash(image)))


def clean_image(data: bytes, *, max_pixels: int, max_bytes: int) -> Image.Image:
    """The image of `clean_photo` alone, in half the time: what is asked with is not kept.

    Raises:
        TooLargeError: over `max_bytes` bytes or, by its header and before anything is decoded, over
            `max_pixels` pixels.
        InputError: no photo of a known kind, truncated or otherwise broken, or tiny.
    """
    return _clean(data, max_pixels, max_bytes)[0]


def _clean(data: bytes, max_pixels: int, max_bytes: int) -> tuple[Image.Image, bytes]:
    """The image, and the JPEG that decodes to it."""
    if len(data) > max_bytes:
        raise TooLargeError(
            f"the photo has {len(data):,} bytes, over the limit of {max_bytes:,}; send a smaller one"
        )
    try:
        opened = _open(data, max_pixels)
    except _DECODING_ERRORS as error:
        raise _undecodable(error) from error
    with _budget.spent(opened.width * opened.height):
        return _cleaned(opened, data)


def _cleaned(opened: Image.Image, data: bytes) -> tuple[Image.Image, bytes]:
    try:
        image = _upright_rgb(opened)
        box = content_box(image)
    except _DECODING_ERRORS as error:
        raise _undecodable(error) from error
    stored = (
        strip_metadata(data) if image is opened and opened.format in ("JPEG", "MPO") and box is None else None
    )
    if stored is None:
        stored = _encoded(image if box is None else image.crop(box))
        image = _decoded(stored)
    return image, stored


def _undecodable(error: Exception) -> InputError:
    return InputError(f"the photo cannot be decoded ({error}); send a whole JPEG, PNG or WebP file")


def _open(data: bytes, max_pixels: int) -> Image.Image:
    """The file's header, read and checked; nothing is decoded yet."""
    try:
        opened = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        raise InputError(
            f"the {len(data):,} bytes are no photo of a known kind; send one of {', '.join(FORMATS)}"
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooLargeError(f"the photo is far too large to decode: {error}") from error
    width, height = opened.size
    if width * height > max_pixels:
        raise TooLargeError(
            f"the photo has {width} x {height} pixels, over the limit of {max_pixels:,}; send a smaller one"
        )
    if max(width, height) > LONGEST_SIDE:
        raise TooLargeError(
            f"the photo has {width} x {height} pixels, a side over {LONGEST_SIDE:,}; send a smaller one"
        )
    if min(width, height) < SMALLEST_SIDE:
        raise InputError(f"the photo has {width} x {height} pixels; its sides need at least {SMALLEST_SIDE}")
    return opened


def _upright_rgb(opened: Image.Image) -> Image.Image:
    """`opened` itself, decoded, where it is plain RGB and upright; else a new image that is."""
    opened.load()
    image = _to_srgb(opened)
    if opened.getexif().get(_ORIENTATION, 1) in range(2, 9):
        image = ImageOps.exif_transpose(image)
    return image if image.mode == "RGB" and "transparency" not in image.info else _to_rgb(image)


def _to_srgb(image: Image.Image) -> Image.Image:
    """Colours by the embedded profile, which is not stored; sRGB and broken profiles change nothing."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "CMYK"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return image
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image
    return image if converted is None else converted


def _to_rgb(image: Image.Image) -> Image.Image:
    """Any mode: alpha lies on white, 16 bits become 8."""
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, "white")
        ground.alpha_composite(layer)
        return ground.convert("RGB")
    if image.mode.startswith("I"):
        values = np.asarray(image).astype(np.int64)
        return Image.fromarray(
            (values >> 8 if values.max() > 255 else values).clip(0, 255).astype(np.uint8)
        ).convert("RGB")
    return image.convert("RGB")


def _encoded(image: Image.Image) -> bytes:
    """A JPEG; the same bytes for the same pixels, and none of the metadata that `image.info` may hold."""
    stream = io.BytesIO()
    Image.fromarray(np.asarray(image)).save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()


def _decoded(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=("JPEG",))
    image.load()
    return image
