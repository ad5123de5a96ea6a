"""What knowing the shopper costs a search on a large market, and how long a feed takes.

    python benchmarks/personal_latency.py [--listings 100000] [--shoppers 10000] [--home DIR] [--json]

The market and what its shoppers did are synthetic (synthetic_market.py, synthetic_log.py). Every query is
asked by nobody, by a shopper whose events are then read from the log, and by a shopper who was here before,
all in one shuffled order, so that a machine that slows down slows all of them alike. Half of the shoppers are
ranked by the untrained ranker and half by the learned one: the one in use, or drawn trees of the usual size.
Then feeds are asked for, each after a new look. Beside the time that passes stands the time that the asking
thread worked, which other work on the machine hardly changes; encoding words runs in threads of its own.
"""

import argparse
import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from bowerbird.assembly import open_engine, open_event_stores
from bowerbird.encoding.learned_model import LearnedKind
from bowerbird.engine import Engine
from bowerbird.errors import BowerbirdError
from bowerbird.market.event import Event, EventType
from bowerbird.market.query import Query
from bowerbird.projection.build import build_generation
from bowerbird.ranking.features import FEATURES, FEATURES_VERSION
from bowerbird.ranking.learned_ranker import TREES_FILE
from bowerbird.recommending.feed import FeedRequest
from bowerbird.retrieval.nonsense import title_queries
from bowerbird.settings import Settings, load_settings
from bowerbird.stages import projection_settings
from bowerbird.storage.event_log import EventLog
from bowerbird.storage.model_registry import activate_model, active_fingerprint, publish_model, staged_model
from latency_queries import READ_LISTINGS
from rerank import drawn_trees
from search_latency import VALUE, WARM_UP, Figure, percentiles, printed_table
from synthetic_log import fill_log, shopper_name
from synthetic_market import make_market

TREES = 100  # learned rankers of the demo stop at 47 to 84
NOBODY, FIRST, AGAIN = "nobody", "a shopper, read from the log", "a shopper who was here before"
ANY = "any shopper"  # half of them read from the log, half ranked by the learned ranker
WORKED = "thread worked"
Answer = TypeVar("Answer")


class Timed:
    """Milliseconds by what was done."""

    def __init__(self) -> None:
        self.passed: dict[str, list[float]] = {}
        self.worked: dict[str, list[float]] = {}

    def note(self, name: str, took: tuple[float, float]) -> None:
        """Something took so many seconds, and so many of the thread's work."""
        self.passed.setdefault(name, []).append(1000 * took[0])
        self.worked.setdefault(name, []).append(1000 * took[1])

    def figures(self) -> Iterable[Figure]:
        """Percentiles of the time that passed, and of the time that the thread worked."""
        for name in sorted(self.passed):
            yield from percentiles(name, self.passed[name])
            yield from percentiles(f"{name}: {WORKED}", self.worked[name])


def clocked(ask: Callable[[], Answer]) -> tuple[Answer, tuple[float, float]]:
    """The answer, the seconds that passed and those that the thread worked."""
    started, worked = time.perf_counter(), time.thread_time()
    answer = ask()
    return answer, (time.perf_counter() - started, time.thread_time() - worked)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code."""
    given = _parsed(arguments)
    try:
        with nullcontext(given.home) if given.home else tempfile.TemporaryDirectory() as folder:
            figures = list(_measured(load_settings(Path(folder)), given))
    except BowerbirdError as error:
        print(f"error: {error.message}", file=sys.stderr)
        return error.exit_code
    if given.json:
        asked = {"listings": given.listings, "shoppers": given.shoppers}
        print(json.dumps({**asked, "figures": [figure.as_json() for figure in figures]}))
    else:
        print(printed_table(figures))
    return 0


def _measured(settings: Settings, given: argparse.Namespace) -> Iterable[Figure]:
    with closing(make_market(settings, given.listings, given.seed)) as stores:
        if stores.generations.current_name() is None:
            build_generation(stores, projection_settings(settings))
    _use_learned_ranker(settings)
    half = settings.ranking.model_copy(update={"shares": {"untrained": 0.5, "learned": 0.5}})
    settings = settings.model_copy(update={"ranking": half})
    # As the server does: a second thread for small matrix products only spins.
    with (
        threadpool_limits(limits=1, user_api="blas"),
        closing(open_engine(settings)) as engine,
        closing(open_event_stores(settings)) as logs,
    ):
        now = datetime.now(UTC)
        fill_log(engine, logs.log, given.shoppers, given.events, given.seed, now)
        started, worked = time.perf_counter(), time.process_time()
        engine.tastes.refresh()
        yield Figure("start: counting all events, seconds", VALUE, time.perf_counter() - started)
        yield Figure("start: counting all events, processor", VALUE, time.process_time() - worked)
        gc.collect()
        gc.freeze()  # as the server does once its index is open
        rng = np.random.default_rng([given.seed, 4])
        yield from _searches(engine, given.queries, given.shoppers, rng)
        yield from _feeds(engine, logs.log, given.feeds, given.shoppers, rng)


def _use_learned_ranker(settings: Settings) -> None:
    """Have a learned ranker in use: drawn trees where none is."""
    if active_fingerprint(settings.models, LearnedKind.RANKER) is not None:
        return
    trees = drawn_trees(TREES, np.random.default_rng(0))
    with staged_model(settings.models, LearnedKind.RANKER) as staged:
        (staged / TREES_FILE).write_text(trees.model_to_string(), encoding="utf-8")
        published = publish_model(
            staged,
            LearnedKind.RANKER,
            config={"features": list(FEATURES), "features_version": FEATURES_VERSION},
            encoders={},
            data="drawn",
            metrics={"figures": [], "plots": {}},
            card="Trees on random clicks, made by benchmarks/personal_latency.py to be timed.\n",
            trained_at=datetime.now(UTC),
        )
    activate_model(settings.models, LearnedKind.RANKER, published.fingerprint)


def _searches(engine: Engine, count: int, shoppers: int, rng: np.random.Generator) -> Iterable[Figure]:
    words = _words(engine, count, rng)
    names = [
        shopper_name(number) for number in rng.choice(shoppers, len(words), replace=len(words) > shoppers)
    ]
    for asked, name in zip(words[:WARM_UP], names, strict=False):
        engine.search(Query(asked))
        engine.search(Query(asked, shopper=name))
    pairs = list(zip(words, names, strict=True))[WARM_UP:]
    timed = Timed()
    for turn in rng.permutation(2 * len(pairs)).tolist():
        asked, name = pairs[turn % len(pairs)]
        if turn < len(pairs):
            timed.note(f"search: {NOBODY}", clocked(partial(engine.search, Query(asked)))[1])
            continue
        other, _ = pairs[(turn + 1) % len(pairs)]
        for said, words_now in ((FIRST, asked), (AGAIN, other)):
            answer, took = clocked(partial(engine.search, Query(words_now, shopper=name)))
            timed.note(f"search: {said}, {_kind(answer.ranker)}", took)
            timed.note(f"search: {ANY}", took)
    yield from timed.figures()
    middles = {name: float(np.median(worked)) for name, worked in timed.worked.items()}
    for name in sorted(middles):
        if name != f"search: {NOBODY}":
            added = middles[name] - middles[f"search: {NOBODY}"]
            yield Figure(f"{name}: ms that it adds to the thread's p50", VALUE, added)


def _words(engine: Engine, count: int, rng: np.random.Generator) -> list[str]:
    ids = engine.projection.current.index.columns.listing_ids
    read = engine.stores.catalogue.get([ids[row] for row in rng.permutation(len(ids))[:READ_LISTINGS]])
    return [words for _, words in title_queries([one.title for one in read.values()], count, rng)]


def _kind(ranker: str | None) -> str:
    return "untrained" if ranker == "untrained" else "learned"


def _feeds(
    engine: Engine, log: EventLog, count: int, shoppers: int, rng: np.random.Generator
) -> Iterable[Figure]:
    ids = engine.projection.current.index.columns.listing_ids
    timed = Timed()
    for number, shopper in enumerate(rng.choice(shoppers, count + WARM_UP).tolist()):
        name, listing = shopper_name(shopper), ids[int(rng.integers(len(ids)))]
        look = Event(f"{time.time_ns()}", EventType.VIEW, listing, datetime.now(UTC), name)
        engine.received([one for one in log.append([look]) if one is not None])
        _, took = clocked(partial(engine.recommend, FeedRequest(name)))
        if number >= WARM_UP:
            timed.note("feed: after a new look", took)
    yield from timed.figures()


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--listings", type=int, default=100_000)
    parser.add_argument("--shoppers", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=20, help="of each shopper")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--feeds", type=int, default=300)
    parser.add_argument("--home", type=Path, default=None, help="make the market in this home and keep it")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
