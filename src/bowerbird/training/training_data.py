"""What models are trained on: a home's listings with their stored vectors, and a split that cannot leak.

Listings that share a photo or a text (`cleaning.duplicates`) stay on one side. The split follows from the
listings and the seed alone and is written down once under `runs/splits/`, so every model of a home is
trained and tested on the same listings, and a figure can be traced to the listings behind it.
"""

import json
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bowerbird.assembly import open_stores
from bowerbird.cleaning.duplicates import duplicate_listing_groups
from bowerbird.cleaning.split import held_out_listings
from bowerbird.encoding.artefact import digest
from bowerbird.encoding.encoder import Vectors
from bowerbird.errors import TrainingError
from bowerbird.market.listing import CATEGORY_SEPARATOR, Listing
from bowerbird.settings import Settings
from bowerbird.storage.durable_file import write_durably
from bowerbird.storage.listing_vectors import text_key

TEST_FRACTION = 0.3
VALIDATION_FRACTION = 0.15  # of what is not for testing
FEWEST_LISTINGS = 40


class Part(IntEnum):
    """Which part of the split a listing is in."""

    TRAIN = 0
    VALIDATION = 1  # early stopping, calibration, choices
    TEST = 2  # figures only


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """n listings and their p photos, in the order of the listings' ids."""

    listings: tuple[Listing, ...]
    parts: NDArray[np.int8]  # (n,) `Part`
    groups: NDArray[np.int64]  # (n,) duplicates share a number
    texts: Vectors  # (n, t) float32 unit vectors of the text encoder
    features: Vectors  # (p, f) float32 raw features of the photo encoder
    photo_hashes: tuple[str, ...]  # (p,) content hashes: equal for byte-identical photos
    photo_owners: NDArray[np.int64]  # (p,) row of the listing
    encoders: dict[str, str]  # fingerprints by 'text' and 'photo'
    fingerprint: str  # of the listings, their photos and the split
    seed: int

    @property
    def roots(self) -> list[str]:
        """(n,) root category, '' where unknown."""
        return [listing.root or "" for listing in self.listings]

    @property
    def leaves(self) -> list[str]:
        """(n,) the whole category path, '' where unknown: leaves of different parents share names."""
        return [CATEGORY_SEPARATOR.join(listing.category) for listing in self.listings]

    def rows(self, *parts: Part) -> NDArray[np.int64]:
        """Rows of the listings in `parts`, rising."""
        return np.flatnonzero(np.isin(self.parts, parts))

    def photo_rows(self, *parts: Part) -> NDArray[np.int64]:
        """Rows of the photos whose listing is in `parts`, rising."""
        return np.flatnonzero(np.isin(self.parts[self.photo_owners], parts))


def load_training_data(settings: Settings, *, seed: int = 0) -> TrainingData:
    """The catalogue of a home with its stored vectors; what has none yet is encoded first.

    Hidden listings are left out.

    Args:
        settings: of the home.
        seed: of the split; 0 is the one that figures are reported on.

    Raises:
        NotFoundError: there is no such home.
        UnavailableError: the backbones were not exported yet.
        TrainingError: there are fewer than 40 listings.
    """
    stores = open_stores(settings)
    try:
        listings = sorted(
            (listing for batch in stores.catalogue.scan() for listing in batch if listing.status != "hidden"),
            key=lambda listing: listing.listing_id,
        )
        if len(listings) < FEWEST_LISTINGS:
            raise TrainingError(
                f"the market at {settings.home} has {len(listings)} listings; at least {FEWEST_LISTINGS} are "
                "needed to learn from: import more with `bowerbird import`"
            )
        stores.vectors.encode_missing(listings)
        hashes = tuple(photo.content_hash for listing in listings for photo in listing.photos)
        groups = duplicate_listing_groups(listings)
        fingerprint = _fingerprint(listings, seed)
        return TrainingData(
            listings=tuple(listings),
            parts=_stored_split(settings.home / "runs" / "splits", fingerprint, listings, groups, seed),
            groups=groups,
            texts=stores.vectors.text_store.get([text_key(listing.text) for listing in listings]),
            features=stores.vectors.features(hashes),
            photo_hashes=hashes,
            photo_owners=np.repeat(np.arange(len(listings)), [len(one.photos) for one in listings]),
            encoders=stores.encoders,
            fingerprint=fingerprint,
            seed=seed,
        )
    finally:
        stores.close()


def split_parts(groups: NDArray[np.int64], seed: int) -> NDArray[np.int8]:
    """(n,) `Part`: 30% of the listings for testing, 15% of the others for validation, by whole groups."""
    parts = np.full(len(groups), Part.TRAIN, np.int8)
    test = held_out_listings(groups, fraction=TEST_FRACTION, seed=seed)
    parts[test] = Part.TEST
    rest = np.flatnonzero(~test)
    # Another seed than the test's, so that validation is no continuation of its draw.
    chosen = held_out_listings(groups[rest], fraction=VALIDATION_FRACTION, seed=seed + 1)
    parts[rest[chosen]] = Part.VALIDATION
    return parts


def _stored_split(
    folder: Path, fingerprint: str, listings: list[Listing], groups: NDArray[np.int64], seed: int
) -> NDArray[np.int8]:
    """The split of `runs/splits/<fingerprint>.json`, drawn and written where it is not there yet."""
    path = folder / f"{fingerprint}.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        drawn = split_parts(groups, seed)
        named = {
            part.name.lower(): [listings[row].listing_id for row in np.flatnonzero(drawn == part)]
            for part in Part
        }
        write_durably(path, json.dumps({"seed": seed, **named}, indent=1).encode())
    stored = json.loads(path.read_text(encoding="utf-8"))
    part_of = {listing_id: part for part in Part for listing_id in stored[part.name.lower()]}
    return np.array([part_of[listing.listing_id] for listing in listings], np.int8)


def _fingerprint(listings: list[Listing], seed: int) -> str:
    """Of all that models read: ids, words, category, price, place and photos."""
    return digest(
        seed,
        [
            (
                one.listing_id,
                one.text,
                one.category,
                str(one.price),
                one.place,
                [photo.content_hash for photo in one.photos],
            )
            for one in listings
        ],
    )
