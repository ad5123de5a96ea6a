"""The whole experiment on a demo home: search by ranker, feeds of new sessions, all against the truth."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.assembly import open_engine, open_event_stores
from bowerbird.demo.feed_experiment import FeedFigure, try_feeds
from bowerbird.demo.search_experiment import GROUPS, Comparison, SearchTrial, try_search
from bowerbird.demo.simulate_shoppers import read_simulation, unpersonal_search, world_of
from bowerbird.demo.simulated_log import shopper_name
from bowerbird.engine import Engine
from bowerbird.progress import Progress
from bowerbird.ranking.learned_ranker import LearnedRanker
from bowerbird.ranking.ranker import FusionRanker, Ranker, UntrainedRanker
from bowerbird.settings import Settings
from bowerbird.storage.event_stores import EventStores
from bowerbird.storage.ranking_log import RankedPage, events_of, read_ranking_log
from bowerbird.training.ranker_examples import examples_of
from bowerbird.training.ranker_training import RankerTraining
from bowerbird.training.replayed_features import replay_features
from bowerbird.training.train_ranker import learn_ranker

FUSION, UNTRAINED, DEBIASED, NAIVE = "fusion", "untrained", "debiased", "naive"


@dataclass(frozen=True, slots=True)
class ShopperReport:
    """What was measured."""

    comparisons: tuple[Comparison, ...]
    feeds: tuple[FeedFigure, ...]

    def lines(self) -> list[str]:
        """A line a figure."""
        searches = [f"nDCG@10, {one.line()}" for one in self.comparisons]
        return [*searches, *(f"feed, share {one.line()}" for one in self.feeds)]

    def payload(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "search": [{**asdict(one), "lift": one.lift} for one in self.comparisons],
            "feed": [asdict(one) for one in self.feeds],
        }


def measure_shoppers(
    settings: Settings, progress: Progress, *, searches: int, sessions: int, learn: bool, seed: int
) -> ShopperReport:
    """Measure a demo home. Nothing of it changes: rankers that are learned here are not published.

    Args:
        settings: of the home.
        progress: told of every step.
        searches: of each shopper.
        sessions: new ones whose feeds are looked at.
        learn: learn two rankers from the log, one corrected for position and one not.
        seed: of the searches, the clicks, the trees and the intervals.

    Raises:
        NotFoundError: no shoppers were simulated there.
        TrainingError: the log is too small to learn from.
    """
    simulation = read_simulation(settings.home)
    with closing(open_engine(settings)) as engine, closing(open_event_stores(settings)) as stores:
        world = world_of(settings.home, engine, simulation)
        untrained = UntrainedRanker(settings.search.rrf_k, settings.ranking.taste_weight)
        rankers: list[Ranker] = [FusionRanker(), untrained]
        if learn:
            rankers += _learned(engine, stores, settings.ranking.depth, seed, progress)
        events = _counted(stores, simulation.seed, simulation.shoppers)
        trial = try_search(engine, world, events, rankers, searches=searches, seed=seed, progress=progress)
        feeds = try_feeds(
            engine,
            world,
            unpersonal_search(engine, 40),
            sessions=sessions,
            seed=seed,
            now=datetime.now(UTC),
            progress=progress,
        )
    return ShopperReport(tuple(_compared(trial, learn, seed)), tuple(feeds))


def _compared(trial: SearchTrial, learned: bool, seed: int) -> list[Comparison]:
    pairs = [((UNTRAINED, True), (FUSION, False))]
    if learned:
        pairs += [
            ((DEBIASED, True), (DEBIASED, False)),
            ((DEBIASED, True), (FUSION, False)),
            ((DEBIASED, True), (UNTRAINED, True)),
            ((DEBIASED, True), (NAIVE, True)),
            ((DEBIASED, False), (NAIVE, False)),
        ]
    found = [trial.compare(group, *pair, seed) for pair in pairs for group in GROUPS]
    return [one for one in found if one is not None]


def _learned(engine: Engine, stores: EventStores, depth: int, seed: int, progress: Progress) -> list[Ranker]:
    pages: Sequence[RankedPage] = read_ranking_log(stores)
    replayed = replay_features(engine, pages, events_of(stores), depth, progress)
    examples = examples_of(pages, replayed)
    return [
        LearnedRanker(learn_ranker(examples, RankerTraining(naive=naive, seed=seed), progress).trees, name)
        for name, naive in ((DEBIASED, False), (NAIVE, True))
    ]


def _counted(stores: EventStores, seed: int, shoppers: int) -> NDArray[np.int64]:
    """(m,) how many events the log holds of each simulated shopper."""
    numbers = {shopper_name(seed, number): number for number in range(shoppers)}
    known = [numbers[event.shopper] for _, event in events_of(stores) if event.shopper in numbers]
    return np.bincount(np.array(known, np.int64), minlength=shoppers)
