"""What is known of each listing when its price is to be guessed, without having seen that price.

n listings of the training parts go in; out come their features (`suggesting.price_features`), each row from
regressions and tables that were fitted without its fold, and from neighbours outside its own duplicate group
(stacked generalisation: Wolpert, 1992, doi:10.1016/S0893-6080(05)80023-1). The kernels are n x n, so n is
bounded by `MOST_LISTINGS`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]  # scipy ships no types

from bowerbird.encoding.encoder import Vectors
from bowerbird.market.listing import Listing
from bowerbird.progress import Progress
from bowerbird.suggesting.comparables import Comparables
from bowerbird.suggesting.price_features import (
    FEATURES,
    Given,
    UsualPrices,
    as_given,
    price_features,
    usual_keys,
)
from bowerbird.suggesting.price_memory import (
    JOINT,
    LEVELS,
    LOOKS,
    NO_CATEGORY,
    SCORES,
    WORDS,
    Likeness,
    PriceMemory,
    Regression,
    category_codes,
    category_kernel,
    category_paths,
    look_kernel,
    look_vector,
    meaning_kernel,
    photo_directions,
    word_terms,
)
from bowerbird.suggesting.word_features import Vocabulary, learn_vocabulary
from bowerbird.training.kernel_ridge import fit_alpha
from bowerbird.training.priced_market import PricedMarket
from bowerbird.training.training_data import TrainingData

MOST_LISTINGS = 6000  # the kernels take 36 million numbers each, and a minute
RIDGE = 0.3
PRIOR_COUNT = 5.0  # listings at the overall mean that every category and region starts with

Rows = NDArray[np.int64]
Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """n listings beside one another."""

    listings: tuple[Listing, ...]
    groups: NDArray[np.int64]  # (n,)
    log_prices: NDArray[np.float32]  # (n,) log(1 + price)
    usable: NDArray[np.bool_]  # (n,) whether the price is one to learn from
    folds: NDArray[np.int64]  # (n,)
    memory: PriceMemory  # of all n, without term weights
    word_rows: csr_matrix  # (n, v)
    words: Matrix  # (n, n) by n-grams
    meanings: Matrix
    looks: Matrix
    categories: Matrix
    comparables: tuple[Comparables, ...]  # neighbours of each outside its group

    def regression(self, rows: Rows) -> Regression:
        """Ridge regression of the log prices on the kernels over `rows`; the other rows get weight 0."""
        targets = self.log_prices[rows, None]
        equal = np.ones(len(rows), np.float32)
        block = np.ix_(rows, rows)
        by_words = self.words[block] + self.meanings[block]
        by_looks = self.looks[block]
        joint = by_words + by_looks + self.categories[block]
        duals = np.zeros((len(self.listings), len(SCORES)), np.float32)
        for score, kernel in ((WORDS, by_words), (LOOKS, by_looks), (JOINT, joint)):
            alpha, mean = fit_alpha(kernel, targets, equal, RIDGE)
            duals[rows, score] = alpha[:, 0]
        return Regression(duals, float(mean[0]), self.log_prices)

    def remembered(self, regression: Regression, rows: Rows) -> tuple[PriceMemory, Regression]:
        """What a model keeps of `rows`, which `regression` was fitted on."""
        memory, duals = self.memory, regression.duals[rows]
        kept = replace(
            memory,
            term_weights=np.asarray(self.word_rows[rows].T @ duals[:, [WORDS, JOINT]], np.float32),
            meanings=memory.meanings[rows],
            looks=memory.looks[rows],
            levels=memory.levels[rows],
        )
        return kept, Regression(duals, regression.mean, self.log_prices[rows])

    def usual(self, rows: Rows) -> UsualPrices:
        """What the categories and regions of `rows` ask, drawn towards the mean where they are few."""
        overall = float(self.log_prices[rows].mean())
        found: dict[str, list[float]] = {}
        for row in rows.tolist():
            for key in set(usual_keys(self.listings[row])) - {""}:
                found.setdefault(key, []).append(float(self.log_prices[row]))
        return UsualPrices(
            {
                key: (
                    float((sum(prices) + PRIOR_COUNT * overall) / (len(prices) + PRIOR_COUNT)),
                    float(np.std(prices)) if len(prices) > 1 else float("nan"),
                    len(prices),
                )
                for key, prices in found.items()
            }
        )

    def cross_fitted(self, given: Sequence[Given], progress: Progress) -> Mapping[Given, NDArray[np.float64]]:
        """(n, features) for each of `given`, every row from the folds that it is not in."""
        found = {one: np.full((len(self.listings), len(FEATURES)), np.nan) for one in given}
        for fold in np.unique(self.folds).tolist():
            inside = np.flatnonzero(self.usable & (self.folds != fold))
            regression, usual = self.regression(inside), self.usual(inside)
            for row in np.flatnonzero(self.folds == fold).tolist():
                for one in given:
                    found[one][row] = self._features(row, one, regression, usual)
            progress.advance(1)
        return found

    def _features(
        self, row: int, given: Given, regression: Regression, usual: UsualPrices
    ) -> NDArray[np.float64]:
        listing = self.listings[row]
        likeness = Likeness(
            self.words[row] @ regression.duals[:, [WORDS, JOINT]],
            self.meanings[row],
            self.looks[row] if listing.photos else None,
            self.categories[row] if listing.category else None,
        ).only(words=given.words and bool(listing.text), looks=given.looks, category=given.category)
        allowed = self.usable & (self.groups != self.groups[row])
        return price_features(
            as_given(listing, given), likeness, regression, usual, self.comparables[row], allowed
        )


def collect_evidence(
    data: TrainingData,
    rows: Rows,
    log_prices: NDArray[np.float64],
    usable: NDArray[np.bool_],
    folds: NDArray[np.int64],
) -> Evidence:
    """The evidence of `rows` of `data`; `log_prices`, `usable` and `folds` are (len(rows),)."""
    listings = tuple(data.listings[row] for row in rows.tolist())
    vocabulary, word_rows = _word_rows(listings)
    looks, centre = _looks(data, rows)
    levels, codes = _levels(listings)
    no_weights = np.zeros((len(vocabulary.keys), 2), np.float32)
    memory = PriceMemory(vocabulary, no_weights, data.texts[rows], looks, centre, levels, codes)
    market = PricedMarket.of(data, rows[usable], np.expm1(log_prices[usable]))
    return Evidence(
        listings=listings,
        groups=data.groups[rows],
        log_prices=log_prices.astype(np.float32),
        usable=usable,
        folds=folds,
        memory=memory,
        word_rows=word_rows,
        words=np.asarray((word_rows @ word_rows.T).toarray(), np.float32),
        meanings=meaning_kernel(memory.meanings, memory.meanings.T),
        looks=look_kernel(looks, looks.T),
        categories=np.stack([category_kernel(levels, one) for one in levels]),
        comparables=tuple(market.neighbours(data, row) for row in rows.tolist()),
    )


def _word_rows(listings: Sequence[Listing]) -> tuple[Vocabulary, csr_matrix]:
    """The n-grams of n listings and, as (n, v), their weights in each."""
    found = [word_terms(listing) for listing in listings]
    vocabulary = learn_vocabulary(found)
    weighed = [vocabulary.weigh(*one) for one in found]
    places, weights = (np.concatenate([one[part] for one in weighed]) for part in (0, 1))
    starts = np.cumsum([0, *(len(one) for one, _ in weighed)])
    return vocabulary, csr_matrix((weights, places, starts), (len(listings), len(vocabulary.keys)))


def _looks(data: TrainingData, rows: Rows) -> tuple[Matrix, Vectors]:
    """(n, f) looks of the listings of `rows`, 0 without a photo, and (f,) the usual photo."""
    looks = np.zeros((len(rows), data.features.shape[1]), np.float32)
    photos = [np.flatnonzero(data.photo_owners == row) for row in rows.tolist()]
    directions = photo_directions(data.features[np.concatenate(photos)])
    centre = directions.mean(axis=0) if len(directions) else looks[0]
    for at, owned in enumerate(photos):
        if len(owned):
            looks[at] = look_vector(data.features[owned], centre)
    return looks, centre


def _levels(listings: Sequence[Listing]) -> tuple[NDArray[np.int32], dict[str, int]]:
    """(n, 4) codes of the category levels, NO_CATEGORY where there is none, and what they stand for."""
    known = {path for one in listings if one.category for path in category_paths(one.category)}
    codes = {path: code for code, path in enumerate(sorted(known))}
    levels = np.full((len(listings), LEVELS), NO_CATEGORY, np.int32)
    for row, listing in enumerate(listings):
        if listing.category:
            levels[row] = category_codes(listing.category, codes)
    return levels, codes
