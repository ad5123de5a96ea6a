"""How well words find products, judged by people: hybrid search beside each of its branches alone.

    python benchmarks/search_quality.py --products FILE --judgements FILE [--map FILE] [--home DIR] [--json]

Imports, encodes and indexes the products with the product's own jobs (in a temporary home unless one is
given), asks the engine every judged query, and prints each figure with its interval. A judgements file is
`query,id,grade`. The judgements of a pool favour the system that filled it, so nDCG is given twice: with
unjudged listings counted as not relevant, and on the condensed list without them. Queries to which no judged
product is relevant are left out, for every ranking scores 0 on them.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from bowerbird.assembly import create_home, open_engine
from bowerbird.engine import Engine
from bowerbird.errors import BowerbirdError
from bowerbird.evaluation.judgements import Judgements, Run, answerable, read_judgements
from bowerbird.evaluation.metrics import (
    Metric,
    average_precision,
    condensed,
    linear_gain,
    ndcg,
    per_query,
    precision,
    recall,
    reciprocal_rank,
)
from bowerbird.evaluation.report import Figure, measure, table
from bowerbird.jobs.import_market import import_market
from bowerbird.jobs.index_market import index_market
from bowerbird.jobs.progress import Silent
from bowerbird.market.query import Query
from bowerbird.settings import load_settings

PAGE = 200  # the most that one search answers
BASELINE = "keywords"
# The branches that each system listens to; a missing one weighs what the settings say.
SYSTEMS: dict[str, dict[str, float]] = {
    "hybrid": {},
    "keywords": {"text": 0.0},
    "text vectors": {"keywords": 0.0},
}
METRICS: dict[str, Metric] = {
    "nDCG@10": partial(ndcg, k=10),
    "nDCG@10 condensed": lambda ranking, grades: ndcg(condensed(ranking, grades), grades, 10),
    "nDCG@10 linear gain": partial(ndcg, k=10, gain=linear_gain),
    "MRR": reciprocal_rank,
    "P@10": partial(precision, k=10),
    "R@100": partial(recall, k=100),
    "MAP": average_precision,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--products", type=Path, required=True)
    parser.add_argument("--judgements", type=Path, required=True)
    parser.add_argument("--map", type=Path, default=None, help="column map of the products")
    parser.add_argument("--home", type=Path, default=None, help="import into this home and keep it")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        every = read_judgements(given.judgements)
        judgements = answerable(every)
        with tempfile.TemporaryDirectory() as folder:
            figures = _measured(given.home or Path(folder), given.products, given.map, judgements)
    except BowerbirdError as error:
        print(f"error: {error.message}", file=sys.stderr)
        return error.exit_code
    counts = {"queries": len(judgements), "queries_without_relevant": len(every) - len(judgements)}
    if given.json:
        print(json.dumps({**counts, "figures": [figure.as_json() for figure in figures]}))
        return 0
    print(
        f"{counts['queries']} queries; {counts['queries_without_relevant']} more are left out, for no judged "
        "product is relevant to them.\nnDCG has exponential gain (2^grade - 1) unless it says linear.\n"
    )
    print(table(figures))
    return 0


def _measured(home: Path, products: Path, column_map: Path | None, judgements: Judgements) -> list[Figure]:
    settings = load_settings(home)
    create_home(settings)
    import_market(settings, str(products), Silent(), map_file=column_map)
    index_market(settings, Silent())
    engine = open_engine(settings)
    try:
        runs = {system: _run(engine, weights, judgements) for system, weights in SYSTEMS.items()}
    finally:
        engine.close()
    figures = []
    for name, metric in METRICS.items():
        values = {system: per_query(metric, run, judgements) for system, run in runs.items()}
        figures += [
            measure(
                name,
                system,
                values[system],
                seed=0,
                baseline=_baseline(values) if system != BASELINE else None,
            )
            for system in SYSTEMS
        ]
    return figures


def _baseline(values: dict[str, list[float]]) -> tuple[str, list[float]]:
    return BASELINE, values[BASELINE]


def _run(engine: Engine, weights: dict[str, float], judgements: Judgements) -> Run:
    listening = replace(engine.settings, weights={**engine.settings.weights, **weights})
    system = Engine(engine.stores, engine.projection, listening)
    return {query: _ranking(system, query) for query in judgements}


def _ranking(system: Engine, words: str) -> list[str]:
    """The ids that a branch with a weight found: the others score 0 and stand at the end."""
    ids: list[str] = []
    query = Query(words=words, limit=PAGE)
    while True:
        answer = system.search(query)
        ids += [hit.listing.listing_id for hit in answer.hits if hit.score > 0]
        if answer.next_cursor is None or len(ids) % PAGE:
            return ids
        query = replace(query, cursor=answer.next_cursor)


if __name__ == "__main__":
    sys.exit(main())
