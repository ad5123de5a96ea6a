"""A listing encoder on held-out listings: whether photos find their like, words photos, and photos words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.whitening import DEFAULT_DIMENSION, Whitening
from bowerbird.evaluation.cross_modal import found_within, group_ranks, thinned_by_group
from bowerbird.evaluation.report import Figure, measure
from bowerbird.evaluation.same_group import same_group_ranks
from bowerbird.training.training_data import Part, TrainingData

THINNED_TO = 1847  # photos: what the first probe of the project was asked among
KS = (1, 5, 10)
SAME, TITLE, TEXT, WORDS = "same-listing photo", "title to photo", "words to photo", "photo to words"
DEPTHS = (1, 2, 3, 5, 10, 20, 50, 100)
LEARNED, WHITENED, LAST_LAYER, CHANCE = "listing encoder", "whitened", "whitened last layer", "random vectors"


@dataclass(frozen=True, slots=True, eq=False)
class Retrieval:
    """Ranks by system, for queries in one order."""

    items: tuple[str, ...]  # (q,)
    groups: NDArray[np.int64]  # (q,) listings that hang together
    ranks: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)  # by system, (q,)


def whitened_systems(data: TrainingData, last_layer: int | None, dimension: int) -> dict[str, Vectors]:
    """(p, d) unit vectors that need no learning, fitted on all photos as an index is.

    Args:
        data: its features.
        last_layer: how many of their columns are the photo network's last layer, where there are others.
        dimension: to whiten to.
    """
    systems = {WHITENED: Whitening.fit(data.features, dimension).apply(data.features)}
    if last_layer is not None and last_layer < data.features.shape[1]:
        alone = data.features[:, :last_layer]
        systems[LAST_LAYER] = Whitening.fit(alone, dimension).apply(alone)
    return systems


def same_listing(data: TrainingData, systems: Mapping[str, Vectors], part: Part) -> Retrieval:
    """Photos of the listings of `part` with two or more, among all photos but copies of their own file."""
    _, contents = np.unique(np.array(data.photo_hashes, dtype=str), return_inverse=True)
    asked = np.zeros(len(contents), bool)
    asked[data.photo_rows(part)] = True
    found = {
        name: same_group_ranks(vectors, data.photo_owners, contents, asked=asked)
        for name, vectors in systems.items()
    }
    queries = next(iter(found.values())).queries
    owners = data.photo_owners[queries]
    return Retrieval(
        items=tuple(
            f"{data.listings[owner].listing_id}/{row}"
            for owner, row in zip(owners.tolist(), queries.tolist(), strict=True)
        ),
        groups=data.groups[owners],
        ranks={name: ranks.ranks for name, ranks in found.items()},
    )


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """Photos of one part of the split, no file twice, and the listings that own them."""

    photos: NDArray[np.int64]  # (g,) photo rows
    owners: NDArray[np.int64]  # (g,) listing rows

    @property
    def listings(self) -> NDArray[np.int64]:
        """(l,) rows of the listings, rising."""
        return np.unique(self.owners)


def thinned_gallery(data: TrainingData, part: Part, most: int = THINNED_TO) -> Gallery:
    """Whole listings of `part`, in the order of their ids' SHA-256, until `most` photos are reached."""
    rows = data.photo_rows(part)
    hashes = np.array(data.photo_hashes, dtype=str)[rows]
    _, first = np.unique(hashes, return_index=True)
    rows = rows[np.sort(first)]
    owners, counts = np.unique(data.photo_owners[rows], return_counts=True)
    names = [data.listings[owner].listing_id for owner in owners.tolist()]
    chosen = owners[thinned_by_group(names, counts.tolist(), most)]
    kept = rows[np.isin(data.photo_owners[rows], chosen)]
    return Gallery(kept, data.photo_owners[kept])


def words_to_photos(
    data: TrainingData, gallery: Gallery, systems: Mapping[str, tuple[Vectors, Vectors]]
) -> Retrieval:
    """Titles of the gallery's listings, among its photos; `systems` are ((n, d) words, (p, d) photos)."""
    listings = gallery.listings
    return Retrieval(
        items=tuple(data.listings[row].listing_id for row in listings.tolist()),
        groups=data.groups[listings],
        ranks={
            name: group_ranks(words[listings], listings, photos[gallery.photos], gallery.owners)
            for name, (words, photos) in systems.items()
        },
    )


def photos_to_words(
    data: TrainingData, gallery: Gallery, systems: Mapping[str, tuple[Vectors, Vectors]]
) -> Retrieval:
    """The gallery's photos, among the words of its listings."""
    listings = gallery.listings
    owners = gallery.owners
    return Retrieval(
        items=tuple(
            f"{data.listings[owner].listing_id}/{row}"
            for owner, row in zip(owners.tolist(), gallery.photos.tolist(), strict=True)
        ),
        groups=data.groups[owners],
        ranks={
            name: group_ranks(photos[gallery.photos], owners, words[listings], listings)
            for name, (words, photos) in systems.items()
        },
    )


def chance_vectors(data: TrainingData, seed: int) -> tuple[Vectors, Vectors]:
    """(n, d) and (p, d) unit vectors that know nothing."""
    rng = np.random.default_rng(seed)
    drawn = [
        rng.normal(size=(count, DEFAULT_DIMENSION)).astype(np.float32)
        for count in (len(data.listings), len(data.photo_owners))
    ]
    words, photos = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True) for vectors in drawn)
    return words, photos


def learned_retrievals(
    data: TrainingData,
    photos: Vectors,
    words: Mapping[str, Vectors],
    others: Mapping[str, Vectors],
) -> dict[str, Retrieval]:
    """What the test listings find in a learned space and by its baselines; what nobody can ask is left out.

    Args:
        data: the market and its split.
        photos: (p, d) learned.
        words: (n, d) learned of titles, or of titles and descriptions, by `TITLE` or `TEXT`.
        others: (p, ...) unit vectors of photos by further systems.
    """
    found = {SAME: same_listing(data, {LEARNED: photos, **others}, Part.TEST)}
    gallery = thinned_gallery(data, Part.TEST)
    chance = chance_vectors(data, data.seed)
    for name, vectors in words.items():
        found[name] = words_to_photos(data, gallery, {LEARNED: (vectors, photos), CHANCE: chance})
    if TEXT in words:
        both = {LEARNED: (words[TEXT], photos), CHANCE: chance}
        found[WORDS] = photos_to_words(data, gallery, both)
    # A market may have no listing with two photos.
    return {name: retrieval for name, retrieval in found.items() if retrieval.items}


def recall_curves(retrievals: Mapping[str, Retrieval]) -> dict[str, dict[str, float]]:
    """Recall by depth, of each system at each task."""
    return {
        f"{name}, {system}": {str(k): float(found_within(ranks, k).mean()) for k in DEPTHS}
        for name, retrieval in retrievals.items()
        for system, ranks in retrieval.ranks.items()
    }


def figures_of(name: str, retrieval: Retrieval, ks: Sequence[int] = KS) -> list[Figure]:
    """R@k of each system beside the plainest that knows something; intervals and tests draw whole groups."""
    baseline = next(one for one in (LAST_LAYER, WHITENED, CHANCE) if one in retrieval.ranks)
    figures = []
    for k in ks:
        theirs = found_within(retrieval.ranks[baseline], k)
        for system, ranks in retrieval.ranks.items():
            beside = None if system == baseline else (baseline, theirs)
            values = found_within(ranks, k)
            label = f"{name} R@{k}"
            figures.append(measure(label, system, values, seed=0, groups=retrieval.groups, baseline=beside))
    return figures
