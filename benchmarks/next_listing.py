"""Whether the next listing of a shopper is recommended, among all listings of a market.

    python benchmarks/next_listing.py --sequences FILE --items FILE [--test FILE] [--models DIR] [--json]

`--sequences` holds 'shopper item item ...' a line, in order of time; `--items` a JSON object with `item` and
`title` a line; `--test` 'shopper item' a line: what was really taken after the whole sequence. Without it the
last item of each sequence is hidden, and everything is fitted on what comes before. Either file may be
gzipped. Every item competes, those of the history left out.

Measured: the product's recommender with its default weights, the same from pairs alone, cosine item
neighbours and popularity. Titles are compared by their words and, with `--models` (the models folder of a
home), by the vectors of its text encoder too.
"""

import argparse
import gzip
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.artefact import find_artefact
from bowerbird.encoding.text_encoder import TextEncoder
from bowerbird.errors import BowerbirdError, InputError
from bowerbird.evaluation.next_item import NextItemRanks, leave_out, next_item_ranks
from bowerbird.evaluation.report import Figure, measure, table
from bowerbird.market.event import EventType
from bowerbird.market.interactions import EVENT_TYPES, Interactions
from bowerbird.market.ranked_list import RankedList
from bowerbird.taste.content_likeness import ContentLikeness
from bowerbird.taste.next_listing import NextListing, NextListingWeights
from bowerbird.taste.title_words import TitleWords
from bowerbird.taste.trail_pairs import PairWeighing
from bowerbird.taste.trending import Trending

K = 10
BASELINE = "cosine item neighbours"
TEXT_BACKBONE = "all-MiniLM-L6-v2"
Recommend = Callable[[NDArray[np.int64], int], RankedList]


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What is known of each shopper, and what is to be found."""

    fitted: list[NDArray[np.int64]]  # every shopper's known sequence
    histories: list[NDArray[np.int64]]  # of the shoppers that are asked about
    hidden: NDArray[np.int64]
    titles: list[str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sequences", type=Path, required=True)
    parser.add_argument("--items", type=Path, required=True)
    parser.add_argument("--test", type=Path, help="what was taken after each sequence: 'shopper item' a line")
    parser.add_argument(
        "--models", type=Path, help="the models folder of a home: compare vectors of titles too"
    )
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        task = read_task(given.sequences, given.items, given.test)
        start = time.perf_counter()
        figures, milliseconds = measured(task, given.models)
        seconds = time.perf_counter() - start
    except (BowerbirdError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code if isinstance(error, BowerbirdError) else InputError.exit_code
    about = {
        "shoppers": len(task.hidden),
        "items": len(task.titles),
        "content": "words of titles" + (f" and {TEXT_BACKBONE}" if given.models else ""),
        "seconds": round(seconds, 1),
        "milliseconds_a_shopper": {"p50": round(milliseconds[0], 2), "p99": round(milliseconds[1], 2)},
    }
    if given.json:
        print(json.dumps({**about, "figures": [figure.as_json() for figure in figures]}))
        return 0
    print("\n".join(f"{name}: {value}" for name, value in about.items()), table(figures), sep="\n\n")
    return 0


def read_task(sequences: Path, items: Path, test: Path | None) -> Task:
    """What the files ask.

    Raises:
        InputError: a file is not as the module says.
    """
    rows, titles = _items(items)
    known: dict[str, NDArray[np.int64]] = {}
    for line in _lines(sequences):
        shopper, *names = line.split()
        known[shopper] = np.array([_row(rows, name, sequences) for name in names], np.int64)
    if test is None:
        histories, hidden = leave_out(list(known.values()))
        return Task(histories, histories, hidden, titles)
    asked = [line.split() for line in _lines(test)]
    for words in asked:
        if len(words) != 2 or words[0] not in known:
            raise InputError(
                f"{test} has the line {' '.join(words)!r}; give 'shopper item' of known shoppers"
            )
    hidden = np.array([_row(rows, name, test) for _, name in asked], np.int64)
    return Task(list(known.values()), [known[shopper] for shopper, _ in asked], hidden, titles)


def interactions_of(sequences: Sequence[NDArray[np.int64]]) -> Interactions:
    """The sequences as purchases, a second apart."""
    lengths = [len(sequence) for sequence in sequences]
    listings = np.concatenate(sequences)
    return Interactions(
        np.repeat(np.arange(len(sequences)), lengths),
        listings,
        np.full(len(listings), EVENT_TYPES.index(EventType.PURCHASE), np.int8),
        np.arange(len(listings), dtype=np.float64),
    )


def content_of(titles: Sequence[str], models: Path | None) -> ContentLikeness:
    """The words of the titles, and their vectors where there is an encoder."""
    vectors = None
    if models is not None:
        vectors = TextEncoder(find_artefact(models, "text", TEXT_BACKBONE)).encode(titles)
    return ContentLikeness(vectors, TitleWords.fit(titles))


def measured(task: Task, models: Path | None) -> tuple[list[Figure], tuple[float, float]]:
    """The figures of every system, and p50 and p99 of the product's milliseconds a shopper."""
    interactions, size = interactions_of(task.fitted), len(task.titles)
    product = NextListing.fit(interactions, size, content_of(task.titles, models))
    ranks, clock = {}, []
    systems: dict[str, Recommend] = {
        "next listing": product.recommend,
        "pairs alone": NextListing(product.counts).recommend,
        BASELINE: _cosine_neighbours(interactions, size),
        "popularity": _popularity(interactions, size),
    }
    for name, recommend in systems.items():
        taken, timed = _timed(recommend)
        ranks[name] = next_item_ranks(timed, task.histories, task.hidden, K)
        clock.append(taken)
    p50, p99 = np.percentile(clock[0], [50, 99])
    return _figures(ranks), (float(p50), float(p99))


def _cosine_neighbours(interactions: Interactions, size: int) -> Recommend:
    """Shoppers in common over the root of both popularities (Sarwar et al., 2001, doi:10.1145/371920.372071).

    Pairs in either direction, however far apart and all alike, over the root of the visits to both.
    """
    longest = int(np.bincount(interactions.shoppers).max())
    pairs = PairWeighing(decay=1.0, backward=1.0, window=longest, neighbours=size)
    weights = NextListingWeights(recency=1.0, smoothing=1e-9, followed=0.5, following=0.5, longest=longest)
    return NextListing.fit(interactions, size, None, weights, pairs).recommend


def _popularity(interactions: Interactions, size: int) -> Recommend:
    order = Trending.fit(interactions, size, half_life_seconds=float("inf")).top(size, now=0.0)

    def recommend(history: NDArray[np.int64], k: int) -> RankedList:
        head = order.head(k + len(history))
        fresh = ~np.isin(head.rows, history)
        return RankedList(head.rows[fresh], head.scores[fresh]).head(k)

    return recommend


def _timed(recommend: Recommend) -> tuple[list[float], Recommend]:
    milliseconds: list[float] = []

    def timed(history: NDArray[np.int64], k: int) -> RankedList:
        start = time.perf_counter()
        ranked = recommend(history, k)
        milliseconds.append(1000 * (time.perf_counter() - start))
        return ranked

    return milliseconds, timed


def _figures(ranks: dict[str, NextItemRanks]) -> list[Figure]:
    figures = []
    for figure, values in (("HR@10", NextItemRanks.hits), ("NDCG@10", NextItemRanks.gains)):
        theirs = (BASELINE, values(ranks[BASELINE], K))
        for system, found in ranks.items():
            baseline = None if system == BASELINE else theirs
            figures.append(measure(figure, system, values(found, K), seed=0, baseline=baseline))
    return figures


def _items(path: Path) -> tuple[dict[str, int], list[str]]:
    rows: dict[str, int] = {}
    titles: list[str] = []
    for line in _lines(path):
        try:
            item = json.loads(line)
            rows[str(item["item"])] = len(titles)
            titles.append(str(item["title"] or ""))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{path} has the line {line[:80]!r}; give an object with item and title"
            ) from error
    return rows, titles


def _row(rows: dict[str, int], name: str, path: Path) -> int:
    if name not in rows:
        raise InputError(f"{path} names item {name!r}, which the items file lacks")
    return rows[name]


def _lines(path: Path) -> list[str]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    return [line for line in text.splitlines() if line.strip()]


if __name__ == "__main__":
    sys.exit(main())
