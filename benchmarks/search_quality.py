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
from pathlib import Path

from bowerbird.assembly import create_home, open_engine
from bowerbird.errors import BowerbirdError
from bowerbird.evaluation.judgements import Judgements, answerable, read_judgements
from bowerbird.evaluation.report import Figure, table
from bowerbird.jobs.import_market import import_market
from bowerbird.jobs.index_market import index_market
from bowerbird.jobs.judged_search import judged_figures
from bowerbird.progress import Silent
from bowerbird.settings import load_settings


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
        return judged_figures(engine, judgements)
    finally:
        engine.close()


if __name__ == "__main__":
    sys.exit(main())
