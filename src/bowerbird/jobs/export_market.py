"""The market in the forms of the classic projects: cleaned_images/ and training_data.csv."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image, ImageOps

from bowerbird.assembly import open_catalogue, open_photo_store
from bowerbird.cleaning.category import CategoryLabels
from bowerbird.errors import InputError
from bowerbird.jobs.progress import Progress
from bowerbird.market.listing import CATEGORY_SEPARATOR, Photo
from bowerbird.settings import Settings
from bowerbird.storage.photo_store import PhotoStore

WORKERS = 4
QUALITY = 92
COLUMNS = ("photo_id", "listing_id", "label", "category", "category_path")


def export_photos(settings: Settings, folder: Path, size: int, progress: Progress) -> int:
    """Write each listing's photos as <photo id>.jpg, padded to a black square of `size` pixels.

    A photo that is there already is not written again, so a run that was cut short goes on. Returns how many
    there are.
    """
    catalogue, store = open_catalogue(settings), open_photo_store(settings)
    folder.mkdir(parents=True, exist_ok=True)
    progress.step("writing photos", None)
    count = 0
    with ThreadPoolExecutor(WORKERS) as pool:
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
        InputError: no listing has a category.
    """
    catalogue = open_catalogue(settings)
    labels = CategoryLabels.of(
        listing.category for batch in catalogue.scan() for listing in batch if listing.category
    )
    if not labels.roots:
        raise InputError("no listing has a category, so there is nothing to label; map one when importing")
    decoder = path.with_suffix(".labels.json")
    labels.save(decoder)
    count = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for listings in catalogue.scan():
            for listing in listings:
                if not listing.category:
                    continue
                label = labels.encode_roots([listing.category])[0]
                category_path = CATEGORY_SEPARATOR.join(listing.category)
                for photo in listing.photos:
                    writer.writerow([photo.photo_id, listing.listing_id, label, listing.root, category_path])
                    count += 1
    return count, decoder


def _write_square(photo: Photo, store: PhotoStore, folder: Path, size: int) -> None:
    path = folder / f"{Path(photo.photo_id).name}.jpg"
    if path.exists():
        return
    with Image.open(io.BytesIO(store.read(photo.content_hash))) as image:
        square = ImageOps.pad(image.convert("RGB"), (size, size), Image.Resampling.LANCZOS)
    part = path.with_suffix(".part")
    square.save(part, "JPEG", quality=QUALITY)
    part.replace(path)  # a run cut short leaves no half photo behind
