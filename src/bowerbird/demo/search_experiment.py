"""How well search suits simulated shoppers, against the truth: by ranker, with and without knowing who asks.

Each shopper searches for what they are interested in at the end of the simulated time. The engine is asked
twice, for the shopper and for nobody, and each ranker orders what it found by the features of either. nDCG@10
is of the true relevance to that shopper, the ideal being the best ten of the whole market.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.demo.simulate_shoppers import ShopperWorld
from bowerbird.demo.simulated_log import shopper_name
from bowerbird.demo.visits import draw_searches
from bowerbird.engine import Engine
from bowerbird.errors import InputError
from bowerbird.evaluation.significance import bootstrap_interval, randomisation_test
from bowerbird.market.query import Query
from bowerbird.progress import Progress
from bowerbird.ranking.page_record import PageRecord
from bowerbird.ranking.ranker import Ranker

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
K = 10
GROUPS = {"no events": (0, 0), "1 to 4 events": (1, 4), "5 or more events": (5, 10**9)}
_MOST = 200  # matches that rankers order


@dataclass(frozen=True, slots=True)
class Comparison:
    """Mean nDCG@10 of two systems over the same searches; the interval is of the difference."""

    group: str
    system: str
    baseline: str
    value: float
    baseline_value: float
    low: float
    high: float
    p_value: float
    searches: int
    shoppers: int

    @property
    def lift(self) -> float:
        """By how much the system is better, as a share of the baseline."""
        return self.value / self.baseline_value - 1

    def line(self) -> str:
        """In words."""
        return (
            f"{self.group}: {self.system} {self.value:.4f}, {self.baseline} {self.baseline_value:.4f}, "
            f"{self.lift:+.1%} (difference {self.low:+.4f} to {self.high:+.4f}, p {self.p_value:.4f}, "
            f"{self.searches:,} searches of {self.shoppers:,} shoppers)"
        )


@dataclass(frozen=True, slots=True, eq=False)
class SearchTrial:
    """(q,) searches, and nDCG@10 of each by system: (ranker, whether it knew who asked)."""

    shoppers: Codes
    events: Codes  # that the log holds of whoever asked
    gains: Mapping[tuple[str, bool], Floats]

    def compare(
        self, group: str, system: tuple[str, bool], baseline: tuple[str, bool], seed: int
    ) -> Comparison | None:
        """One system beside another, over the shoppers of a group; None where there are none."""
        low, high = GROUPS[group]
        chosen = (self.events >= low) & (self.events <= high)
        if not chosen.any():
            return None
        ours, theirs, whose = self.gains[system][chosen], self.gains[baseline][chosen], self.shoppers[chosen]
        interval = bootstrap_interval(ours - theirs, seed=seed, groups=whose)
        return Comparison(
            group,
            _called(system),
            _called(baseline),
            float(ours.mean()),
            float(theirs.mean()),
            *interval,
            randomisation_test(ours, theirs, seed=seed, groups=whose),
            int(chosen.sum()),
            len(np.unique(whose)),
        )


def try_search(
    engine: Engine,
    world: ShopperWorld,
    events: Codes,
    rankers: Sequence[Ranker],
    *,
    searches: int,
    seed: int,
    progress: Progress,
) -> SearchTrial:
    """Let every shopper search `searches` times.

    Args:
        engine: of the market, following the log of the simulation.
        world: the truth.
        events: (m,) how many the log holds of each shopper.
        rankers: what orders the matches, each with and without knowing who asks.
        searches: of each shopper.
        seed: of what they search for.
        progress: told of every search.

    Raises:
        InputError: the engine does not rerank.
    """
    tastes = world.tastes
    shoppers = np.repeat(np.arange(len(tastes)), searches)
    epochs = tastes.epochs(shoppers, np.ones(len(shoppers)))
    asked, words = draw_searches(tastes, shoppers, epochs, np.random.default_rng([seed, 31]))
    progress.step("searching for every shopper", len(words))
    gains = {
        (ranker.name, personal): np.zeros(len(words)) for ranker in rankers for personal in (False, True)
    }
    nobody: dict[str, _Found] = {}
    for place, text in enumerate(words):
        relevance = world.relevance.to_all(asked.taken(np.array([place])))[0]
        if text not in nobody:
            nobody[text] = _found(engine, world, Query(words=text, limit=_MOST))
        name = shopper_name(world.simulation.seed, int(shoppers[place]))
        theirs = _found(engine, world, Query(words=text, limit=_MOST, shopper=name))
        for ranker in rankers:
            gains[ranker.name, False][place] = _ndcg(ranker, nobody[text], relevance)
            gains[ranker.name, True][place] = _ndcg(ranker, theirs, relevance)
        progress.advance(1)
    return SearchTrial(shoppers, events[shoppers], gains)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """(n,) what a search found, as served."""

    numbers: Codes  # of listings; -1 for one that was not drawn
    features: NDArray[np.float32]


def _found(engine: Engine, world: ShopperWorld, query: Query) -> _Found:
    answer = engine.search(query)
    if answer.features is None:
        raise InputError("this home does not rerank what it finds; set ranking.depth above 0")
    numbers = [world.market.numbers.get(hit.listing.listing_id, -1) for hit in answer.hits]
    return _Found(np.array(numbers, np.int64), PageRecord.decode(answer.features).features)


def _ndcg(ranker: Ranker, found: _Found, relevance: Floats) -> float:
    """nDCG@10 with the relevance as gain (Järvelin and Kekäläinen, 2002)."""
    known = ~np.isnan(found.features[:, 0])
    scores = np.full(len(known), -np.inf)
    if known.any():
        scores[known] = ranker.order(found.features[known])
    first = found.numbers[np.argsort(-scores, kind="stable")[:K]]
    gains = np.where(first >= 0, relevance[first], 0.0)
    ideal = -np.sort(-relevance)[:K]
    return float(gains @ _DISCOUNTS[: len(gains)] / (ideal @ _DISCOUNTS[: len(ideal)]))


_DISCOUNTS = 1 / np.log2(np.arange(2, K + 2))


def _called(system: tuple[str, bool]) -> str:
    ranker, personal = system
    return f"{ranker} for the shopper" if personal else f"{ranker} for nobody"
