"""How a server bears load: what it answers, how fast, with how much memory, and what it does at too much.

    python benchmarks/load.py --home DIR [--listings 100000] [--minutes 15] [--rate 60] [--json]
    python benchmarks/load.py --home DIR --url http://127.0.0.1:8000 --pid 4711

The stages: warm up; `--rate` requests a second for `--minutes`, which is what is expected of it; the most
that `--clients` get out of it; `--overload` times the rate, which it must refuse in good order (429) and
never fail (5xx); the rate again, to see how soon it is well. Half of the requests are searches by words, a
quarter by photo, a quarter feeds. With `--listings` a synthetic market and what 10,000 shoppers did are made
in the home first, where they are not there yet. The server is one of its own, or the one at `--url`, on this
machine.
"""

import argparse
import csv
import json
import signal
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bowerbird.assembly import open_engine, open_event_stores
from bowerbird.errors import BowerbirdError
from bowerbird.projection.build import build_generation
from bowerbird.settings import Settings, load_settings
from bowerbird.stages import projection_settings
from load_client import NO_ANSWER, NOT_SENT, Address, Answered, Question, at_rate, by_clients
from load_questions import MIX, Questions
from loopback_server import LOOPBACK, Server, memory_mb
from search_latency import P99, VALUE, Figure, percentiles, printed_table
from synthetic_log import fill_log
from synthetic_market import make_market

RECOVERY_SECONDS = 15.0
SHOPPERS, EVENTS_EACH = 10_000, 20
# (the least, the most) of what may be asked for
BOUNDS = {
    "minutes": (0.01, 60),
    "rate": (0.1, 500),
    "clients": (0, 64),
    "overload": (0, 10),
    "seconds": (1, 600),
    "warm_up": (0, 600),
}
SETTLED_MINUTE = 3  # from which memory must stay
WELL_SECONDS = 0.25  # within which a well server answers
WELL_SHARE = 0.95  # of the requests of one second
NAMES = {NO_ANSWER: "none", NOT_SENT: "not sent"}


@dataclass(slots=True)
class Measured:
    """What a run found."""

    figures: list[Figure] = field(default_factory=list)
    statuses: dict[str, dict[str, int]] = field(default_factory=dict)
    memory: list[dict[str, float]] = field(default_factory=list)
    answers: list[tuple[str, Answered]] = field(default_factory=list)  # with their stage

    def add(self, stage: str, answered: Sequence[Answered], seconds: float) -> None:
        """What came of a stage: of each kind, of all, and how many of each status."""
        self.answers.extend((stage, one) for one in answered)
        counts = Counter(NAMES.get(one.status, str(one.status)) for one in answered)
        self.statuses[stage] = dict(sorted(counts.items()))
        good = [one for one in answered if one.status == 200]
        self.figures.append(Figure(f"{stage}: answered 200, a second", VALUE, len(good) / seconds))
        failed = sum(one.status not in (200, 429) for one in answered)
        self.figures.append(Figure(f"{stage}: neither 200 nor 429", VALUE, failed))
        self.figures.append(Figure(f"{stage}: refused with 429", VALUE, counts["429"]))
        if good:
            self.figures.extend(percentiles(stage, [1000 * one.took for one in good]))
        for kind in sorted({one.kind for one in good}):
            took = [1000 * one.took for one in good if one.kind == kind]
            self.figures.extend(percentiles(f"{stage}: {kind}", took))

    def add_growth(self) -> None:
        """How much memory grew once it had settled, in per cent."""
        settled = [one for one in self.memory if one["minute"] >= SETTLED_MINUTE]
        if len(settled) > 1:
            grown = 100 * (settled[-1]["resident_mb"] / settled[0]["resident_mb"] - 1)
            name = f"server memory, growth from minute {SETTLED_MINUTE} on, %"
            self.figures.append(Figure(name, VALUE, grown))
        if self.memory:
            self.figures.append(Figure("server memory, MB", VALUE, self.memory[-1]["resident_mb"]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the load; the exit code."""
    given = _parsed(arguments)
    try:
        measured = _loaded(given)
    except BowerbirdError as error:
        print(f"error: {error.message}", file=sys.stderr)
        return error.exit_code
    if given.answers is not None:
        _write_answers(given.answers, measured.answers)
    if given.json:
        about = {name: getattr(given, name) for name in (*BOUNDS, "listings", "mix", "processes")}
        kept = {"memory": measured.memory, "statuses": measured.statuses}
        print(json.dumps({**about, **kept, "figures": [one.as_json() for one in measured.figures]}))
    else:
        print(printed_table(measured.figures))
        print(json.dumps(measured.statuses))
    return 0


def _loaded(given: argparse.Namespace) -> Measured:
    settings = load_settings(given.home)
    if given.listings:
        _say(f"making {given.listings:,} listings")
        _make(settings, given.listings, given.seed)
    _say("reading what to ask")
    questions = Questions(settings, given.seed)
    key = given.key_file.read_text("utf-8").strip() if given.key_file else ""
    measured = Measured()
    with _served(given) as (address, pid):
        asked = questions.ask(address, given.mix, np.random.default_rng([given.seed, 6]), key)
        _steady(given, address, pid, asked, measured)
        if given.clients:
            _say(f"{given.clients} clients, each asking again once answered")
            closed = by_clients(address, asked, given.clients, given.seconds)
            measured.add(f"{given.clients} clients", closed, given.seconds)
        if given.overload:
            _overloaded(given, address, asked, measured)
        if pid is not None:
            measured.figures.append(Figure("server memory at the end, MB", VALUE, memory_mb(pid)))
    return measured


def _make(settings: Settings, listings: int, seed: int) -> None:
    """A synthetic market, its index, and a log of what its shoppers did."""
    with closing(make_market(settings, listings, seed)) as stores:
        if stores.generations.current_name() is None:
            build_generation(stores, projection_settings(settings))
    with closing(open_engine(settings)) as engine, closing(open_event_stores(settings)) as logs:
        fill_log(engine, logs.log, SHOPPERS, EVENTS_EACH, seed, datetime.now(UTC))


@contextmanager
def _served(given: argparse.Namespace) -> Iterator[tuple[Address, int | None]]:
    """Where the server is, and its process."""
    if given.url:
        yield Address.of_url(given.url), given.pid
        return
    with Server(load_settings(given.home), given.processes) as server:
        yield Address(LOOPBACK, server.port), server.pid


def _steady(
    given: argparse.Namespace,
    address: Address,
    pid: int | None,
    asked: Iterator[Question],
    measured: Measured,
) -> None:
    def each_second(passed: float) -> None:
        if pid is not None and passed >= 60 * (len(measured.memory) + 1):
            resident = memory_mb(pid)
            measured.memory.append({"minute": len(measured.memory) + 1.0, "resident_mb": round(resident, 1)})
            _say(f"minute {len(measured.memory)}: {resident:,.0f} MB")

    rng = np.random.default_rng([given.seed, 7])
    _say("warming up")
    by_clients(address, asked, 2, given.warm_up)
    _say(f"{given.rate:g} requests a second for {given.minutes:g} minutes")
    seconds = 60 * given.minutes
    answered = at_rate(address, asked, given.rate, seconds, rng, each_second)
    each_second(seconds)
    measured.add(f"{given.rate:g} a second", answered, seconds)
    # Where this is more than some milliseconds the figures tell of this program, not of the server.
    late = float(np.quantile([one.late for one in answered], 0.99))
    measured.figures.append(Figure("sent too late, by this program", P99, 1000 * late))
    measured.add_growth()


def _overloaded(
    given: argparse.Namespace, address: Address, asked: Iterator[Question], measured: Measured
) -> None:
    rng = np.random.default_rng([given.seed, 8])
    rate = given.overload * given.rate
    _say(f"{rate:g} requests a second for {given.seconds:g} s")
    too_much = at_rate(address, asked, rate, given.seconds, rng)
    measured.add(f"{rate:g} a second", too_much, given.seconds)
    _say(f"{given.rate:g} requests a second again")
    after = at_rate(address, asked, given.rate, RECOVERY_SECONDS, rng)
    name = f"seconds after it until all is well ({RECOVERY_SECONDS:g}: not within them)"
    measured.figures.append(Figure(name, VALUE, min(seconds_to_recover(after), RECOVERY_SECONDS)))


def seconds_to_recover(answered: Iterable[Answered]) -> float:
    """The first whole second in which nothing was refused and nearly all was quick; infinite where none."""
    seconds: dict[int, list[Answered]] = {}
    for one in answered:
        seconds.setdefault(int(one.due), []).append(one)
    for second in sorted(seconds):
        good = [one.status == 200 for one in seconds[second]]
        quick = [one.took <= WELL_SECONDS for one in seconds[second]]
        if all(good) and sum(quick) >= WELL_SHARE * len(quick):
            return float(second)
    return float("inf")


def _write_answers(path: Path, answers: Iterable[tuple[str, Answered]]) -> None:
    """A request a line, for who looks for what percentiles hide: when it was slow, and for how long."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("stage", "kind", "due_s", "late_ms", "took_ms", "status"))
        for stage, one in answers:
            times = (f"{one.due:.4f}", f"{1000 * one.late:.2f}", f"{1000 * one.took:.2f}")
            writer.writerow((stage, one.kind, *times, one.status))


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _mix(text: str) -> dict[str, float]:
    try:
        mix = {name: float(share) for name, share in (part.split("=") for part in text.split(","))}
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no mix; give words=0.5,photo=0.25,feed=0.25"
        ) from error
    if unknown := mix.keys() - MIX.keys():
        raise argparse.ArgumentTypeError(f"no kind {min(unknown)!r}; there are {', '.join(MIX)}")
    if min(mix.values()) < 0 or not sum(mix.values()):
        raise argparse.ArgumentTypeError(f"the shares of {text!r} must be positive")
    return mix


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True, help="what to ask is drawn from this home")
    parser.add_argument("--listings", type=int, default=0, help="make a synthetic market of so many there")
    parser.add_argument("--url", help="of a server on this machine; without it one is started")
    parser.add_argument("--pid", type=int, help="its process, whose memory is watched")
    parser.add_argument("--key-file", type=Path, help="holds the key that it asks for")
    parser.add_argument("--processes", type=int, default=2, help="that the server started here has")
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--rate", type=float, default=60.0, help="requests a second")
    parser.add_argument("--clients", type=int, default=8, help="of the closed loop; 0 leaves it out")
    parser.add_argument("--overload", type=float, default=4.0, help="times the rate; 0 leaves it out")
    parser.add_argument("--seconds", type=float, default=20.0, help="of the closed loop, and of the overload")
    parser.add_argument("--warm-up", type=float, default=10.0, help="seconds")
    parser.add_argument("--mix", type=_mix, default=MIX, help="such as words=0.5,photo=0.25,feed=0.25")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--answers", type=Path, help="write each request's times there, as CSV")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    for name, (least, most) in BOUNDS.items():
        if not least <= getattr(given, name) <= most:
            option = f"--{name.replace('_', '-')}"
            parser.error(f"{option} is from {least:g} to {most:g}, but {getattr(given, name):g} was given")
    return given


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # told to stop, it takes its server along
    sys.exit(main())
