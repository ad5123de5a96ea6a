"""Paint one planned photo and write its file, spoilt where the plan says so."""

from io import BytesIO
from pathlib import Path

from PIL import Image

from bowerbird.demo.kinds.register import KINDS
from bowerbird.demo.photograph import take
from bowerbird.demo.plan import PhotoPlan
from bowerbird.demo.things import Thing

_QUALITY = 84


def paint_photo(photo: PhotoPlan) -> Image.Image:
    """The photo as the camera took it, before its treatment."""
    kind = KINDS[photo.kind]
    return take(Thing(photo.look, kind.painter, kind.size, kind.turns), photo.view)


def print_photo(photo: PhotoPlan, folder: Path) -> None:
    """Write `photo` to `folder`; the file appears whole or not at all."""
    content = _jpeg(paint_photo(photo), _QUALITY)
    if photo.treatment is not None:
        content = _treated(content, photo.treatment)
    unfinished = folder / f"{photo.name}.part"
    unfinished.write_bytes(content)
    unfinished.replace(folder / photo.name)


def _treated(content: bytes, treatment: str) -> bytes:
    if treatment == "broken":
        return content[: len(content) // 9]
    image = Image.open(BytesIO(content)).convert("RGB")
    width, height = image.size
    if treatment == "cropped":
        image = image.crop(
            (round(0.04 * width), round(0.05 * height), round(0.97 * width), round(0.96 * height))
        )
    if treatment == "letterboxed":
        boxed = Image.new("RGB", (width, round(height * 1.4)))
        boxed.paste(image, (0, round(height * 0.2)))
        image = boxed
    return _jpeg(image, 62 if treatment == "recompressed" else _QUALITY)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()
