"""How many events a second are on the disk when they are acknowledged, and how long one takes.

    python benchmarks/event_throughput.py [--events 40000] [--home DIR] [--json]

The server is the real one, in a process of its own, on SQLite; the clients share its cores. Bulk calls are
JSONL of 1,000 events. An acknowledged event waited for the disk, so a bare commit of one row to a SQLite file
in the same home, as durable, is measured in the same run. Without --home the market is synthetic; the events
are appended to the home that is given.
"""

import argparse
import csv
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import orjson

from bowerbird.assembly import open_event_stores
from bowerbird.errors import BowerbirdError
from bowerbird.jobs.import_events import import_events
from bowerbird.progress import Silent
from bowerbird.projection.build import build_generation
from bowerbird.settings import Settings, load_settings
from bowerbird.stages import projection_settings
from bowerbird.storage.sqlite_connection import configure
from loopback_server import Server, answer_times, seconds_for_all
from synthetic_market import make_market

RATE, P50, P99 = "events/s", "p50 ms", "p99 ms"
LISTINGS, SHOPPERS, SESSIONS = 2000, 1000, 5000
BULK_ROWS = 1000
SINGLES, WARM_UP, CLIENTS, COMMITS, READS = 300, 20, 16, 200, 1000
TYPES = ("impression", "view", "save", "contact", "purchase", "hide")
BULK, SINGLE = "/v1/events/bulk", "/v1/events"


@dataclass(frozen=True, slots=True)
class Figure:
    """What the table of the README reads: `name` is the line, `system` the column."""

    name: str
    system: str
    value: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code."""
    given = _parsed(arguments)
    try:
        with nullcontext(given.home) if given.home else tempfile.TemporaryDirectory() as folder:
            settings = load_settings(Path(folder))
            if given.home is None:
                build_generation(make_market(settings, LISTINGS), projection_settings(settings))
            figures = list(_measured(settings, given.events, given.seed))
    except BowerbirdError as error:
        print(f"error: {error.message}", file=sys.stderr)
        return error.exit_code
    if given.json:
        print(json.dumps({"events": given.events, "figures": [asdict(figure) for figure in figures]}))
    else:
        for figure in figures:
            print(f"{figure.name:<44}{figure.value:>12,.4g} {figure.system}")
    return 0


def _measured(settings: Settings, count: int, seed: int) -> Iterable[Figure]:
    rows = _rows(np.random.default_rng(seed), f"b{time.time_ns():x}")
    yield from _percentiles("a bare commit on this disk", _commit_times(settings.home / "commits.db"))
    with Server(settings) as server:
        for clients in (1, 4):
            bodies = [_lines(rows) for _ in range(count // BULK_ROWS)]
            rate = len(bodies) * BULK_ROWS / seconds_for_all(server.port, bodies, clients, BULK)
            yield Figure(f"HTTP, bulk, {clients} client{'s'[: clients > 1]}", RATE, rate)
        bodies = [orjson.dumps(next(rows)) for _ in range(SINGLES + WARM_UP)]
        times = answer_times(server.port, bodies, warm_up=WARM_UP, path=SINGLE)
        yield from _percentiles("HTTP, one event a call, 1 client", times)
        bodies = [orjson.dumps(next(rows)) for _ in range(SINGLES * 4)]
        rate = len(bodies) / seconds_for_all(server.port, bodies, CLIENTS, SINGLE)
        yield Figure(f"HTTP, one event a call, {CLIENTS} clients", RATE, rate)
    source = settings.home / "events.csv"
    _write(source, rows, count)
    started = time.perf_counter()
    import_events(settings, str(source), Silent())
    yield Figure("import-events, CSV", RATE, count / (time.perf_counter() - started))
    source.unlink()
    yield from _percentiles("the latest 50 events of a shopper", _read_times(settings))


def _rows(rng: np.random.Generator, prefix: str) -> Iterator[dict[str, object]]:
    """Events of now, over and over: ids new, listings and shoppers by Zipf's law."""
    number = 0
    while True:
        listing, shopper = rng.zipf(1.3) % LISTINGS, rng.zipf(1.2) % SHOPPERS
        time_of = datetime.now(UTC) - timedelta(seconds=float(rng.exponential(86_400)))
        yield {
            "event_id": f"{prefix}-{number}",
            "type": TYPES[int(rng.choice(6, p=(0.6, 0.3, 0.05, 0.02, 0.01, 0.02)))],
            "listing_id": f"listing-{listing}",
            "time": time_of.isoformat(),
            "shopper": f"shopper-{shopper}",
            "session": f"session-{rng.integers(SESSIONS)}",
            "query_id": f"{prefix}-query-{number // 20}",
            "position": number % 20 + 1,
        }
        number += 1


def _lines(rows: Iterator[dict[str, object]]) -> bytes:
    return b"\n".join(orjson.dumps(next(rows)) for _ in range(BULK_ROWS))


def _write(path: Path, rows: Iterator[dict[str, object]], count: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        first = next(rows)
        writer = csv.DictWriter(file, first)
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(next(rows) for _ in range(count - 1))


def _commit_times(path: Path) -> list[float]:
    with closing(sqlite3.connect(path)) as connection:
        configure(connection)
        connection.execute("CREATE TABLE IF NOT EXISTS commits (number INTEGER)")
        times = []
        for number in range(COMMITS):
            started = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO commits VALUES (?)", (number,))
            connection.execute("COMMIT")
            times.append(1000 * (time.perf_counter() - started))
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    return times


def _read_times(settings: Settings) -> list[float]:
    times = []
    with closing(open_event_stores(settings)) as stores:
        for number in range(READS):
            started = time.perf_counter()
            stores.log.of_shopper(f"shopper-{number % SHOPPERS}", 50)
            times.append(1000 * (time.perf_counter() - started))
    return times


def _percentiles(name: str, milliseconds: Sequence[float]) -> Iterable[Figure]:
    for system, share in ((P50, 0.5), (P99, 0.99)):
        yield Figure(name, system, float(np.quantile(milliseconds, share)))


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=40_000, help="events of each measurement in bulk")
    parser.add_argument("--home", type=Path, default=None, help="append to the log of this indexed home")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
