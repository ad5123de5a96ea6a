"""The first matches of a query in the order of a ranker, or of two interleaved; the rest stays as fused.

Three rules hold whatever ranker orders: what a shopper asked not to be shown comes last, chance is drawn from
the ticket of a match set (so that its later pages draw the same wherever they are answered), and the scores
of a reply fall along it, from one scale.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import BowerbirdError
from bowerbird.indexing.market_index import MarketIndex
from bowerbird.market.ranked_list import RankedList, Rows
from bowerbird.ranking.exploration import with_swapped_neighbours
from bowerbird.ranking.features import FEATURES, Asking, Popularity, candidate_features
from bowerbird.ranking.interleaving import NEITHER, team_draft
from bowerbird.ranking.listing_facts import UsualPrices
from bowerbird.ranking.page_record import PageRecord, empty_features, teams_of
from bowerbird.ranking.placed_taste import PlacedTaste
from bowerbird.ranking.ranker import Ranker
from bowerbird.ranking.shares import TrafficShares
from bowerbird.retrieval.match_set import MatchSet
from bowerbird.taste.shopper_taste import ShopperTaste

Floats = NDArray[np.float32]
Order = NDArray[np.int64]
_HIDDEN = FEATURES.index("hidden")


@dataclass(frozen=True, slots=True)
class RankingSettings:
    """How matches are reranked; settings.py says what each means."""

    shares: Mapping[str, float]
    depth: int = 300
    swap_probability: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Reranked:
    """Matches in their order, and how the first of them came by it."""

    matches: MatchSet
    rows: Rows  # (n,) those that were reranked, as fused
    features: Floats  # (n, f)
    teams: NDArray[np.int8]  # (n,) whose pick each was
    rankers: tuple[Ranker, ...]
    degraded: bool = False  # a ranker that was drawn cannot be used

    def record(self, rows: Sequence[int]) -> PageRecord:
        """How the page of `rows` was ranked, for the log."""
        features, teams = empty_features(len(rows)), np.full(len(rows), NEITHER, np.int8)
        place_of = self._places()
        places = np.array([place_of.get(row, -1) for row in rows], np.int64)
        ranked = places >= 0
        features[ranked], teams[ranked] = self.features[places[ranked]], self.teams[places[ranked]]
        return PageRecord(tuple(ranker.name for ranker in self.rankers), features, teams_of(teams))

    def parts(self, rows: Sequence[int]) -> dict[int, Mapping[str, float]]:
        """What each feature adds to the score of each of `rows` that was reranked, by the first ranker."""
        place_of = self._places()
        known = [row for row in rows if row in place_of]
        chosen = np.array([place_of[row] for row in known], np.int64)
        return dict(zip(known, self.rankers[0].parts(self.features, chosen), strict=True))

    def _places(self) -> dict[int, int]:
        return {row: place for place, row in enumerate(self.rows.tolist())}


class Reranker:
    """Orders the first matches of queries. Safe between threads.

    Args:
        settings: how.
        ranker_of: the ranker of a name; raises one of our errors where it cannot be used.
        spare: orders where a ranker cannot be used.
        usual: prices of the listings that are searched.
        now: the time.
        popularity: of listings; None where nobody counts.

    Raises:
        InputError: the shares cannot be used.
    """

    def __init__(
        self,
        settings: RankingSettings,
        ranker_of: Callable[[str], Ranker],
        spare: Ranker,
        usual: UsualPrices,
        now: Callable[[], datetime],
        popularity: Popularity | None = None,
    ) -> None:
        self._settings = settings
        self._shares = TrafficShares(settings.shares)
        self._ranker_of = ranker_of
        self._spare = spare
        self._usual = usual
        self._now = now
        self._popularity = popularity

    def placed(self, taste: ShopperTaste, index: MarketIndex) -> PlacedTaste:
        """`taste` as `rerank` is asked with it."""
        return PlacedTaste.of(taste, index, self._usual)

    def rerank(
        self, matches: MatchSet, asking: Asking, index: MarketIndex, *, whose: str | None, ticket: str
    ) -> Reranked:
        """`matches` in relevance order, the first of them reranked.

        Args:
            matches: as rank fusion left them, rows of `index`.
            asking: the question and the shopper.
            index: what was searched.
            whose: the shopper's or the session's id, which draws the rankers.
            ticket: names this match set; the same ticket draws the same chance.
        """
        depth = min(self._settings.depth, len(matches.rows))
        ranked = RankedList(matches.rows[:depth], matches.scores[:depth])
        now = self._now().timestamp()
        features = candidate_features(
            ranked, asking, index, self._usual, now=now, popularity=self._popularity
        )
        rankers, degraded = self._drawn(whose)
        order, teams, scores = self._ordered(rankers, features, ticket)
        reordered = MatchSet(
            np.concatenate([ranked.rows[order], matches.rows[depth:]]),
            np.concatenate([_lifted(scores, ranked.scores), matches.scores[depth:]]),
            matches.keys,  # of the place, not of the listing: they go on rising
        )
        of_candidate = np.full(depth, NEITHER, np.int8)
        of_candidate[order] = teams
        return Reranked(reordered, ranked.rows, features, of_candidate, rankers, degraded)

    def _drawn(self, whose: str | None) -> tuple[tuple[Ranker, ...], bool]:
        try:
            rankers = tuple(self._ranker_of(name) for name in self._shares.drawn(whose))
        except BowerbirdError:
            return (self._spare,), True
        return (rankers[:1] if rankers[0] is rankers[-1] else rankers), False

    def _ordered(
        self, rankers: tuple[Ranker, ...], features: Floats, ticket: str
    ) -> tuple[Order, NDArray[np.int8], Floats]:
        """(n,) the order, whose pick stands at each place, and the scores from first to last."""
        scores = [_hidden_last(ranker.order(features), features) for ranker in rankers]
        orders = [np.argsort(-one, kind="stable") for one in scores]
        order, teams = orders[0], np.full(len(features), NEITHER, np.int8)
        falling = scores[0][order]
        swaps = self._settings.swap_probability
        if len(orders) == 1 and not swaps:
            return order, teams, falling
        rng = _rng(ticket)
        if len(orders) > 1:
            order, teams = team_draft(orders[0], orders[1], rng)
        swapped = with_swapped_neighbours(np.arange(len(order)), swaps, rng)
        return order[swapped], teams[swapped], falling


def _hidden_last(scores: Floats, features: Floats) -> Floats:
    hidden = features[:, _HIDDEN] == 1
    if not hidden.any():
        return scores
    return np.where(hidden, scores.min() - np.float32(1e-3), scores)


def _lifted(scores: Floats, fused: Floats) -> Floats:
    """(n,) falling `scores`, raised where need be so that none lies below the last fused score.

    The matches beyond them keep their fused scores, and a reply's scores must not rise.
    """
    if not len(scores):
        return scores
    return np.asarray(scores + np.maximum(fused[-1] - scores[-1], np.float32(0)))


def _rng(ticket: str) -> np.random.Generator:
    return np.random.default_rng(
        int.from_bytes(hashlib.blake2b(ticket.encode(), digest_size=8).digest(), "big")
    )
