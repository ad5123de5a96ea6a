"""What three clicks of a session that nobody knows do to its feed, against the truth.

A visitor is after one interest of a simulated shopper. They are shown the feed of a stranger; then they
search, click three listings of what they are after, and are shown the feed again. It hits where a listing
among the first ten is one that they would click on, or is of the kind that they are after.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from bowerbird.demo.kinds.register import KINDS
from bowerbird.demo.market_truth import KIND_NAMES
from bowerbird.demo.relevance import ANY, Asked
from bowerbird.demo.simulate_shoppers import ShopperWorld
from bowerbird.demo.simulated_pages import Search
from bowerbird.engine import Engine
from bowerbird.evaluation.significance import bootstrap_interval
from bowerbird.market.event import Event, EventType
from bowerbird.progress import Progress
from bowerbird.recommending.feed import FeedRequest

CLICKS, K = 3, 10
WANTED = 0.25  # they would click on one in four such listings, having looked


@dataclass(frozen=True, slots=True)
class FeedFigure:
    """Shares of the first ten, before and after; the interval is of the difference."""

    name: str
    before: float
    after: float
    low: float
    high: float
    sessions: int

    def line(self) -> str:
        """In words."""
        times = f"{self.after / self.before:.1f} times" if self.before else "from nothing"
        return (
            f"{self.name}: {self.before:.3f} before, {self.after:.3f} after {CLICKS} clicks, {times} "
            f"(difference {self.low:+.3f} to {self.high:+.3f}, {self.sessions:,} sessions)"
        )


def try_feeds(
    engine: Engine,
    world: ShopperWorld,
    search: Search,
    *,
    sessions: int,
    seed: int,
    now: datetime,
    progress: Progress,
) -> list[FeedFigure]:
    """The feeds of so many new sessions, each after the first interest of a shopper."""
    rng = np.random.default_rng([seed, 32])
    shoppers = rng.permutation(len(world.tastes))[:sessions]
    kinds = world.tastes.kinds[0, shoppers, 0]
    asked = Asked(shoppers, np.zeros_like(shoppers), kinds, np.full_like(shoppers, ANY))
    relevance = world.relevance.to_all(asked)
    progress.step("feeds of new sessions", len(shoppers))
    rows: list[tuple[float, ...]] = []
    for place, kind in enumerate(kinds.tolist()):
        clicked = _clicked(world, search(KINDS[KIND_NAMES[kind]].nouns[0]), relevance[place], rng)
        progress.advance(1)
        if len(clicked) < CLICKS:
            continue
        session = f"trial-{seed}-{place}"
        feeds = [
            _first(engine, world, FeedRequest(session=session, limit=K + CLICKS, events=events), clicked)
            for events in ((), _events(world, session, clicked, now))
        ]
        rows.append(
            (
                *(float(np.mean(relevance[place, feed] >= WANTED)) for feed in feeds),
                *(float(np.mean(world.market.kind[feed] == kind)) for feed in feeds),
            )
        )
    table = np.array(rows).reshape(-1, 4)
    names = (f"would click on {WANTED:.0%} or more of the time", "of the kind that they are after")
    return [_figure(name, table[:, 2 * i], table[:, 2 * i + 1], seed) for i, name in enumerate(names)]


def _clicked(
    world: ShopperWorld,
    found: Sequence[str],
    relevance: NDArray[np.float64],
    rng: np.random.Generator,
) -> list[int]:
    """Three listings of a page, by how likely each is looked at and clicked."""
    page = [world.market.numbers[one] for one in found if one in world.market.numbers][:20]
    chances = relevance[page] * world.simulation.clicks.examination(len(page))
    if np.count_nonzero(chances) < CLICKS:
        return []
    return [page[i] for i in rng.choice(len(page), CLICKS, replace=False, p=chances / chances.sum())]


def _events(world: ShopperWorld, session: str, clicked: list[int], now: datetime) -> tuple[Event, ...]:
    return tuple(
        Event(f"{session}-{i}", EventType.VIEW, world.market.listing_ids[number], now, session=session)
        for i, number in enumerate(clicked)
    )


def _first(
    engine: Engine, world: ShopperWorld, request: FeedRequest, clicked: list[int]
) -> NDArray[np.int64]:
    """The first ten listings of a feed; those that were clicked on count in neither."""
    ids = [hit.listing.listing_id for hit in engine.recommend(request).hits]
    numbers = [world.market.numbers[one] for one in ids if one in world.market.numbers]
    return np.array([number for number in numbers if number not in clicked][:K], np.int64)


def _figure(name: str, before: NDArray[np.float64], after: NDArray[np.float64], seed: int) -> FeedFigure:
    low, high = bootstrap_interval(after - before, seed=seed)
    return FeedFigure(name, float(before.mean()), float(after.mean()), low, high, len(before))
