"""What a listing encoder learns from: the photos, titles and texts of listings, and what belongs together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bowerbird.assembly import open_stores
from bowerbird.encoding.encoder import Vectors
from bowerbird.errors import TrainingError
from bowerbird.settings import Settings
from bowerbird.storage.listing_vectors import ListingVectors, text_key
from bowerbird.training.listing_losses import UNKNOWN
from bowerbird.training.listing_training import ListingTraining
from bowerbird.training.photo_levels import part_widths
from bowerbird.training.training_data import Part, TrainingData

# With photos; one needs others to be told from.
FEWEST_LISTINGS = {Part.TRAIN: 16, Part.VALIDATION: 2, Part.TEST: 2}


@dataclass(frozen=True, slots=True, eq=False)
class ListingExamples:
    """The data of one run, as tensors, and whose photos are whose."""

    data: TrainingData
    features: Tensor  # (p, f) raw
    parts: tuple[int, ...]  # how many of their columns each part has, the photo network's last layer first
    texts: Tensor  # (n, t) of title and description
    titles: Tensor  # (n, t) of titles alone
    contents: NDArray[np.int64]  # (p,) equal for byte-identical photos
    photos: tuple[NDArray[np.int64], ...]  # (n) photo rows of each listing
    roots: Tensor  # (n,) codes, -1 where unknown
    leaves: Tensor  # (n,)
    n_roots: int
    n_leaves: int

    def rows(self, part: Part) -> NDArray[np.int64]:
        """Listings of `part` that have a photo."""
        rows = self.data.rows(part)
        return rows[[len(self.photos[row]) > 0 for row in rows.tolist()]]


@dataclass(frozen=True, slots=True, eq=False)
class ListingBatch:
    """B listings, two photos of each (one of them twice where it is the only one), and their words."""

    first: Tensor  # (B, f)
    second: Tensor  # (B, f)
    text: Tensor  # (B, t)
    same: Tensor  # (B, B) True where listings are one or duplicates
    roots: Tensor  # (B,)
    leaves: Tensor  # (B,)


def read_examples(settings: Settings, data: TrainingData) -> ListingExamples:
    """`data` with the vectors of its titles, which are encoded and kept where they are not yet.

    Raises:
        TrainingError: too few listings have photos.
    """
    stores = open_stores(settings)
    try:
        titles = _title_vectors([listing.title for listing in data.listings], stores.vectors)
    finally:
        stores.close()
    ends = np.cumsum([len(listing.photos) for listing in data.listings])
    photos = tuple(
        np.arange(end - len(listing.photos), end) for listing, end in zip(data.listings, ends, strict=True)
    )
    n_roots, roots = _codes(data.roots)
    n_leaves, leaves = _codes(data.leaves)
    _, contents = np.unique(np.array(data.photo_hashes, dtype=str), return_inverse=True)
    examples = ListingExamples(
        data=data,
        features=torch.from_numpy(data.features),
        parts=part_widths(settings.encoders.photo_backbone) or (data.features.shape[1],),
        texts=torch.from_numpy(data.texts),
        titles=torch.from_numpy(titles),
        contents=contents.astype(np.int64),
        photos=photos,
        roots=roots,
        leaves=leaves,
        n_roots=n_roots,
        n_leaves=n_leaves,
    )
    for part, fewest in FEWEST_LISTINGS.items():
        if (count := len(examples.rows(part))) < fewest:
            raise TrainingError(
                f"{count} {part.name.lower()} listings have photos; a listing encoder needs at least "
                f"{fewest}: import listings with photos by `bowerbird import`"
            )
    return examples


def epoch_batches(
    examples: ListingExamples, training: ListingTraining, epoch: int
) -> list[NDArray[np.int64]]:
    """Rows of the training listings, shuffled, in batches of equal size; what is left over waits its turn."""
    rows = examples.rows(Part.TRAIN)
    order = np.random.default_rng([training.seed, epoch]).permutation(rows)
    size = min(training.batch, len(rows))
    return [order[start : start + size] for start in range(0, len(order) - size + 1, size)]


def steps_an_epoch(examples: ListingExamples, training: ListingTraining) -> int:
    """How many batches an epoch has."""
    rows = len(examples.rows(Part.TRAIN))
    return rows // min(training.batch, rows)


def listing_batch(
    examples: ListingExamples, rows: NDArray[np.int64], title_share: float, rng: np.random.Generator
) -> ListingBatch:
    """The listings `rows`, their photos and words drawn by `rng`."""
    pairs = [_two_of(examples.photos[row], rng) for row in rows.tolist()]
    first, second = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])
    title_alone = torch.from_numpy(rng.random(len(rows)) < title_share)[:, None]
    groups = torch.from_numpy(examples.data.groups[rows])
    return ListingBatch(
        first=examples.features[first],
        second=examples.features[second],
        text=torch.where(title_alone, examples.titles[rows], examples.texts[rows]),
        same=groups[:, None] == groups[None],
        roots=examples.roots[rows],
        leaves=examples.leaves[rows],
    )


def _two_of(photos: NDArray[np.int64], rng: np.random.Generator) -> tuple[int, int]:
    if len(photos) == 1:
        return int(photos[0]), int(photos[0])
    first, second = rng.choice(photos, 2, replace=False).tolist()
    return first, second


def _codes(names: Sequence[str]) -> tuple[int, Tensor]:
    known = sorted(set(names) - {""})
    code_of = {name: code for code, name in enumerate(known)}
    return max(1, len(known)), torch.tensor([code_of.get(name, UNKNOWN) for name in names])


def _title_vectors(titles: Sequence[str], vectors: ListingVectors) -> Vectors:
    """(n, t), kept beside the texts so that the next run finds them."""
    by_key = {text_key(title): title for title in titles}
    missing = list(vectors.text_store.missing(list(by_key)))
    if missing:
        vectors.text_store.put(missing, vectors.text_encoder.encode([by_key[key] for key in missing]))
    return vectors.text_store.get([text_key(title) for title in titles])
