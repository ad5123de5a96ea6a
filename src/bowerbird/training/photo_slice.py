"""A share of the photos that a classifier learns from, for a search; it never holds the test part."""

from dataclasses import replace

import numpy as np

from bowerbird.encoding.artefact import digest
from bowerbird.errors import InputError
from bowerbird.training.datasets import LabelledPhotos
from bowerbird.training.training_data import Part


def slice_size(wanted: str | None, available: int) -> int:
    """How many of the `available` photos 'wanted' means: '0.25' is a share, '600' a number, None is all.

    Raises:
        InputError: it is neither, or out of range.
    """
    if wanted is None:
        return available
    try:
        size = int(wanted) if wanted.isdigit() else round(_share(wanted) * available)
    except ValueError as error:
        raise InputError(
            f"a slice is a share up to 1.0 or a number of photos, but {wanted!r} was given; give 0.25 or 600"
        ) from error
    return min(size, available)


def _share(wanted: str) -> float:
    share = float(wanted)
    if not 0 < share <= 1:
        raise ValueError(wanted)
    return share


def sliced_photos(photos: LabelledPhotos, wanted: str | None, *, seed: int) -> LabelledPhotos:
    """Training and validation photos of `photos`, drawn by whole groups until there are as many as `wanted`.

    Args:
        photos: labelled and parted.
        wanted: see `slice_size`.
        seed: the same seed draws the same groups; a larger slice holds a smaller one.

    Raises:
        InputError: `wanted` cannot be used, or a class has no training photo among them.
    """
    learned = np.flatnonzero(photos.parts != Part.TEST)
    size = slice_size(wanted, len(learned))
    groups = photos.groups[learned]
    names, counts = np.unique(groups, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(names))
    taken = names[order[: int(np.searchsorted(np.cumsum(counts[order]), size)) + 1]]
    rows = learned[np.isin(groups, taken)] if size else learned[:0]
    _check_classes(photos, rows)
    read, own = photos.read, rows.tolist()
    return replace(
        photos,
        names=tuple(photos.names[row] for row in own),
        labels=photos.labels[rows],
        leaves=photos.leaves[rows],
        parts=photos.parts[rows],
        groups=photos.groups[rows],
        fingerprint=digest(photos.fingerprint, own),
        read=lambda row: read(own[row]),
        features=None if photos.features is None else photos.features[rows],
        teacher=None if photos.teacher is None else photos.teacher[rows],
    )


def _check_classes(photos: LabelledPhotos, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
    training = rows[photos.parts[rows] == Part.TRAIN]
    present = set(photos.labels[training].tolist())
    missing = [name for code, name in enumerate(photos.classes) if code not in present]
    if missing:
        raise InputError(
            f"a slice of {len(rows):,} photos has none to learn {missing[0]} from, and {len(photos.classes)} "
            "classes to tell apart; give a larger --slice"
        )
