"""The market in the forms of the classic projects: cleaned_images/ and training_data.csv."""

import csv
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TextIO

from PIL import Image, ImageOps, UnidentifiedImageError

from bowerbird.assembly import open_catalogue, open_photo_store
from bowerbird.cleaning.category import CategoryLabels
from bowerbird.errors import InputError
from bowerbird.market.listing import CATEGORY_SEPARATOR, Photo
from bowerbird.progress import Progress
from bowerbird.settings import Settings
from bowerbird.storage.catalogue import Catalogue
from bowerbird.storage.photo_store import PhotoStore

WORKERS = 4
QUALITY = 92
COLUMNS = ("photo_id", "listing_id", "label", "category", "category_path")


def export_photos(settings: Settings, folder: Path, size: int, progress: Progress) -> int:
    """Write each listing's photos as <photo id>.jpg, padded to a black square of `size` pixels.

    A photo that is there already, the same and of that size, is not written again, so a run that was cut
    short goes on. Returns how many there are.

    Raises:
        InputError: `folder` cannot be written to.
    """
    store = open_photo_store(settings)
    progress.step("writing photos", None)
    count = 0
    with (
        closing(open_catalogue(settings)) as catalogue,
        _writing(folder),
        ThreadPoolExecutor(WORKERS) as pool,
    ):
        folder.mkdir(parents=True, exist_ok=True)
        for listings in catalogue.scan():
            photos = [photo for listing in listings for photo in listing.photos]
            for _ in pool.map(lambda photo: _write_square(photo, store, folder, size), photos):
                count += 1
                progress.advance(1)
    return count


def export_training_data(settings: Settings, path: Path) -> tuple[int, Path]:
    """Write a row a photo, labelled with its listing's root category, and the decoder of the labels.

    Returns how many rows, and where the decoder is.

    Raises:
        InputError: no listing has a category, or `path` cannot be written.
    """
    with closing(open_catalogue(settings)) as catalogue:
        return _exported_training_data(catalogue, path)


def _exported_training_data(catalogue: Catalogue, path: Path) -> tuple[int, Path]:
    labels = CategoryLabels.of(
        listing.category for batch in catalogue.scan() for listing in batch if listing.category
    )
    if not labels.roots:
        raise InputError("no listing has a category, so there is nothing to label; map one when importing")
    decoder = path.with_suffix(".labels.json")
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        labels.save(decoder)
        with path.open("w", newline="", encoding="utf-8") as file:
            count = _write_rows(file, catalogue, labels)
    return count, decoder


def _write_rows(file: TextIO, catalogue: Catalogue, labels: CategoryLabels) -> int:
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    count = 0
    for listings in catalogue.scan():
        for listing in listings:
            if not listing.category:
                continue
            label = labels.encode_roots([listing.category])[0]
            category_path = CATEGORY_SEPARATOR.join(listing.category)
            for photo in listing.photos:
                writer.writerow([photo.photo_id, listing.listing_id, label, listing.root, category_path])
                count += 1
    return count


def _write_square(photo: Photo, store: PhotoStore, folder: Path, size: int) -> None:
    # An id may hold what parts the names of a path; it still gets a file of its own.
    path = folder / f"{photo.photo_id.replace('%', '%25').replace('/', '%2F')}.jpg"
    mark = f"{photo.content_hash} {size}".encode()
    if _mark_of(path) == mark:
        return
    with Image.open(io.BytesIO(store.read(photo.content_hash))) as image:
        square = ImageOps.pad(image.convert("RGB"), (size, size), Image.Resampling.LANCZOS)
    part = path.with_suffix(".part")
    square.save(part, "JPEG", quality=QUALITY, comment=mark)
    part.replace(path)  # a run cut short leaves no half photo behind


def _mark_of(path: Path) -> object:
    """The comment of a photo that was written before, which says what it shows; None where there is none."""
    try:
        with Image.open(path) as image:
            return image.info.get("comment")
    except (FileNotFoundError, UnidentifiedImageError):
        return None


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error}); give another place") from error
