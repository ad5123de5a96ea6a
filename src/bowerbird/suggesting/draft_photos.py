"""The photos that a seller has dropped so far: cleaned as an upsert would clean them, and encoded, once each.

A page asks again at every pause in the typing with the same photos, so the latest ones are kept by the hash
of their bytes. Those that are new are decoded and encoded in threads, side by side.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.cleaning.photo import clean_photo
from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.photo_encoder import PhotoEncoder
from bowerbird.errors import InputError
from bowerbird.market.listing import Photo
from bowerbird.suggesting.photo_alignment import Floats, thumbnail

_THREADS = 4
_KEPT = 512  # photos; 55 kB each


@dataclass(frozen=True, slots=True, eq=False)
class DraftPhoto:
    """One photo as models and comparisons read it."""

    photo: Photo
    thumbnail: Floats  # (64, 64, 3)
    features: NDArray[np.float32]  # (f,) raw features of the photo encoder


class DraftPhotoReader:
    """Bytes that a seller uploaded become draft photos. Safe between threads.

    Args:
        encoder: of photos.
        max_pixels: of a photo, by its header.
        max_bytes: of its file.
    """

    def __init__(self, encoder: PhotoEncoder, *, max_pixels: int, max_bytes: int) -> None:
        self._encoder = encoder
        self._max_pixels = max_pixels
        self._max_bytes = max_bytes
        self._kept: OrderedDict[bytes, DraftPhoto] = OrderedDict()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="draft-photo")

    def begin(self, uploads: Sequence[bytes]) -> Callable[[], list[DraftPhoto]]:
        """Begin to read `uploads`; the call that is returned waits for the photos, in order.

        It raises InputError where one is no photo or over a limit; the message says which, counted from 1.
        """
        reading = self._pool.map(self._one, range(1, len(uploads) + 1), uploads)
        return lambda: list(reading)

    def features(self, photos: Sequence[DraftPhoto]) -> Vectors:
        """(p, f) raw features, a row a photo."""
        rows = [photo.features for photo in photos]
        return np.stack(rows) if rows else np.empty((0, self._encoder.dimension), np.float32)

    def close(self) -> None:
        """Let go of the threads."""
        self._pool.shutdown()

    def _one(self, number: int, data: bytes) -> DraftPhoto:
        key = hashlib.sha256(data).digest()
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        try:
            clean = clean_photo(data, max_pixels=self._max_pixels, max_bytes=self._max_bytes)
        except InputError as error:
            raise type(error)(f"photo {number}: {error.message}", details=error.details) from error
        read = DraftPhoto(
            clean.photo(clean.content_hash), thumbnail(clean.image), self._encoder.encode([clean.image])[0]
        )
        with self._lock:
            self._kept[key] = read
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return read
