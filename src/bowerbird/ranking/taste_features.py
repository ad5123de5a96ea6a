"""How well candidates suit what is known of a shopper: by meaning, looks, kind, price, place and seller.

Of a shopper who is not known every one is NaN but `visits`, which is 0.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bowerbird.indexing.market_index import MarketIndex
from bowerbird.market.listing import CATEGORY_SEPARATOR
from bowerbird.market.listing_columns import UNKNOWN, ListingColumns
from bowerbird.market.ranked_list import Rows, among
from bowerbird.ranking.listing_facts import LEAST_SPREAD, UsualPrices
from bowerbird.ranking.placed_taste import PlacedTaste
from bowerbird.taste.shopper_taste import PriceLeaning, ShopperTaste

Floats = NDArray[np.floating]
TASTE_FEATURES = (
    "visits",  # how many listings the taste was drawn from
    "interest_text",  # cosine with the nearest interest
    "interest_text_mean",  # with all, by their weight
    "interest_text_relative",  # to the other candidates, in standard deviations
    "interest_photo",
    "interest_photo_mean",
    "interest_photo_relative",
    "recent_text",  # with the latest visits
    "recent_text_relative",
    "root_share",  # of the shopper's attention
    "leaf_share",
    "price_gap",  # spreads above what they look at, by root where that is known
    "price_gap_size",
    "price_level_gap",  # spreads by which it costs more within its category than what they look at does
    "price_level_gap_size",
    "place_share",  # of visits to listings at the same place
    "home_km",  # from the middle of the places of visits
    "seller_share",
    "visited",  # 1 where they looked at it before
    "hidden",  # 1 where they asked not to be shown it
)


def taste_features(
    rows: Rows, placed: PlacedTaste, index: MarketIndex, usual: UsualPrices
) -> dict[str, Floats]:
    """(n,) by name of `TASTE_FEATURES`, for the candidates `rows` of `index`."""
    taste = placed.taste
    features: dict[str, Floats] = {name: np.full(len(rows), np.nan, np.float32) for name in TASTE_FEATURES}
    features["visits"] = np.full(len(rows), len(taste.visits), np.float32)
    if taste.hidden:
        ids = index.columns.listing_ids
        features["hidden"] = np.array([ids[row] in taste.hidden for row in rows.tolist()], np.float32)
    if not taste.is_known or not len(rows):
        return features
    features |= _vector_features(rows, placed, index)
    features |= _share_features(rows, taste, index.columns)
    features |= _visit_features(rows, placed, index, usual)
    for name in ("interest_text", "interest_photo", "recent_text"):
        features[f"{name}_relative"] = relative(features[name])
    return features


def relative(values: Floats) -> Floats:
    """(n,) standard deviations above the mean of the known ones; 0 where they do not differ."""
    known = ~np.isnan(values)
    if not known.any():
        return values
    spread = float(values[known].std())
    centred = values - values[known].mean()
    return np.asarray(centred / spread if spread > 1e-6 else np.where(known, 0.0, np.nan))


def _vector_features(rows: Rows, placed: PlacedTaste, index: MarketIndex) -> dict[str, Floats]:
    texts, found = index.texts.vectors(rows), dict[str, Floats]()
    if len(placed.texts):
        found |= _summed("interest_text", texts @ placed.texts.T, placed.text_weights)
    photos = _photos_of(rows, index)
    if len(placed.photos) and len(photos.rows):
        best = _best_by_listing(index.photos.vectors(photos.rows) @ placed.photos.T, photos, len(rows))
        found |= _summed("interest_photo", best, placed.photo_weights)
    if placed.recent is not None:
        found["recent_text"] = texts @ placed.recent
    return found


def _summed(name: str, cosines: Floats, weights: Floats) -> dict[str, Floats]:
    """The best of (n, k) cosines and their mean by weight."""
    total = max(float(weights.sum()), 1e-9)
    return {name: cosines.max(axis=1), f"{name}_mean": cosines @ weights / total}


class _Photos(NamedTuple):
    """The photos of candidates, one candidate after the other."""

    rows: Rows  # (p,) photo rows
    starts: NDArray[np.int64]  # (m,) where those of each candidate that has photos begin
    has: NDArray[np.bool_]  # (n,)


def _photos_of(rows: Rows, index: MarketIndex) -> _Photos:
    first, counts = index.photo_owners.firsts(rows), index.columns.photo_count[rows]
    places = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
    return _Photos(places, (np.cumsum(counts) - counts)[counts > 0], counts > 0)


def _best_by_listing(cosines: Floats, photos: _Photos, count: int) -> Floats:
    """(n, k) of each candidate's best photo for each interest; NaN where it has none."""
    best = np.full((count, cosines.shape[1]), np.nan, np.float32)
    best[photos.has] = np.maximum.reduceat(cosines, photos.starts, axis=0)
    return best


def _share_features(rows: Rows, taste: ShopperTaste, columns: ListingColumns) -> dict[str, Floats]:
    codes, places = np.unique(columns.category[rows], return_inverse=True)
    paths = [columns.vocabularies["category"][code] if code != UNKNOWN else "" for code in codes.tolist()]
    roots = [path.split(CATEGORY_SEPARATOR)[0] for path in paths]
    leanings = [_leaning(taste, root) for root in roots]
    middles = np.array([np.nan if one is None else one.log_price for one in leanings])[places]
    spreads = np.array([np.nan if one is None else max(one.spread, LEAST_SPREAD) for one in leanings])[places]
    minor = columns.price_minor[rows]
    prices = np.where(minor > 0, np.log(np.maximum(minor, 1) / 100), np.nan)
    gaps = (prices - middles) / spreads
    return {
        "root_share": _shares(roots, taste.roots)[places],
        "leaf_share": _shares(paths, taste.leaves)[places],
        "price_gap": gaps,
        "price_gap_size": np.abs(gaps),
    }


def _leaning(taste: ShopperTaste, root: str) -> PriceLeaning | None:
    return taste.price_by_root.get(root, taste.price)


def _shares(names: list[str], shares: Mapping[str, float]) -> Floats:
    if not shares:
        return np.full(len(names), np.nan)
    return np.array([shares.get(name, 0.0) if name else np.nan for name in names])


def _visit_features(
    rows: Rows, placed: PlacedTaste, index: MarketIndex, usual: UsualPrices
) -> dict[str, Floats]:
    columns, visits, strengths = index.columns, placed.visits, placed.strengths
    distances = np.full(len(rows), np.nan)
    if placed.home is not None:
        distances = placed.home.distances_km_to(columns.latitude[rows], columns.longitude[rows])
    level_gap = usual.price_in_category(rows, index) - placed.price_level
    return {
        "price_level_gap": level_gap,
        "price_level_gap_size": np.abs(level_gap),
        "place_share": _share_of(columns.place[rows], columns.place[visits], strengths),
        "seller_share": _share_of(columns.seller[rows], columns.seller[visits], strengths),
        "home_km": distances,
        "visited": among(rows, visits).astype(np.float32),
    }


def _share_of(codes: NDArray[np.integer], visited: NDArray[np.integer], strengths: Floats) -> Floats:
    """(n,) what share of the visits, by strength, was to each code; NaN where a code is not known."""
    known = visited != UNKNOWN
    if not known.any():
        return np.full(len(codes), np.nan)
    # Both are few: to compare each with each takes half the time of sorting them.
    shares = (codes[:, None] == visited[known]) @ strengths[known]
    return np.where(codes == UNKNOWN, np.nan, shares / max(float(strengths[known].sum()), 1e-9))
