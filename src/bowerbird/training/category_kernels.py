"""What the category model learns from: listings with a category, by their words and by their photos.

The names of the categories are learned from as well: 'Lawnmowers & Trimmers' is a short listing of that
category, which helps most where few listings are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.encoder import Vectors
from bowerbird.errors import TrainingError
from bowerbird.market.listing import CATEGORY_SEPARATOR
from bowerbird.suggesting.category_model import Evidence, Learned, leaf_roots
from bowerbird.suggesting.kernel_machine import (
    LookKernel,
    Scores,
    Terms,
    WordKernel,
    directions,
    look,
    remember,
    same_place,
)
from bowerbird.suggesting.word_features import NO_PLACE, listing_terms, place_key, terms
from bowerbird.training.category_training import CategoryTraining
from bowerbird.training.kernel_ridge import (
    MOST_REMEMBERED,
    Matrix,
    Rows,
    cross_fitted_scores,
    fit_alpha,
    group_folds,
)
from bowerbird.training.training_data import Part, TrainingData

EncodeTexts = Callable[[Sequence[str]], Vectors]
ALWAYS_SEEN = -1
LEAST_SPREAD = 1e-3  # of a feature of photos of length 1


@dataclass(frozen=True, slots=True, eq=False)
class CategoryTargets:
    """R roots and L leaves of a market, and the n training listings that have one."""

    rows: Rows  # (n,) in the training data, rising
    roots: tuple[str, ...]
    leaves: tuple[str, ...]
    root_codes: NDArray[np.int64]  # (n,)
    leaf_codes: NDArray[np.int64]  # (n,)
    folds: NDArray[np.int64]  # (n,) for cross-fitting; duplicates share one

    @property
    def leaf_roots(self) -> NDArray[np.int64]:
        """(L,) place of each leaf's root."""
        return leaf_roots(self.roots, self.leaves)

    def one_hot(self, root_codes: NDArray[np.int64], leaf_codes: NDArray[np.int64]) -> Matrix:
        """(k, R + L) float32 targets of k listings."""
        targets = np.zeros((len(root_codes), len(self.roots) + len(self.leaves)), np.float32)
        targets[np.arange(len(root_codes)), root_codes] = 1
        targets[np.arange(len(leaf_codes)), len(self.roots) + leaf_codes] = 1
        return targets


def category_targets(data: TrainingData, training: CategoryTraining) -> CategoryTargets:
    """The training and validation listings with a category; at most `MOST_REMEMBERED`, drawn by groups.

    Raises:
        TrainingError: fewer than two root categories are known.
    """
    leaves = np.array(data.leaves)
    rows = data.rows(Part.TRAIN, Part.VALIDATION)
    rows = rows[leaves[rows] != ""]
    rows = _within_limit(rows, data.groups[rows], training.seed)
    roots = tuple(sorted({data.roots[row] for row in rows.tolist()}))
    if len(roots) < 2:
        raise TrainingError(
            f"{len(rows)} training listings have {len(roots)} root categories between them; at least 2 are "
            "needed: map the category column when importing"
        )
    names, leaf_codes = np.unique(leaves[rows], return_inverse=True)
    paths = tuple(names.tolist())
    return CategoryTargets(
        rows=rows,
        roots=roots,
        leaves=paths,
        root_codes=leaf_roots(roots, paths)[leaf_codes],
        leaf_codes=leaf_codes.astype(np.int64),
        folds=group_folds(data.groups[rows], training.folds, training.seed),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """k examples of one kind of evidence, the names of categories among them, in one kernel."""

    gram: Matrix  # (k, k) kernel values
    targets: Matrix  # (k, R + L)
    weights: Matrix  # (k,)
    folds: NDArray[np.int64]  # (k,)
    listings: NDArray[np.int64]  # (k,) place in `CategoryTargets.rows`, or -1 for a name
    ridge: float

    def learn(self) -> Learned:
        """The fit on every example."""
        return Learned(*fit_alpha(self.gram, self.targets, self.weights, self.ridge))

    def cross_fitted(self, count: int) -> Scores:
        """(count, R + L) scores of the training listings, each by a fit without it; NaN for no example."""
        scores = np.full((count, self.targets.shape[1]), np.nan, np.float32)
        fitted = cross_fitted_scores(self.gram, self.targets, self.weights, self.ridge, self.folds)
        real = self.listings >= 0
        scores[self.listings[real]] = fitted[real]
        return scores


def word_examples(
    data: TrainingData, targets: CategoryTargets, training: CategoryTraining, encode: EncodeTexts | None
) -> tuple[WordKernel, Examples] | None:
    """The listings with words and, where `encode` is given, the names of all leaves; None without any."""
    spoken = np.flatnonzero([bool(data.listings[row].text.strip()) for row in targets.rows.tolist()])
    if not len(spoken):
        return None
    names = [leaf.split(CATEGORY_SEPARATOR)[-1] for leaf in targets.leaves] if encode else []
    every = [listing_terms(data.listings[row]) for row in targets.rows[spoken].tolist()]
    every += [terms(name) for name in names]
    meanings = data.texts[targets.rows[spoken]]
    if encode:
        meanings = np.concatenate([meanings, encode(names)])
    places = [place_key(data.listings[row].place) for row in targets.rows[spoken].tolist()]
    kernel = WordKernel(
        remember(every),
        meanings,
        training.meaning_weight,
        training.meaning_sharpness,
        np.array(places + [NO_PLACE] * len(names), np.int64),
        training.place_weight,
    )
    named = np.arange(len(targets.leaves))[: len(names)]
    root_codes = np.concatenate([targets.root_codes[spoken], targets.leaf_roots[named]])
    leaf_codes = np.concatenate([targets.leaf_codes[spoken], named])
    aside = np.full(len(names), ALWAYS_SEEN)
    weights = np.repeat([1.0, training.name_weight], [len(spoken), len(names)])
    examples = Examples(
        gram=_word_gram(kernel, every),
        targets=targets.one_hot(root_codes, leaf_codes),
        weights=weights.astype(np.float32),
        folds=np.concatenate([targets.folds[spoken], aside]),
        listings=np.concatenate([spoken, aside]),
        ridge=training.word_ridge,
    )
    return kernel, examples


def _word_gram(kernel: WordKernel, every: Sequence[Terms]) -> Matrix:
    """(k, k) likeness of the remembered listings to one another."""
    near = np.exp(kernel.sharpness * (kernel.meanings @ kernel.meanings.T - 1))
    gram: Matrix = np.stack([kernel.postings.products(one) for one in every])
    gram += kernel.meaning_weight * near
    gram += kernel.place_weight * same_place(kernel.places[:, None], kernel.places) * (1 + near)
    return gram.astype(np.float32, copy=False)


def look_examples(
    data: TrainingData, targets: CategoryTargets, training: CategoryTraining
) -> tuple[LookKernel, Examples] | None:
    """The listings that have photos; None where there is none."""
    photos = photos_by_listing(data)
    pictured = np.flatnonzero([len(photos[row]) > 0 for row in targets.rows.tolist()])
    if not len(pictured):
        return None
    own = [data.features[photos[row]] for row in targets.rows[pictured].tolist()]
    every = directions(np.concatenate(own))
    centre = every.mean(axis=0).astype(np.float32)
    # A feature that no photo has, or all have alike, would be divided by nothing.
    spread = np.maximum(every.std(axis=0), LEAST_SPREAD).astype(np.float32)
    kernel = LookKernel(
        np.stack([look(one, centre, spread) for one in own]), centre, spread, training.look_sharpness
    )
    examples = Examples(
        gram=np.exp(kernel.sharpness * (kernel.looks @ kernel.looks.T - 1)).astype(np.float32),
        targets=targets.one_hot(targets.root_codes[pictured], targets.leaf_codes[pictured]),
        weights=np.ones(len(pictured), np.float32),
        folds=targets.folds[pictured],
        listings=pictured,
        ridge=training.look_ridge,
    )
    return kernel, examples


def photos_by_listing(data: TrainingData) -> list[NDArray[np.int64]]:
    """The rows of each listing's photos."""
    ends = np.cumsum(np.bincount(data.photo_owners, minlength=len(data.listings)))
    return np.split(np.arange(len(data.photo_owners)), ends[:-1])


def kinds_of_evidence(
    scores: Mapping[Evidence, Scores],
) -> dict[Evidence, tuple[NDArray[np.int64], dict[Evidence, Scores]]]:
    """By words only, photos only and both: the rows that have that evidence, and their scores."""
    found = {}
    for evidence, parts in (
        (Evidence.WORDS, [Evidence.WORDS]),
        (Evidence.PHOTOS, [Evidence.PHOTOS]),
        (Evidence.BOTH, [Evidence.WORDS, Evidence.PHOTOS]),
    ):
        if any(part not in scores for part in parts):
            continue
        rows = np.flatnonzero(np.all([~np.isnan(scores[part][:, 0]) for part in parts], axis=0))
        if len(rows):
            found[evidence] = (rows, {part: scores[part][rows] for part in parts})
    return found


def _within_limit(rows: Rows, groups: NDArray[np.int64], seed: int) -> Rows:
    """`rows`, or as many whole groups of them, in random order, as fit into the limit."""
    if len(rows) <= MOST_REMEMBERED:
        return rows
    _, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(sizes))
    taken = np.zeros(len(sizes), np.bool_)
    taken[order[np.cumsum(sizes[order]) <= MOST_REMEMBERED]] = True
    return rows[taken[codes]]
