"""What the frozen front of a network says of photos, computed once and kept on disk.

`plain` holds every photo as it is, `mirrored` its mirror image, and `view-<v>` each photo that may be learned
from augmented in one way; (n, ...) float16 each, in files that a kill leaves whole or absent. An epoch then
costs the trained half alone, at the price of a limited number of augmentations and of the disk:
EfficientNet-Lite0 before its block 11 takes 44 KB a view.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from torch import Tensor, nn

from bowerbird.encoding.artefact import digest
from bowerbird.encoding.network import Network
from bowerbird.encoding.photo_preparation import PhotoPreparation
from bowerbird.progress import Progress
from bowerbird.storage.durable_file import disk_errors, sync
from bowerbird.training.augmentation import Augmentation
from bowerbird.training.datasets import LabelledPhotos, PixelInputs, Rows
from bowerbird.training.export import weights_sha256, write_graph
from bowerbird.training.folder_lock import alone_in
from bowerbird.training.photo_training import PhotoTraining
from bowerbird.training.training_data import Part

Maps = NDArray[Any]  # (n, ...) float16 or float32
BATCH = 32


class KeptInputs:
    """What is kept of each photo, as `datasets.Inputs`.

    Args:
        plain: (n, ...) of every photo.
        mirrored: likewise; None where it is not kept.
        augmented: (t, ...) of each photo that may be learned, one a view.
        training_rows: (t,) those photos.
    """

    def __init__(
        self, plain: Maps, mirrored: Maps | None, augmented: list[Maps], training_rows: Rows
    ) -> None:
        self._plain, self._mirrored, self._augmented = plain, mirrored, augmented
        self._place = np.full(len(plain), -1)
        self._place[training_rows] = np.arange(len(training_rows))
        self._whole = [plain] if mirrored is None or not augmented else [plain, mirrored]
        self.views = len(self._whole) + len(augmented)

    def training(self, rows: Rows, views: Rows) -> Tensor:
        """(B, ...) float32: a photo's view 0 is the plain one, then the mirrored and the augmented ones."""
        whole = len(self._whole)
        chosen = [
            self._whole[view][row] if view < whole else self._augmented[view - whole][self._place[row]]
            for row, view in zip(rows.tolist(), views.tolist(), strict=True)
        ]
        return torch.from_numpy(np.stack(chosen)).float()

    def plain(self, rows: Rows, *, mirrored: bool) -> Tensor:
        """(B, ...) float32; without a mirror image the photo stands for it."""
        kept = self._mirrored if mirrored and self._mirrored is not None else self._plain
        return torch.from_numpy(np.asarray(kept[rows])).float()


def kept_inputs(
    photos: LabelledPhotos,
    front: nn.Module,
    preparation: PhotoPreparation,
    pixels: PixelInputs,
    training: PhotoTraining,
    folder: Path,
    progress: Progress,
) -> KeptInputs:
    """What `front` says of `photos`, from `folder` where it is there, else computed and put there.

    Where no view is asked for and the photos come with the features that the front computes, those are taken
    and no photo is read.
    """
    # Views of the validation photos too, so that runs that learn them share what is kept.
    rows = np.flatnonzero(photos.parts != Part.TEST)
    stored = training.unfreeze == "none" and training.architecture == photos.features_of and not training.size
    if photos.features is not None and stored and not training.views and not training.tta:
        # What is stored may go on after the last layer (`photo_levels`).
        with torch.inference_mode():
            width = front(torch.zeros(1, 3, preparation.size, preparation.size)).shape[1]
        return KeptInputs(photos.features[:, :width], None, [], rows)
    maps = _FrontMaps(photos, front, preparation, pixels, training, folder, progress)
    every = np.arange(len(photos.names))
    plain = maps.kept("plain", every, None)
    mirrored = maps.kept("mirrored", every, None) if training.tta or training.views else None
    augmented = [maps.kept(f"view-{view}", rows, view) for view in range(training.views)]
    return KeptInputs(plain, mirrored, augmented, rows)


class _FrontMaps:
    """The front of one network over the photos of one run."""

    def __init__(
        self,
        photos: LabelledPhotos,
        front: nn.Module,
        preparation: PhotoPreparation,
        pixels: PixelInputs,
        training: PhotoTraining,
        folder: Path,
        progress: Progress,
    ) -> None:
        self._photos, self._front, self._preparation = photos, front, preparation
        self._pixels, self._training, self._progress = pixels, training, progress
        self._augmentation = Augmentation(preparation.size, training.augmentation)
        # What is kept of one front serves every run with that front, as the trials of a search are.
        self._folder = folder / digest(
            photos.fingerprint, weights_sha256(front), preparation.size, training.precision
        )
        self._folder.mkdir(parents=True, exist_ok=True)

    def kept(self, name: str, rows: Rows, view: int | None) -> Maps:
        """(len(rows), ...) float16 on disk."""
        drawn = "" if view is None else f"-{digest(self._training.augmentation, self._training.seed)}"
        path = self._folder / f"{name}{drawn}.npy"
        if not path.exists():
            # Of the trials of a search that need the same at once, one computes it.
            with alone_in(self._folder, wait=True):
                if not path.exists():
                    self._keep(path, rows, name, view)
        maps: Maps = np.load(path, mmap_mode="r")
        return maps

    def _keep(self, path: Path, rows: Rows, name: str, view: int | None) -> None:
        part = path.with_suffix(".part")
        with disk_errors(f"keeping what the frozen layers say in {self._folder}"):
            self._fill(part, rows, name, view)
            sync(part)
            part.replace(path)

    def _fill(self, path: Path, rows: Rows, name: str, view: int | None) -> None:
        self._progress.step(f"frozen layers: {name}", len(rows))
        maps: Any = None
        at = 0
        for output in self._outputs(rows, name, view):
            if maps is None:
                maps = open_memmap(path, "w+", np.float16, (len(rows), *output.shape[1:]))
            maps[at : at + len(output)] = output
            at += len(output)
            self._progress.advance(len(output))
        if maps is not None:
            maps.flush()

    def _outputs(self, rows: Rows, name: str, view: int | None) -> Iterator[NDArray[np.float32]]:
        chunks = [rows[at : at + BATCH] for at in range(0, len(rows), BATCH)]
        batches = (self._batch(chunk, name, view, number) for number, chunk in enumerate(chunks))
        if torch.cuda.is_available():
            front = self._front.cuda()
            for batch in batches:
                with torch.inference_mode():
                    yield front(batch.cuda()).float().cpu().numpy()
            return
        # On a CPU the exported graph is three times as fast as torch.
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "front.onnx"
            side = self._preparation.size
            write_graph(
                self._front, (torch.zeros(2, 3, side, side),), path, inputs=["pixels"], outputs=["maps"]
            )
            inputs = ([np.ascontiguousarray(one.numpy())] for one in batches)
            yield from Network(path, self._training.precision).run_many(inputs)

    def _batch(self, rows: Rows, name: str, view: int | None, number: int) -> Tensor:
        if view is None:
            pixels = self._pixels.plain(rows, mirrored=name == "mirrored").float()
        else:
            drawn = np.random.SeedSequence([self._training.seed, view, number]).generate_state(1)
            torch.manual_seed(int(drawn[0]))
            photos = self._pixels.training(rows, np.zeros_like(rows)).float() / 255
            pixels = self._augmentation(photos) * 255
        return normalised(pixels, self._preparation)


def normalised(pixels: Tensor, preparation: PhotoPreparation) -> Tensor:
    """(B, 3, s, s) float32 of 0 to 255 -> what the network was trained to see."""
    mean = torch.tensor(preparation.mean, device=pixels.device).view(3, 1, 1)
    std = torch.tensor(preparation.std, device=pixels.device).view(3, 1, 1)
    return (pixels - mean) / std
