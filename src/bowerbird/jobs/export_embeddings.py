"""Every photo's 1,000 features by the photo classifier in use, as the classic image_embeddings.json."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson

from bowerbird.assembly import open_catalogue, open_photo_store
from bowerbird.encoding.learned_model import LearnedKind
from bowerbird.encoding.learned_photo import photo_classifier_artefact
from bowerbird.encoding.photo_encoder import PhotoEncoder
from bowerbird.errors import InputError, UnavailableError
from bowerbird.progress import Progress
from bowerbird.settings import Settings
from bowerbird.storage.catalogue import Catalogue
from bowerbird.storage.model_registry import active_model
from bowerbird.storage.photo_store import PhotoStore


def export_embeddings(settings: Settings, path: Path, progress: Progress) -> tuple[int, int]:
    """Write {photo id: [1,000 floats]}; how many photos, and how many features each.

    One photo is in memory at a time. An id that several listings share is written once.

    Raises:
        NotFoundError: there is no such home.
        UnavailableError: no photo classifier is in use.
        InputError: `path` cannot be written.
    """
    with closing(open_catalogue(settings)) as catalogue:
        model = active_model(settings.models, LearnedKind.PHOTO_CLASSIFIER)
        if model is None:
            raise UnavailableError(
                f"no photo classifier is in use at {settings.home}, so there are no features to write; run "
                "`bowerbird train photo`"
            )
        encoder = PhotoEncoder(photo_classifier_artefact(model), settings.encoders.precision)
        progress.step("embedding photos", None)
        part = path.with_name(f".{path.name}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            count = _write(part, encoder, catalogue, open_photo_store(settings), progress)
            part.replace(path)
        except OSError as error:
            raise InputError(f"{path} cannot be written ({error}); give another place") from error
    return count, encoder.dimension


def _write(
    path: Path, encoder: PhotoEncoder, catalogue: Catalogue, store: PhotoStore, progress: Progress
) -> int:
    count = 0
    with path.open("wb") as file:
        file.write(b"{")
        for keys, features in encoder.encode_stream(_photos(catalogue, store)):
            for photo_id, vector in zip(keys, features, strict=True):
                file.write(b"\n" if count == 0 else b",\n")
                file.write(orjson.dumps(photo_id) + b": ")
                file.write(orjson.dumps(vector, option=orjson.OPT_SERIALIZE_NUMPY))
                count += 1
            progress.advance(len(keys))
        file.write(b"\n}\n")
    return count


def _photos(catalogue: Catalogue, store: PhotoStore) -> Iterator[tuple[str, bytes]]:
    """(photo id, its file) of each photo of the catalogue, each id once."""
    seen = set()
    for listings in catalogue.scan():
        for listing in listings:
            for photo in listing.photos:
                if photo.photo_id not in seen:
                    seen.add(photo.photo_id)
                    yield photo.photo_id, store.read(photo.content_hash)
