"""Labelled photos, and the batches that a training run draws from them.

What is in a batch follows from (seed, epoch, position) alone, so a run that was killed and started again sees
what an unbroken one sees.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.photo_preparation import PhotoPreparation
from bowerbird.errors import InputError
from bowerbird.training.augmentation import MARGIN
from bowerbird.training.training_data import Part

UNKNOWN = -1
DECODERS = 4  # threads; Pillow lets go of the interpreter while it decodes
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPhotos:
    """n photos of known or unknown class, parted for training, validation and testing."""

    names: tuple[str, ...]  # (n,) unique: paths, or ids of photos
    classes: tuple[str, ...]  # (C,) at least two
    labels: NDArray[np.int64]  # (n,) place in `classes`; -1 where unknown, in the test part only
    leaves: NDArray[np.int64]  # (n,) place in `leaf_names`, or -1
    leaf_names: tuple[str, ...]
    parts: NDArray[np.int8]  # (n,) `Part`
    groups: NDArray[np.int64]  # (n,) photos that hang together: of one listing, or duplicates
    fingerprint: str  # of photos, labels and parts
    read: Callable[[int], bytes]  # the file of photo i
    features: Vectors | None = None  # (n, f) what the backbone `features_of` says, where that is stored
    features_of: str = ""
    teacher: NDArray[np.float32] | None = None  # (n, C) probabilities; a row of 0 has no teacher
    split: str = ""  # in words, for the model card
    warnings: tuple[str, ...] = ()  # what was left out, and leaks that were found
    learns_validation: bool = False  # whether the validation photos are learned from too

    def __post_init__(self) -> None:
        if len(self.classes) < 2:
            raise InputError(
                f"a classifier needs at least two classes, but there is {len(self.classes)}: "
                f"{', '.join(self.classes) or 'no photo has one'}; map a category when importing, or give "
                "train/ one folder a class"
            )
        for part in (Part.TRAIN, Part.VALIDATION):
            if len(self.rows(part)) < 2:
                raise InputError(
                    f"there are {len(self.rows(part))} labelled photos for {part.name.lower()}; at least 2 "
                    "are needed: give more photos"
                )

    def rows(self, part: Part) -> Rows:
        """Rows of the photos in `part`, rising."""
        return np.flatnonzero(self.parts == part)

    @property
    def learned_rows(self) -> Rows:
        """Rows of the photos that are learned from, rising."""
        learned = self.parts == Part.TRAIN
        return np.flatnonzero(
            learned | (self.parts == Part.VALIDATION) if self.learns_validation else learned
        )


class Batch(NamedTuple):
    """B photos as the network takes them, with what is known of them."""

    inputs: Tensor  # (B, 3, s, s) uint8, or what stands in front of the trained half, float16 or float32
    rows: Tensor  # (B,) int64 of the photos
    labels: Tensor  # (B,) int64
    leaves: Tensor  # (B,) int64
    teacher: Tensor  # (B, C) float32; (B, 0) without a teacher


class Inputs(Protocol):
    """Where the inputs of photos come from. An item is a photo's row plus n times its view."""

    views: int  # kept views to choose from while training; 1 where pixels are drawn anew each time

    def training(self, rows: Rows, views: Rows) -> Tensor:
        """(B, ...) inputs of `rows`, each in one of its views."""
        ...

    def plain(self, rows: Rows, *, mirrored: bool) -> Tensor:
        """(B, ...) inputs of `rows` as they are, or mirrored."""
        ...


class PixelInputs:
    """Photos decoded when asked for, (B, 3, side, side) uint8; what augments them runs on the batch later."""

    views = 1

    def __init__(self, photos: LabelledPhotos, preparation: PhotoPreparation, *, with_margin: bool) -> None:
        self._photos, self._plain = photos, preparation
        self._training = preparation
        if with_margin:
            side = round(MARGIN * preparation.size)
            self._training = replace(preparation, size=side, scale_to=max(side, preparation.scale_to))

    def training(self, rows: Rows, views: Rows) -> Tensor:  # noqa: ARG002 - there is one view
        """With room around for a crop."""
        return self._pixels(rows, self._training)

    def plain(self, rows: Rows, *, mirrored: bool) -> Tensor:
        """As the exported network takes them."""
        pixels = self._pixels(rows, self._plain)
        return pixels.flip(-1) if mirrored else pixels

    def _pixels(self, rows: Rows, preparation: PhotoPreparation) -> Tensor:
        def prepared(row: int) -> NDArray[np.uint8]:
            try:
                return preparation.pixels(self._photos.read(row))
            except InputError as error:
                raise InputError(f"{self._photos.names[row]}: {error.message}") from error

        with ThreadPoolExecutor(DECODERS, thread_name_prefix="decode") as pool:
            stacked = np.stack(list(pool.map(prepared, rows.tolist())))
        return torch.from_numpy(stacked).permute(0, 3, 1, 2)


class PhotoDataset(Dataset[Batch]):
    """Whole batches at a time, by `__getitems__`."""

    def __init__(
        self, photos: LabelledPhotos, inputs: Inputs, *, training: bool, mirrored: bool = False
    ) -> None:
        self._photos, self._inputs = photos, inputs
        self._for_training, self._mirrored = training, mirrored

    def __len__(self) -> int:
        return len(self._photos.names)

    def __getitem__(self, item: int) -> Batch:
        return self.__getitems__([item])

    def __getitems__(self, items: Sequence[int]) -> Batch:
        """The batch of `items`, each a row plus n times a view."""
        views, rows = np.divmod(np.asarray(items, np.int64), len(self))
        inputs = (
            self._inputs.training(rows, views)
            if self._for_training
            else self._inputs.plain(rows, mirrored=self._mirrored)
        )
        teacher = self._photos.teacher
        taught = np.empty((len(rows), 0), np.float32) if teacher is None else teacher[rows]
        known = (rows, self._photos.labels[rows], self._photos.leaves[rows], taught)
        return Batch(inputs, *(torch.from_numpy(one) for one in known))


class EpochSampler(Sampler[int]):
    """`rows` in an order, and a view of each, that follow from seed and epoch; each device gets its share.

    Over as many epochs as there are views, a photo is seen in each of them.
    """

    def __init__(
        self, rows: Rows, *, photos: int, views: int, seed: int, device: int = 0, devices: int = 1
    ) -> None:
        self._rows, self._photos, self._views, self._seed = rows, photos, views, seed
        self._device, self._devices = device, devices
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Draw for `epoch` from now on; Lightning calls it."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._rows) // self._devices

    def __iter__(self) -> Iterator[int]:
        first = np.random.default_rng([self._seed, 0]).integers(self._views, size=len(self._rows))
        views = (first + self._epoch) % self._views
        order = np.random.default_rng([self._seed, 1, self._epoch]).permutation(len(self._rows))
        items = (self._rows + self._photos * views)[order]
        # Every device takes equally many steps, or the others would wait for it for ever.
        yield from items[self._device : len(self) * self._devices : self._devices].tolist()
