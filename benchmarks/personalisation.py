"""What personal search, debiasing, exploration and three clicks bring, against the simulated shoppers' truth.

    python benchmarks/personalisation.py --home HOME [--searches 2] [--sessions 100] [--seed 0] [--json]

HOME is a demo home with simulated shoppers (`bowerbird demo`); nothing is written to it. The first part is
`bowerbird evaluate shoppers --learn`. The second simulates the same shoppers again with other shares of their
pages shuffled: how well position bias is then told from the log (the mean error of log examination over the
first ten positions), and what the shuffling costs in clicks a page.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bowerbird.assembly import open_engine
from bowerbird.demo.personalisation import ShopperReport, measure_shoppers
from bowerbird.demo.simulate_shoppers import (
    ShopperWorld,
    Simulation,
    read_simulation,
    unpersonal_search,
    world_of,
)
from bowerbird.demo.simulated_pages import Search
from bowerbird.errors import BowerbirdError, InputError
from bowerbird.evaluation.position_bias import estimate_position_bias
from bowerbird.market.event import EventType
from bowerbird.progress import Silent
from bowerbird.settings import load_settings
from counterfactual import remembered

SHARES = (0.0, 0.1, 0.3, 1.0)
_SEEDS = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--searches", type=int, default=2)
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    settings = load_settings(given.home)
    try:
        report = measure_shoppers(
            settings,
            Silent(),
            searches=given.searches,
            sessions=given.sessions,
            learn=True,
            seed=given.seed,
        )
        with closing(open_engine(settings)) as engine:
            simulation = read_simulation(given.home)
            world = world_of(given.home, engine, simulation)
            search = remembered(unpersonal_search(engine, 4 * simulation.serving.page_size))
            explored = [exploration(world, search, share) for share in SHARES]
    except BowerbirdError as error:
        print(error.message, file=sys.stderr)
        return error.exit_code
    payload = {"figures": figures(report, explored), **report.payload(), "exploration": explored}
    print(json.dumps(payload) if given.json else "\n".join([*report.lines(), *map(str, explored)]))
    return 0


def exploration(world: ShopperWorld, search: Search, share: float) -> dict[str, float | None]:
    """The mean over seeds of what a share of shuffled pages brings and costs."""
    errors, clicks = [], []
    for seed in range(_SEEDS):
        serving = replace(world.simulation.serving, explored=share)
        simulation: Simulation = replace(world.simulation, serving=serving, seed=2000 + seed)
        log = ShopperWorld(simulation, world.relevance).simulate(search)
        clicks.append(float(log.done[EventType.VIEW].sum()) / len(log.visits))
        impressions = log.impressions()
        searched = np.array([bool(words) for words in log.visits.words])[impressions.page]
        try:
            estimate = estimate_position_bias(impressions.taken(searched), 10)
        except InputError:
            continue
        truth = simulation.clicks.examination(10)
        errors.append(float(np.abs(np.log(estimate / truth))[1:].mean()))
    error = float(np.mean(errors)) if errors else None
    return {"explored": share, "bias_error": error, "clicks_a_page": float(np.mean(clicks))}


def figures(report: ShopperReport, explored: Sequence[dict[str, float | None]]) -> list[dict[str, Any]]:
    """Named figures, a column a system."""
    found: list[dict[str, Any]] = []
    for one in report.comparisons:
        name = f"nDCG@10, {one.group}"
        for system, value in ((one.baseline, one.baseline_value), (one.system, one.value)):
            figure = {"name": name, "system": system, "value": value}
            if figure not in found:
                found.append(figure)
    for feed in report.feeds:
        found.append({"name": f"feed: {feed.name}", "system": "before", "value": feed.before})
        found.append({"name": f"feed: {feed.name}", "system": "after three clicks", "value": feed.after})
    for row in explored:
        name = f"{row['explored']:.0%} of pages shuffled"
        found += [
            {"name": name, "system": system, "value": row[key]}
            for system, key in (
                ("error of log examination", "bias_error"),
                ("clicks a page", "clicks_a_page"),
            )
            if row[key] is not None
        ]
    return found


if __name__ == "__main__":
    sys.exit(main())
