"""How long a search takes on a large market: by kind of query in the engine, and over HTTP.

    python benchmarks/search_latency.py [--listings 100000] [--home DIR] [--json]

The market is synthetic (synthetic_market.py). Its index is built by the product's own `build_generation` and
searched through `Engine.search`, the kinds of query in a shuffled order, so that a machine that slows down
slows all of them; then a server of its own answers POST /v1/search on a connection that is kept open. An
interval bounds the percentile itself (order statistics, 95%).
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from bowerbird.assembly import open_engine
from bowerbird.engine import Engine
from bowerbird.errors import BowerbirdError
from bowerbird.projection.build import Stores, build_generation
from bowerbird.settings import Settings, load_settings
from bowerbird.stages import projection_settings
from latency_queries import Workloads, workloads
from loopback_server import Server, answer_times, answers_a_second
from synthetic_market import make_market

P50, P99, MATCHES, VALUE = "p50 ms", "p99 ms", "median matches", "value"
WARM_UP = 10  # queries of each kind
CLIENTS = 4
STAGED = "words"  # the kind whose stages are told apart
FILTERED, UNFILTERED = "words, 1% by price", "words, same without a filter"


@dataclass(frozen=True, slots=True)
class Figure:
    """What the table of the README reads: `name` is the line, `system` the column."""

    name: str
    system: str
    value: float
    low: float | None = None
    high: float | None = None
    queries: int | None = None

    def as_json(self) -> dict[str, object]:
        """Its fields by name, without those it lacks."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code."""
    given = _parsed(arguments)
    kept = given.home
    try:
        with nullcontext(kept) if kept else tempfile.TemporaryDirectory() as folder:
            figures = list(_measured(load_settings(Path(folder)), given))
    except BowerbirdError as error:
        print(f"error: {error.message}", file=sys.stderr)
        return error.exit_code
    if given.json:
        print(json.dumps({"listings": given.listings, "figures": [figure.as_json() for figure in figures]}))
    else:
        print(printed_table(figures))
    return 0


def _measured(settings: Settings, given: argparse.Namespace) -> Iterable[Figure]:
    _say(f"making {given.listings:,} listings")
    stores = make_market(settings, given.listings, given.seed)
    if not (given.keep_index and stores.generations.current_name()):
        _say("building the index")
        yield from _build(stores, settings)
    del stores
    with closing(open_engine(settings)) as engine:
        _say("asking the engine")
        asked = workloads(engine, settings, given.queries, given.seed)
        yield from _engine_figures(engine, asked, given.seed)
        yield from _sizes(engine)
    _say("asking over HTTP")
    with Server(settings) as server:
        for name in ("words", "photo"):
            bodies = [asked.body(query) for query in asked.queries[name]]
            yield from percentiles(f"HTTP: {name}", answer_times(server.port, bodies, warm_up=WARM_UP))
        bodies = [asked.body(query) for query in asked.queries["words"]]
        rate = answers_a_second(server.port, bodies, CLIENTS, given.seconds)
        yield Figure(f"HTTP: words, answers a second to {CLIENTS} clients", VALUE, rate)
        yield Figure("server memory, MB", VALUE, server.resident_mb())


def _build(stores: Stores, settings: Settings) -> Iterable[Figure]:
    started = time.perf_counter()
    build_generation(stores, projection_settings(settings))
    yield Figure("index build, seconds", VALUE, time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Figure("index build, peak memory in MB", VALUE, peak)


def _sizes(engine: Engine) -> Iterable[Figure]:
    manifest = engine.projection.current.generation.manifest
    total = sum(file.bytes for file in manifest.files.values())
    yield Figure("index on disk, MB", VALUE, total / 1e6)
    yield Figure("index on disk, bytes a listing", VALUE, total / manifest.counts["listings"])


def _engine_figures(engine: Engine, asked: Workloads, seed: int) -> Iterable[Figure]:
    order = [(name, query) for name, queries in asked.queries.items() for query in queries[WARM_UP:]]
    np.random.default_rng(seed).shuffle(order)
    for queries in asked.queries.values():
        for query in queries[:WARM_UP]:
            engine.search(query)
    times: dict[str, list[float]] = {name: [] for name in asked.queries}
    totals: dict[str, list[float]] = {name: [] for name in asked.queries}
    stages: dict[str, list[float]] = {}
    for name, query in order:
        started = time.perf_counter()
        answer = engine.search(query)
        times[name].append(1000 * (time.perf_counter() - started))
        totals[name].append(answer.total)
        for stage, milliseconds in answer.stages.items() if name == STAGED else ():
            stages.setdefault(stage, []).append(milliseconds)
    for name, measured in times.items():
        yield from percentiles(f"engine: {name}", measured)
        yield Figure(f"engine: {name}", MATCHES, float(np.median(totals[name])))
    for stage, measured in stages.items():
        yield from percentiles(f"engine: {STAGED}: {stage}", measured)
    ratio = np.median(times[FILTERED]) / np.median(times[UNFILTERED])
    yield Figure(f"engine: p50 of '{FILTERED}' by that of '{UNFILTERED}'", VALUE, float(ratio))


def percentiles(name: str, milliseconds: ArrayLike) -> Iterable[Figure]:
    """The median and the 99th percentile of `milliseconds`, with intervals."""
    ordered = np.sort(np.asarray(milliseconds, np.float64))
    for system, share in ((P50, 0.5), (P99, 0.99)):
        low, high = (ordered[place] for place in _interval(len(ordered), share))
        value = float(np.quantile(ordered, share, method="higher"))
        yield Figure(name, system, value, float(low), float(high), len(ordered))


def _interval(n: int, share: float) -> tuple[int, int]:
    """Places in the order of `n` values between which their quantile `share` truly lies, 19 times in 20."""
    spread = 1.96 * np.sqrt(n * share * (1 - share))
    return max(0, int(n * share - spread)), min(n - 1, int(np.ceil(n * share + spread)))


def printed_table(figures: Sequence[Figure]) -> str:
    """A line a name, a column a system."""
    systems = list(dict.fromkeys(figure.system for figure in figures))
    cells = {(figure.name, figure.system): f"{figure.value:,.4g}" for figure in figures}
    names = list(dict.fromkeys(figure.name for figure in figures))
    width = max(map(len, names))
    rows = [
        ("", *systems),
        *((name, *(cells.get((name, system), "") for system in systems)) for name in names),
    ]
    return "\n".join(f"{row[0]:<{width}}" + "".join(f"{cell:>18}" for cell in row[1:]) for row in rows)


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--listings", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=2000, help="of words; other kinds get a quarter each")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long throughput is measured")
    parser.add_argument("--home", type=Path, default=None, help="make the market in this home and keep it")
    parser.add_argument("--keep-index", action="store_true", help="search the index that the home has")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
