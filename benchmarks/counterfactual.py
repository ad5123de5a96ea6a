"""Whether the log of one ranking tells what another would have been clicked, against the simulator's truth.

    python benchmarks/counterfactual.py --home HOME [--seeds 20] [--impressions 100000] [--clip 10] [--json]

HOME is a demo home (`bowerbird demo`); nothing is written to it. Each seed draws other shoppers, who look
around as those of the demo do, and the first so many listings that they were shown are the log. Position bias
is estimated from that log alone, and three other orders of the same pages are valued from it: the cheapest
first, any order, and one that knows the shoppers a little (the truth behind noise). The truth of an order is
the clicks a page that the click model gives it in expectation.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.assembly import open_engine
from bowerbird.demo.simulate_shoppers import ShopperWorld, Simulation, unpersonal_search, world_of
from bowerbird.demo.simulated_log import SimulatedLog
from bowerbird.demo.simulated_pages import Search
from bowerbird.errors import BowerbirdError, InputError
from bowerbird.evaluation.counterfactual import counterfactual_value
from bowerbird.evaluation.position_bias import LoggedImpressions, PositionBias, fit_position_bias
from bowerbird.settings import load_settings

ORDERS = ("cheapest first", "any order", "a better ranking")
VARIANTS = ("clipped", "self-normalised")
SHOPPERS = 500  # whose visits come to more than 100,000 impressions
_NOISE = 1.0  # of the logits by which the better ranking orders


@dataclass(frozen=True, slots=True)
class Estimate:
    """One seed, order and estimator."""

    seed: int
    order: str
    variant: str
    truth: float  # clicks a page
    value: float
    low: float
    high: float
    logged: float  # clicks a page of the ranking that was served
    clipped: float

    @property
    def error(self) -> float:
        """Of the value, as a share of the truth."""
        return self.value / self.truth - 1

    @property
    def covers(self) -> bool:
        """Whether the interval holds the truth."""
        return self.low <= self.truth <= self.high


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--impressions", type=int, default=100_000)
    parser.add_argument("--clip", type=float, default=10.0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        estimates, seconds = measured(given.home, given.seeds, given.impressions, given.clip)
    except BowerbirdError as error:
        print(error.message, file=sys.stderr)
        return error.exit_code
    report = {
        "impressions": given.impressions,
        "clip": given.clip,
        "seconds_a_seed": round(seconds, 2),
        "figures": figures(summary(estimates)),
        "estimates": [asdict(estimate) for estimate in estimates],
    }
    if given.json:
        print(json.dumps(report))
    else:
        print("\n".join(lines(summary(estimates))))
        print(f"{seconds:.2f} s a seed, {given.impressions:,} impressions")
    return 0


def measured(home: Path, seeds: int, impressions: int, clip: float) -> tuple[list[Estimate], float]:
    """Every estimate, and the seconds that one seed took to simulate and value."""
    with closing(open_engine(load_settings(home))) as engine:
        search = remembered(unpersonal_search(engine, 4 * Simulation().serving.page_size))
        estimates: list[Estimate] = []
        seconds = 0.0
        for seed in range(seeds):
            simulation = Simulation(shoppers=round(SHOPPERS * impressions / 100_000), seed=1000 + seed)
            world = world_of(home, engine, simulation)
            for words in set(simulation.visits(world.tastes).words):
                search(words)
            before = time.perf_counter()
            estimates += estimates_of(world, world.simulate(search), impressions, clip)
            seconds += time.perf_counter() - before
    return estimates, seconds / seeds


def estimates_of(world: ShopperWorld, log: SimulatedLog, size: int, clip: float) -> list[Estimate]:
    """Each order by each estimator, from the first `size` impressions of `log`."""
    impressions = log.impressions()
    if len(impressions) < size:
        raise InputError(
            f"{len(impressions)} impressions were simulated and {size} are needed; ask for fewer"
        )
    whole = impressions.page <= impressions.page[size - 1]
    impressions = impressions.taken(whole)
    bias = fit_position_bias(impressions, log.shown.shape[1])
    sessions = log.visits.sessions[impressions.page]
    chances = _chances(world, log, impressions)
    orders = _orders(world, impressions, chances)
    return [
        _estimate(world, name, variant, impressions, positions, chances, bias, sessions, clip)
        for name, positions in orders.items()
        for variant in VARIANTS
    ]


def remembered(search: Search) -> Search:
    """`search`, asking each question once."""
    answers: dict[str, Sequence[str]] = {}

    def ask(words: str) -> Sequence[str]:
        if words not in answers:
            answers[words] = search(words)
        return answers[words]

    return ask


def _estimate(
    world: ShopperWorld,
    order: str,
    variant: str,
    log: LoggedImpressions,
    positions: NDArray[np.int64],
    chances: NDArray[np.float64],
    bias: PositionBias,
    sessions: NDArray[np.int64],
    clip: float,
) -> Estimate:
    told = counterfactual_value(
        log, positions, bias, clip=clip, self_normalised=variant == "self-normalised", sessions=sessions
    )
    looks = world.simulation.clicks.examination(int(positions.max()))[positions - 1]
    truth = float((looks * chances).sum()) / told.pages
    logged = float(log.clicked.sum()) / told.pages
    return Estimate(
        world.simulation.seed, order, variant, truth, told.value, told.low, told.high, logged, told.clipped
    )


def _chances(world: ShopperWorld, log: SimulatedLog, impressions: LoggedImpressions) -> NDArray[np.float64]:
    """(n,) the true chance of a click on what is looked at."""
    asked = log.visits.asked.taken(impressions.page)
    relevance = world.relevance.of(asked, impressions.listing[:, None])[:, 0]
    return world.simulation.clicks.click_chances(relevance)


def _orders(
    world: ShopperWorld, log: LoggedImpressions, chances: NDArray[np.float64]
) -> dict[str, NDArray[np.int64]]:
    rng = np.random.default_rng([world.simulation.seed, 99])
    logits = np.log(chances / (1 - chances))
    keys = (
        np.nan_to_num(world.market.log_price[log.listing], nan=np.inf),
        rng.random(len(log)),
        -(logits + _NOISE * rng.standard_normal(len(log))),
    )
    return {name: _positions(log.page, key) for name, key in zip(ORDERS, keys, strict=True)}


def _positions(pages: NDArray[np.int64], keys: NDArray[np.float64]) -> NDArray[np.int64]:
    """(n,) where each impression stands on its page by rising keys; pages come in order."""
    order = np.lexsort((keys, pages))
    starts = np.flatnonzero(np.r_[True, np.diff(pages) != 0])
    ranks = np.arange(len(pages)) - np.repeat(starts, np.diff(np.r_[starts, len(pages)]))
    positions = np.empty(len(pages), np.int64)
    positions[order] = ranks + 1
    return positions


def summary(estimates: Sequence[Estimate]) -> list[dict[str, float | str | int]]:
    """By order and estimator: the mean error, how many intervals hold the truth, and the share clipped."""
    rows: list[dict[str, float | str | int]] = []
    for order in ORDERS:
        for variant in VARIANTS:
            some = [one for one in estimates if (one.order, one.variant) == (order, variant)]
            rows.append(
                {
                    "order": order,
                    "estimator": variant,
                    "truth": float(np.mean([one.truth for one in some])),
                    "logged": float(np.mean([one.logged for one in some])),
                    "mean_error": float(np.mean([abs(one.error) for one in some])),
                    "error_of_mean": float(np.mean([one.error for one in some])),
                    "covered": sum(one.covers for one in some),
                    "seeds": len(some),
                    "clipped": float(np.mean([one.clipped for one in some])),
                }
            )
    return rows


def figures(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The summary as named figures, a system an estimator."""
    named = {
        "mean error": "mean_error",
        "error of the mean": "error_of_mean",
        "intervals that hold the truth": "covered",
        "share clipped": "clipped",
    }
    return [
        {"name": f"{row['order']}: {name}", "system": row["estimator"], "value": row[key]}
        for name, key in named.items()
        for row in rows
    ]


def lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The summary as a table."""
    head = f"{'order':<18}{'estimator':<18}" + "".join(
        f"{name:>9}" for name in ("truth", "logged", "error", "bias", "covered", "clipped")
    )
    body = [
        f"{row['order']:<18}{row['estimator']:<18}{row['truth']:9.4f}{row['logged']:9.4f}"
        f"{row['mean_error']:9.2%}{row['error_of_mean']:+9.2%}{row['covered']:>6}/{row['seeds']}"
        f"{row['clipped']:9.2%}"
        for row in rows
    ]
    return [head, *body]


if __name__ == "__main__":
    sys.exit(main())
