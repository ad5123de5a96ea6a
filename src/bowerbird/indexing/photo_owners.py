"""Whose photos the rows of the photo vectors are."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from bowerbird.market.listing import Photo


class PhotoOwners:
    """Which listing row owns each photo row, and which stored photo it is; both rows rise together.

    Beside the content hashes it keeps the perceptual ones, 8 bytes a photo: what is near to one is found by
    comparing with all, which takes a millisecond on a million photos.
    """

    def __init__(self) -> None:
        self.content_hashes: list[str] = []
        self._rows = np.empty(16, np.int64)
        self._perceptual = np.empty(16, np.uint64)
        self._firsts = np.zeros(16, np.int64)  # by listing row

    def __len__(self) -> int:
        return len(self.content_hashes)

    def append(self, listing_row: int, photos: Sequence[Photo]) -> None:
        """Add the photos of a listing, in order."""
        if listing_row >= len(self._firsts):
            self._firsts = np.concatenate([self._firsts, np.zeros(listing_row + 1, np.int64)])
        self._firsts[listing_row] = len(self.content_hashes)
        end = len(self.content_hashes) + len(photos)
        if end > len(self._rows):
            more = max(end, len(self._rows))
            self._rows = np.concatenate([self._rows, np.empty(more, np.int64)])
            self._perceptual = np.concatenate([self._perceptual, np.empty(more, np.uint64)])
        self._rows[len(self.content_hashes) : end] = listing_row
        self._perceptual[len(self.content_hashes) : end] = [
            int(photo.perceptual_hash, 16) for photo in photos
        ]
        self.content_hashes.extend(photo.content_hash for photo in photos)

    def rows(self, n_listings: int) -> NDArray[np.int64]:
        """(n_photos,) owners of the photos of the first `n_listings` rows."""
        rows = self._rows[: len(self.content_hashes)]
        return rows[: np.searchsorted(rows, n_listings)]

    def firsts(self, listing_rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """(n,) the first photo row of each of the (n,) rows; that of one without photos says nothing."""
        return self._firsts[np.minimum(listing_rows, len(self._firsts) - 1)]

    def photos_of(self, listing_row: int) -> NDArray[np.int64]:
        """The photo rows of one listing."""
        rows = self._rows[: len(self.content_hashes)]
        start, end = np.searchsorted(rows, [listing_row, listing_row + 1])
        return np.arange(start, end)

    def perceptual_hashes(self, n_listings: int) -> NDArray[np.uint64]:
        """(n_photos,) perceptual hashes of the photos of the first `n_listings` rows."""
        return self._perceptual[: len(self.rows(n_listings))]

    def save(self, folder: Path) -> None:
        """Write into `folder`."""
        np.save(folder / "photo_owners.npy", self._rows[: len(self)], allow_pickle=False)
        np.save(folder / "perceptual_hashes.npy", self._perceptual[: len(self)], allow_pickle=False)
        (folder / "photo_owners.json").write_bytes(orjson.dumps(self.content_hashes))

    @classmethod
    def load(cls, folder: Path) -> "PhotoOwners":
        """What `save` wrote."""
        owners = cls()
        owners._rows = np.load(folder / "photo_owners.npy", allow_pickle=False)
        owners._perceptual = np.load(folder / "perceptual_hashes.npy", allow_pickle=False)
        owners._firsts = np.searchsorted(owners._rows, np.arange(1 + owners._rows.max(initial=0)))
        owners.content_hashes = orjson.loads((folder / "photo_owners.json").read_bytes())
        return owners
