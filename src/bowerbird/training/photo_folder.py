"""Any folder of photos by class: train/<class>/..., and val/ and test/ in the same way where they are there.

'validation' and 'valid' are also names of val. A test folder may hold photos without classes. Where val or
test is missing, its part is split off the training photos by groups of duplicates, so that nothing that is
tested was seen. Every photo is decoded once; those that cannot be are left out and named.
"""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import imagehash
import numpy as np
from numpy.typing import NDArray

from bowerbird.cleaning.duplicates import duplicate_photo_groups
from bowerbird.cleaning.split import held_out_listings
from bowerbird.encoding.artefact import digest
from bowerbird.encoding.photo_preparation import decode
from bowerbird.errors import InputError, NotFoundError
from bowerbird.market.listing import Photo
from bowerbird.progress import Progress
from bowerbird.training.datasets import DECODERS, UNKNOWN, LabelledPhotos
from bowerbird.training.training_data import TEST_FRACTION, VALIDATION_FRACTION, Part

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"}
_PART_NAMES = {
    Part.TRAIN: ("train",),
    Part.VALIDATION: ("val", "validation", "valid"),
    Part.TEST: ("test",),
}
_HASHED_SIDE = 64  # pixels: a perceptual hash looks at 32
_NAMED = 5  # of what was left out, so many are named


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    label: str | None
    part: Part
    photo: Photo


def read_photo_folder(folder: Path, progress: Progress, *, seed: int) -> LabelledPhotos:
    """The photos under `folder`, labelled by the folders they are in.

    Raises:
        NotFoundError: there is no such folder, or it has no train/.
        InputError: there are fewer than two classes, a class is empty, or one of val or test is not in train.
    """
    parts = _part_folders(folder)
    found = {part: list(_photo_paths(parts[part], part)) for part in parts}
    classes = _classes(parts, found)
    progress.step("reading photos", sum(map(len, found.values())))
    files, unreadable = [], []
    with ThreadPoolExecutor(DECODERS) as pool:
        for part, pairs in found.items():
            for (path, label), photo in zip(pairs, pool.map(_looked_at, pairs), strict=True):
                progress.advance(1)
                if isinstance(photo, str):
                    unreadable.append(f"{path.relative_to(folder)}: {photo}")
                else:
                    files.append(_File(path, label, part, photo))
    warnings = [f"left out, as it cannot be read: {one}" for one in unreadable[:_NAMED]]
    if len(unreadable) > _NAMED:
        warnings.append(f"{len(unreadable)} photos in all cannot be read and were left out")
    return _labelled(folder, files, classes, set(parts), warnings, seed)


def _part_folders(folder: Path) -> dict[Part, Path]:
    if not folder.is_dir():
        raise NotFoundError(f"there is no folder {folder}; give one with train/<class>/<photo>")
    parts = {
        part: folder / name
        for part, names in _PART_NAMES.items()
        for name in reversed(names)
        if (folder / name).is_dir()
    }
    if Part.TRAIN not in parts:
        raise NotFoundError(
            f"{folder} has no folder train/; put the photos into train/<class>/, and val/ and test/ likewise"
        )
    return parts


def _photo_paths(folder: Path, part: Part) -> Iterator[tuple[Path, str | None]]:
    """(path, class) of each photo, by path; the class of one directly in test/ is unknown."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in SUFFIXES or not path.is_file() or path.name.startswith("."):
            continue
        place = path.relative_to(folder).parts
        if len(place) > 1:
            yield path, place[0]
        elif part is Part.TEST:
            yield path, None
        else:
            raise InputError(f"{path} is in no folder of a class; move it to {folder.name}/<class>/")


def _classes(parts: dict[Part, Path], found: dict[Part, list[tuple[Path, str | None]]]) -> tuple[str, ...]:
    """The classes of train, in alphabetical order; those of the other parts must be among them."""
    folders = [one.name for one in parts[Part.TRAIN].iterdir() if one.is_dir() and one.name[0] != "."]
    classes = {label for _, label in found[Part.TRAIN] if label}
    if empty := sorted(set(folders) - classes):
        raise InputError(f"train/ has no photo of the class {empty[0]}; add some, or delete its folder")
    for part, pairs in found.items():
        if strange := sorted({label for _, label in pairs if label} - classes):
            raise InputError(
                f"{parts[part].name}/ has the class {strange[0]}, which train/ lacks; add it there or "
                f"take it out of {parts[part].name}/"
            )
    return tuple(sorted(classes))


def _looked_at(pair: tuple[Path, str | None]) -> Photo | str:
    """The photo's hashes, or why it cannot be read."""
    path, _ = pair
    try:
        data = path.read_bytes()
        image = decode(data, _HASHED_SIDE)
        image.load()
    except InputError as error:
        return error.message
    except OSError as error:
        return str(error)
    content = hashlib.sha256(data).hexdigest()
    return Photo(str(path), content, str(imagehash.phash(image)), image.width, image.height)


def _labelled(
    folder: Path,
    files: Sequence[_File],
    classes: tuple[str, ...],
    given: set[Part],
    warnings: list[str],
    seed: int,
) -> LabelledPhotos:
    paths = tuple(one.path for one in files)
    names = tuple(path.relative_to(folder).as_posix() for path in paths)
    groups = duplicate_photo_groups([one.photo for one in files])
    parts = _parted(np.array([one.part for one in files], np.int8), groups, given, seed)
    labels = np.array([UNKNOWN if one.label is None else classes.index(one.label) for one in files], np.int64)
    if leaks := _leaks(parts, groups):
        warnings.append(
            f"{leaks} test photos are near-duplicates of training photos: the test figures are too good"
        )
    known = [[name, one.photo.content_hash] for name, one in zip(names, files, strict=True)]
    counts = ", ".join(f"{int((parts == part).sum()):,} {part.name.lower()}" for part in Part)
    drawn = sorted(part.name.lower() for part in set(Part) - given)
    return LabelledPhotos(
        names=names,
        classes=classes,
        labels=labels,
        leaves=np.full(len(files), UNKNOWN, np.int64),
        leaf_names=(),
        parts=parts,
        groups=groups,
        fingerprint=digest(known, labels.tolist(), parts.tolist()),
        read=lambda row: paths[row].read_bytes(),
        split=f"{counts} photos" + (f"; {' and '.join(drawn)} drawn by duplicate groups" if drawn else ""),
        warnings=tuple(warnings),
    )


def _parted(
    parts: NDArray[np.int8], groups: NDArray[np.int64], given: set[Part], seed: int
) -> NDArray[np.int8]:
    """`parts` with those that were not given split off the training photos by whole groups."""
    parts = parts.copy()
    for number, (part, fraction) in enumerate(
        ((Part.TEST, TEST_FRACTION), (Part.VALIDATION, VALIDATION_FRACTION))
    ):
        if part not in given:
            rows = np.flatnonzero(parts == Part.TRAIN)
            chosen = held_out_listings(groups[rows], fraction=fraction, seed=seed + number)
            parts[rows[chosen]] = part
    return parts


def _leaks(parts: NDArray[np.int8], groups: NDArray[np.int64]) -> int:
    """How many test photos are in one group with a training photo."""
    return int(np.isin(groups[parts == Part.TEST], groups[parts == Part.TRAIN]).sum())
