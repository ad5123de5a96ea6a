"""Stored photos as small pictures inside a page: `data:` URIs, so that the page needs no other file."""

import base64
import io
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from bowerbird.errors import InputError
from bowerbird.jobs.market_tally import ListedPhoto

ReadPhoto = Callable[[str], bytes]  # content hash -> the stored file
_QUALITY = 68  # WebP: 180 pixels take about 5 KB


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A picture for the page with its words; `width` and `height` in pixels."""

    uri: str
    width: int
    height: int
    title: str
    note: str


def thumbnail(listed: ListedPhoto, read_photo: ReadPhoto, side: int, *, square: bool) -> Thumbnail:
    """`listed`'s photo no larger than `side` pixels each way, cut to a square about its middle if wanted.

    Raises:
        InputError: the stored bytes are not an image.
    """
    content = read_photo(listed.photo.content_hash)
    try:
        with Image.open(io.BytesIO(content)) as opened:
            image = opened.convert("RGB")
    except (UnidentifiedImageError, OSError) as error:
        raise InputError(
            f"the stored photo {listed.photo.photo_id} cannot be opened ({error}); import it again"
        ) from error
    if square:
        image = ImageOps.fit(image, (side, side), Image.Resampling.LANCZOS)
    else:
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
    packed = io.BytesIO()
    image.save(packed, "WEBP", quality=_QUALITY)
    uri = "data:image/webp;base64," + base64.b64encode(packed.getvalue()).decode()
    return Thumbnail(uri, image.width, image.height, listed.title, listed.price)


def mixed(photos: Sequence[ListedPhoto], most: int, seed: int) -> list[ListedPhoto]:
    """Up to `most` first photos, drawn from each root category in turn, so that small ones are seen too."""
    by_root: dict[str, list[ListedPhoto]] = {}
    for photo in photos:
        if photo.place == 0:
            by_root.setdefault(photo.root, []).append(photo)
    rng = np.random.default_rng(seed)
    shuffled = [[group[i] for i in rng.permutation(len(group))[:most]] for group in by_root.values()]
    turns = itertools.chain.from_iterable(itertools.zip_longest(*shuffled))
    return list(itertools.islice((photo for photo in turns if photo is not None), most))
