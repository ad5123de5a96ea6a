"""The test listings of the split that a model was trained with, as drafts that a seller might send.

A market grows, and each state of it has a split of its own under `runs/splits/`; a model may only be asked
about listings that were test listings when it was trained.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.encoder import Vectors
from bowerbird.errors import MismatchError
from bowerbird.suggesting.draft import Draft
from bowerbird.training.training_data import Part, TrainingData


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Rows of `data` that a model has not seen, and rows that it may have learned from."""

    data: TrainingData
    tested: NDArray[np.int64]
    known: NDArray[np.int64]
    gone: int  # test listings that the market no longer has

    def draft(self, row: int, *, words: bool = True, photos: bool = True, category: bool = False) -> Draft:
        """Listing `row` without its id, its price and its status, and what else is not asked for."""
        data, listing = self.data, self.data.listings[row]
        listing = replace(listing, listing_id="", price=None, status=None)
        text, features = data.texts[row : row + 1], features_of(data, row)
        if not category:
            listing = replace(listing, category=())
        if not words:
            listing, text = replace(listing, title="", description="", attributes=()), text[:0]
        if not photos:
            listing, features = replace(listing, photos=()), features[:0]
        return Draft(listing, text, features)


def features_of(data: TrainingData, row: int) -> Vectors:
    """(p, f) raw features of the photos of listing `row`."""
    first, last = np.searchsorted(data.photo_owners, [row, row + 1])
    return data.features[first:last]


def held_out(splits_folder: Path, data: TrainingData, fingerprint: str) -> HeldOut | None:
    """The test listings of the split called `fingerprint`; None where that split is no longer kept.

    Args:
        splits_folder: `runs/splits` of the home.
        data: the market as it is.
        fingerprint: of the data that a model was trained on.

    Raises:
        MismatchError: the file of the split is damaged.
    """
    if fingerprint == data.fingerprint:
        return HeldOut(data, data.rows(Part.TEST), data.rows(Part.TRAIN, Part.VALIDATION), 0)
    path = splits_folder / f"{fingerprint}.json"
    try:
        split = json.loads(path.read_text(encoding="utf-8"))
        parts = {part: set(split[part.name.lower()]) for part in Part}
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, ValueError) as error:
        raise MismatchError(f"{path} is no split ({error}); delete it and train again") from error
    ids = [listing.listing_id for listing in data.listings]
    tested = [row for row, listing_id in enumerate(ids) if listing_id in parts[Part.TEST]]
    seen = parts[Part.TRAIN] | parts[Part.VALIDATION]
    known = [row for row, listing_id in enumerate(ids) if listing_id in seen]
    gone = len(parts[Part.TEST]) - len(tested)
    return HeldOut(data, np.array(tested, np.int64), np.array(known, np.int64), gone)
