"""The features that prices are learned from, computed by the same code in training and in serving.

From the remembered listings: the three scores of `price_memory` and the prices of the most alike. From the
market: the prices of the nearest by words and by looks. From the listing itself: what its category and its
region usually cost, what its words say, and its photos. All prices are log(1 + price), so that a difference
is a ratio; NaN stands for what is not known, which boosted trees take as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bowerbird.market.listing import Listing
from bowerbird.suggesting.comparables import DEPTH, Comparables
from bowerbird.suggesting.price_memory import LEVELS, SCORES, Likeness, Regression, category_paths
from bowerbird.suggesting.price_words import WORD_FACTS, word_facts

Row = NDArray[np.float64]

_NEIGHBOURS = ("weighted", "spread", "median_5", "median", "lower", "upper", "nearest", "like_1", "like_5")
_BY_ORDER = ("median_5", "median", "lower", "upper", "nearest")
_USUAL = ("usual", "spread", "count")
_SHORT = 5
_TEMPERATURE = 0.05  # how fast a neighbour's say falls with its cosine
_PLACE_KEY = "place "
FEATURES = (
    *(f"score_{name}" for name in SCORES),
    *(f"remembered_{name}" for name in _NEIGHBOURS),
    *(f"words_{name}" for name in _NEIGHBOURS),
    *(f"looks_{name}" for name in _BY_ORDER),
    *(f"level_{level + 1}_{name}" for level in range(LEVELS) for name in _USUAL),
    *(f"place_{name}" for name in _USUAL),
    *WORD_FACTS,
    "photos",
)


@dataclass(frozen=True, slots=True)
class Given:
    """Which of words, photos and category a draft has."""

    words: bool = True
    looks: bool = True
    category: bool = True

    @property
    def name(self) -> str:
        """'words photos category' and the like."""
        parts = (("words", self.words), ("photos", self.looks), ("category", self.category))
        return " ".join(name for name, given in parts if given)


EVERYTHING = Given()
GIVEN = (
    EVERYTHING,
    Given(category=False),
    Given(looks=False),
    Given(looks=False, category=False),
    Given(words=False, category=False),
)


@dataclass(frozen=True, slots=True)
class UsualPrices:
    """What a category level or a region usually asks: (mean, spread, count) of log prices by key."""

    by_key: Mapping[str, tuple[float, float, int]]

    def of(self, listing: Listing) -> Row:
        """(15,) for the four levels of its category and its region; NaN where it has none or it is new."""
        keys = usual_keys(listing)
        unknown = (np.nan, np.nan, 0)
        return np.array([self.by_key.get(key, unknown) if key else [np.nan] * 3 for key in keys]).ravel()


def usual_keys(listing: Listing) -> list[str]:
    """The keys of a listing's four category levels and its region, '' for what it lacks."""
    levels = category_paths(listing.category) if listing.category else [""] * LEVELS
    region = (listing.place or "").rpartition(", ")[2]
    return [*levels, _PLACE_KEY + region if region else ""]


def as_given(listing: Listing, given: Given) -> Listing:
    """`listing` without what was not given."""
    if not given.words:
        listing = replace(listing, title="", description="", attributes=())
    if not given.looks:
        listing = replace(listing, photos=())
    return listing if given.category else replace(listing, category=())


def price_features(
    listing: Listing,
    likeness: Likeness,
    regression: Regression,
    usual: UsualPrices,
    comparables: Comparables,
    allowed: NDArray[np.bool_] | None = None,
) -> Row:
    """(len(FEATURES),) of one listing.

    Args:
        listing: its words, category, place and the number of its photos are read.
        likeness: to the remembered listings.
        regression: learned on them.
        usual: what its category and region usually ask.
        comparables: its neighbours on the market.
        allowed: (m,) the remembered listings that may be looked at; None allows all.
    """
    has_words = likeness.meaning is not None
    has_looks = likeness.look is not None
    facts = word_facts(listing.title, listing.text[len(listing.title) :]) if has_words else None
    by_words = comparables.prices_by(comparables.words) if has_words else _NONE
    by_looks = comparables.prices_by(comparables.looks) if has_looks else _NONE
    return np.concatenate(
        [
            regression.scores(likeness),
            _remembered(likeness, regression.log_prices, allowed),
            _neighbour_features(np.log1p(by_words[0]), by_words[1]),
            _by_order(np.log1p(by_looks[0])),
            usual.of(listing),
            np.full(len(WORD_FACTS), np.nan) if facts is None else facts,
            [float(len(listing.photos)) if has_looks else 0.0],
        ]
    )


_NONE = (np.empty(0), np.empty(0))


def _remembered(
    likeness: Likeness, log_prices: NDArray[np.float32], allowed: NDArray[np.bool_] | None
) -> Row:
    """Prices of the remembered listings that are most alike in all that is known."""
    parts = [part for part in (likeness.meaning, likeness.look, likeness.category) if part is not None]
    if not parts:
        return _neighbour_features(*_NONE)
    alike = np.sum(parts, axis=0)
    if allowed is not None:
        alike = np.where(allowed, alike, -np.inf)
    count = min(DEPTH, int(np.isfinite(alike).sum()))
    nearest = np.argpartition(-alike, count - 1)[:count] if count else np.empty(0, np.int64)
    nearest = nearest[np.argsort(-alike[nearest], kind="stable")]
    return _neighbour_features(log_prices[nearest].astype(np.float64), alike[nearest] / 4)


def _neighbour_features(log_prices: Row, likeness: NDArray[np.floating]) -> Row:
    """(9,) of neighbours, the nearest first."""
    if not len(log_prices):
        return np.full(len(_NEIGHBOURS), np.nan)
    weights = np.exp((likeness - likeness[0]) / _TEMPERATURE)
    mean = float(weights @ log_prices / weights.sum())
    spread = float(np.sqrt(weights @ (log_prices - mean) ** 2 / weights.sum()))
    fifth = likeness[min(_SHORT, len(likeness)) - 1]
    return np.array([mean, spread, *_by_order(log_prices), likeness[0], fifth])


def _by_order(log_prices: Row) -> Row:
    """(5,) of neighbours, the nearest first."""
    if not len(log_prices):
        return np.full(len(_BY_ORDER), np.nan)
    lower, middle, upper = np.quantile(log_prices, [0.2, 0.5, 0.8])
    return np.array([np.median(log_prices[:_SHORT]), middle, lower, upper, log_prices[0]])
