"""The photos of a home with their listings' root categories, as a classifier learns from them."""

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bowerbird.assembly import open_photo_store
from bowerbird.encoding.artefact import digest
from bowerbird.market.listing import Listing
from bowerbird.settings import Settings
from bowerbird.training.datasets import UNKNOWN, LabelledPhotos
from bowerbird.training.photo_levels import last_layer_width
from bowerbird.training.photo_teacher import Teacher
from bowerbird.training.training_data import Part, TrainingData


def market_photos(settings: Settings, data: TrainingData, teacher: Teacher | None = None) -> LabelledPhotos:
    """A row a photo of `data`; photos of listings without a category are kept in the test part only.

    Args:
        settings: of the home.
        data: its listings, their split and stored features.
        teacher: gives soft targets for the photos.

    Raises:
        InputError: fewer than two categories have photos, or the teacher cannot be used.
    """
    owners = data.photo_owners
    roots, leaves = np.array(data.roots)[owners], np.array(data.leaves)[owners]
    parts = data.parts[owners]
    kept = np.flatnonzero((roots != "") | (parts == Part.TEST))
    owners, roots, leaves, parts = owners[kept], roots[kept], leaves[kept], parts[kept]
    classes = tuple(sorted(set(roots.tolist()) - {""}))
    leaf_names = tuple(sorted(set(leaves[parts == Part.TRAIN].tolist()) - {""}))
    taught = None if teacher is None else teacher(classes, owners)
    store, backbone = open_photo_store(settings), settings.encoders.photo_backbone
    hashes = [data.photo_hashes[row] for row in kept.tolist()]
    every_name = _names(data.listings)
    counts = ", ".join(f"{int((parts == part).sum()):,} {part.name.lower()}" for part in Part)
    return LabelledPhotos(
        names=tuple(every_name[row] for row in kept.tolist()),
        classes=classes,
        labels=_codes(roots, classes),
        leaves=_codes(leaves, leaf_names),
        leaf_names=leaf_names,
        parts=parts,
        groups=data.groups[owners],
        fingerprint=digest(data.fingerprint, _fingerprint(taught)),
        read=lambda row: store.read(hashes[row]),
        # Packaged networks are exported with levels beside its last layer, which comes first.
        features=data.features[kept, : last_layer_width(backbone)],
        features_of=backbone,
        teacher=taught,
        split=f"{counts} photos; listings that share a photo or a text on one side, seed {data.seed}",
    )


def _names(listings: Sequence[Listing]) -> list[str]:
    """'<listing id>/<photo id>' of every photo, in order; a second photo of that name ends in #2."""
    seen: Counter[str] = Counter()
    names = []
    for listing in listings:
        for photo in listing.photos:
            name = f"{listing.listing_id}/{photo.photo_id}"
            seen[name] += 1
            names.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return names


def _codes(values: NDArray[np.str_], vocabulary: Sequence[str]) -> NDArray[np.int64]:
    codes = {value: code for code, value in enumerate(vocabulary)}
    return np.array([codes.get(value, UNKNOWN) for value in values.tolist()], np.int64)


def _fingerprint(taught: NDArray[np.float32] | None) -> str | None:
    return None if taught is None else hashlib.sha256(taught.tobytes()).hexdigest()
