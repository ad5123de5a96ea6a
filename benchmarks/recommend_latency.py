"""How long a feed takes on a large market, in wall and in processor time, by stage.

    python benchmarks/recommend_latency.py [--listings 100000] [--shoppers 10000] [--home DIR]

The market is synthetic (synthetic_market.py). Each shopper looked at listings of one to three drawn kinds, so
that they have interests; then feeds are asked of shoppers in a shuffled order, each after a new look.
"""

import argparse
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from bowerbird.assembly import open_engine, open_event_stores, open_generations, projection_settings
from bowerbird.engine import Engine
from bowerbird.market.event import Event, EventType
from bowerbird.projection.build import build_generation
from bowerbird.recommending.feed import FeedRequest
from bowerbird.settings import Settings, load_settings
from bowerbird.storage.event_stores import EventStores
from synthetic_market import make_market

_EVENTS_AT_ONCE = 10_000
_NEAR = 400  # listings of one kind that a shopper picks from


def main(arguments: list[str]) -> int:
    """Make the market and its log where they are not there, ask, print; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--listings", type=int, default=100_000)
    parser.add_argument("--shoppers", type=int, default=10_000)
    parser.add_argument("--asked", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--home", type=Path, default=Path("synthetic-market"))
    given = parser.parse_args(arguments)
    settings = load_settings(given.home)
    with closing(make_market(settings, given.listings, given.seed)) as stores:
        if open_generations(settings).newest() is None:
            build_generation(stores, projection_settings(settings))
    with closing(open_engine(settings)) as engine, closing(open_event_stores(settings)) as logs:
        rng = np.random.default_rng(given.seed)
        if not len(logs.log):
            _look_around(engine, logs, given.shoppers, rng)
        started = time.perf_counter()
        engine.tastes.refresh()
        print(f"fitted {len(logs.log):,} events in {time.perf_counter() - started:.1f} s")
        _ask(engine, logs, settings, given.shoppers, given.asked, rng)
    return 0


def _look_around(engine: Engine, logs: EventStores, shoppers: int, rng: np.random.Generator) -> None:
    """Ten looks and more of each shopper, at listings whose words are near one of a few."""
    index = engine.projection.current.index
    ids = index.columns.listing_ids
    allowed = np.ones(len(ids), bool)
    centres = rng.choice(len(ids), 300, replace=False)
    _, kinds = index.texts.search(index.texts.vectors(centres), _NEAR, allowed)
    now = datetime.now(UTC)
    events: list[Event] = []
    for shopper in range(shoppers):
        mine = kinds[rng.choice(len(kinds), rng.integers(1, 4), replace=False)]
        for look in range(int(rng.integers(10, 30))):
            listing = ids[int(rng.choice(mine[rng.integers(len(mine))]))]
            at = now - timedelta(days=float(rng.random() * 20))
            kind = EventType.VIEW if rng.random() < 0.8 else EventType.SAVE
            events.append(Event(f"{shopper}-{look}", kind, listing, at, shopper=f"shopper-{shopper}"))
    for start in range(0, len(events), _EVENTS_AT_ONCE):
        logs.log.append(events[start : start + _EVENTS_AT_ONCE])


def _ask(
    engine: Engine, logs: EventStores, settings: Settings, shoppers: int, asked: int, rng: np.random.Generator
) -> None:
    ids = engine.projection.current.index.columns.listing_ids
    walls, processors = [], []
    stages: dict[str, list[float]] = {}
    for number, shopper in enumerate(rng.choice(shoppers, asked)):
        name = f"shopper-{shopper}"
        look = Event(
            f"{time.time_ns()}", EventType.VIEW, ids[int(rng.integers(len(ids)))], datetime.now(UTC), name
        )
        engine.received([one for one in logs.log.append([look]) if one is not None])
        wall, processor = time.perf_counter(), time.process_time()
        feed = engine.recommend(FeedRequest(name))
        if number >= asked // 10:  # the first warm caches up
            walls.append(1000 * (time.perf_counter() - wall))
            processors.append(1000 * (time.process_time() - processor))
            for stage, milliseconds in feed.stages.items():
                stages.setdefault(stage, []).append(milliseconds)
    print(f"{settings.home}: {len(ids):,} listings, {shoppers:,} shoppers, {len(walls)} feeds")
    for name, times in (("wall", walls), ("processor", processors), *stages.items()):
        print(f"{name:10} p50 {np.median(times):6.1f} ms   p99 {np.quantile(times, 0.99):6.1f} ms")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
