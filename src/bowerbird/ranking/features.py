"""What a ranker sees of each candidate of a query: named numbers, the same when it learns and when it serves.

A feature that is unknown is NaN, never 0: trees have a branch for it. The names and their order are fixed by
`FEATURES_VERSION`; a ranker that learned from one version is not served with another, and pages that were
logged with another are not learned from.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bowerbird.indexing.market_index import MarketIndex
from bowerbird.market.listing_columns import UNKNOWN, UNKNOWN_TIME
from bowerbird.market.query import Near
from bowerbird.market.ranked_list import RankedList, Rows
from bowerbird.ranking.listing_facts import UsualPrices, log_prices, title_overlap
from bowerbird.ranking.placed_taste import PlacedTaste
from bowerbird.ranking.taste_features import TASTE_FEATURES, relative, taste_features
from bowerbird.retrieval.retriever import Candidates

Floats = NDArray[np.float32]
FEATURES_VERSION = 1
BRANCHES = ("keywords", "text", "photo", "pictured")
FEATURES: tuple[str, ...] = (
    "fusion_score",
    "fusion_rank",
    *(f"{branch}_{kind}" for branch in BRANCHES for kind in ("score", "rank")),
    "text_score_relative",  # to the other candidates, in standard deviations
    "title_overlap",  # share of the query's words that the title has
    "title_words",
    "category_agreement",  # share of the first candidates that are of the same category
    "log_price",
    "price_in_category",  # spreads above the middle of its category
    "age_days",
    "photo_count",
    "distance_km",  # from where the query asks for things near it
    "impressions",
    "views",
    "saves",
    "view_rate",  # clicks over those that its places would have brought any listing
    *TASTE_FEATURES,
)
FIRST_CANDIDATES = 20  # whose categories say what the question is about
_DAY = 86_400.0


class Popularity(Protocol):
    """How listings fared with all shoppers together."""

    def counts(self, rows: Rows, index: MarketIndex) -> NDArray[np.floating]:
        """(n, 4) impressions, views and saves so far, older ones counting less; clicks for each look."""


@dataclass(frozen=True, slots=True, eq=False)
class Asking:
    """What is asked and by whom: all that candidates are seen in the light of."""

    words: str
    candidates: Candidates
    taste: PlacedTaste
    near: Near | None = None


def candidate_features(
    ranked: RankedList,
    asking: Asking,
    index: MarketIndex,
    usual: UsualPrices,
    *,
    now: float,
    popularity: Popularity | None = None,
) -> Floats:
    """(n, f) the features of `ranked`, a column a name of `FEATURES`.

    Args:
        ranked: the candidates with their fusion scores, rows of `index`.
        asking: the question and the shopper.
        index: what is searched.
        usual: prices of the same index.
        now: seconds since 1970, UTC.
        popularity: None where nobody counts.
    """
    rows = ranked.rows
    overlap, title_words = title_overlap(asking.words, rows, index)
    columns: dict[str, NDArray[np.floating]] = {
        "fusion_score": ranked.scores,
        "fusion_rank": np.arange(1, len(rows) + 1, dtype=np.float32),
        **_branch_features(rows, asking.candidates, len(index.columns)),
        "title_overlap": overlap,
        "title_words": title_words,
        "price_in_category": usual.price_in_category(rows, index),
        **_listing_features(rows, asking, index, now),
        **_popularity_features(rows, index, popularity),
        **taste_features(rows, asking.taste, index, usual),
    }
    columns["text_score_relative"] = relative(columns["text_score"])
    table = np.empty((len(rows), len(FEATURES)), np.float32)
    for place, name in enumerate(FEATURES):
        table[:, place] = columns[name]
    return table


def _branch_features(rows: Rows, candidates: Candidates, n_rows: int) -> dict[str, NDArray[np.floating]]:
    """Scores and ranks (from 1) by branch; BM25 as a share of the best, since its scale is the query's."""
    place_of = np.full(n_rows, -1, np.int32)  # a table: lists of a branch have up to 50,000 rows
    place_of[rows] = np.arange(len(rows))
    columns: dict[str, NDArray[np.floating]] = {}
    for branch in BRANCHES:
        score, rank = (np.full(len(rows), np.nan, np.float32) for _ in range(2))
        found = candidates.branches.get(branch)
        if found is not None and len(found):
            places = place_of[found.rows]
            ranks = np.flatnonzero(places >= 0)
            best = float(found.scores[0]) if branch == "keywords" and found.scores[0] > 0 else 1.0
            score[places[ranks]] = found.scores[ranks] / best
            rank[places[ranks]] = ranks + 1
        columns |= {f"{branch}_score": score, f"{branch}_rank": rank}
    return columns


def _listing_features(
    rows: Rows, asking: Asking, index: MarketIndex, now: float
) -> dict[str, NDArray[np.floating]]:
    columns = index.columns
    codes = columns.category[rows]
    first = codes[:FIRST_CANDIDATES]
    counts = np.bincount(first[first != UNKNOWN], minlength=len(columns.vocabularies["category"]) + 1)
    agreement = np.where(codes == UNKNOWN, np.nan, counts[codes] / max(len(first), 1))
    created = columns.created[rows]
    ages = np.maximum(now - created.astype(np.float64), 0) / _DAY
    distances = np.full(len(rows), np.nan)
    if asking.near is not None:
        distances = asking.near.distances_km_to(columns.latitude[rows], columns.longitude[rows])
    return {
        "category_agreement": agreement,
        "log_price": log_prices(columns, rows),
        "age_days": np.where(created == UNKNOWN_TIME, np.nan, ages),
        "photo_count": columns.photo_count[rows].astype(np.float32),
        "distance_km": distances,
    }


def _popularity_features(
    rows: Rows, index: MarketIndex, popularity: Popularity | None
) -> dict[str, NDArray[np.floating]]:
    if popularity is None:
        unknown = np.full(len(rows), np.nan)
        return dict.fromkeys(("impressions", "views", "saves", "view_rate"), unknown)
    impressions, views, saves, rates = popularity.counts(rows, index).T
    return {
        "impressions": np.log1p(impressions),
        "views": np.log1p(views),
        "saves": np.log1p(saves),
        "view_rate": rates,
    }
