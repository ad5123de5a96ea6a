"""How long reranking takes: the features of 300 candidates, and their scores by each ranker.

    python benchmarks/rerank.py [--listings 100000] [--visits 50] [--trees 200] [--json]

Listings are random vectors with random columns, so nothing but time is measured; the learned ranker is that
many trees of 15 leaves on random clicks, on one thread. Titles are read once, as in a server that is warm.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from bowerbird.encoding.lightgbm_runtime import lightgbm as lgb
from bowerbird.indexing.keyword_settings import KeywordSettings
from bowerbird.indexing.market_index import EncodedListing, IndexSettings, MarketIndex
from bowerbird.indexing.vector_index_settings import VectorIndexSettings
from bowerbird.market.listing import Listing, Photo, Price, Status
from bowerbird.market.ranked_list import RankedList
from bowerbird.ranking.features import FEATURES, Asking, candidate_features
from bowerbird.ranking.learned_ranker import LearnedRanker
from bowerbird.ranking.listing_facts import UsualPrices
from bowerbird.ranking.placed_taste import PlacedTaste
from bowerbird.ranking.ranker import Ranker, UntrainedRanker
from bowerbird.retrieval.retriever import Candidates
from bowerbird.taste.shopper_taste import Interest, PriceLeaning, ShopperTaste

CANDIDATES = 300
DIMENSIONS = 384, 256
PAGE = 20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--listings", type=int, default=100_000)
    parser.add_argument("--visits", type=int, default=50)
    parser.add_argument("--trees", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    # As the server does: a second thread for small matrix products only spins.
    with TemporaryDirectory() as folder, threadpool_limits(limits=1, user_api="blas"):
        index = drawn_index(Path(folder), given.listings)
        figures = measured(index, given.visits, given.trees, given.repeats)
        index.close()
    if given.json:
        print(json.dumps(figures, indent=2))
        return
    for name, (p50, p99, busy) in figures.items():
        print(f"{name:32}  p50 {p50:6.2f} ms  p99 {p99:6.2f} ms  processor {busy:6.2f} ms")


def measured(index: MarketIndex, visits: int, trees: int, repeats: int) -> dict[str, tuple[float, ...]]:
    """p50, p99 and mean processor time in milliseconds by what was done."""
    rng = np.random.default_rng(0)
    usual = UsualPrices()
    taste = drawn_taste(index, visits, rng)
    learned = LearnedRanker(drawn_trees(trees, rng), "drawn")
    untrained = UntrainedRanker(60.0, 1.0)
    placed = PlacedTaste.of(taste, index, usual)
    asked = [drawn_asking(index, placed, rng) for _ in range(20)]
    tables = [candidate_features(ranked, asking, index, usual, now=0.0) for ranked, asking in asked]
    number = iter(range(1 << 60))

    def features() -> object:
        ranked, asking = asked[next(number) % len(asked)]
        asking = replace(asking, taste=PlacedTaste.of(taste, index, usual))
        return candidate_features(ranked, asking, index, usual, now=0.0)

    def scores(ranker: Ranker) -> Callable[[], object]:
        return lambda: ranker.order(tables[next(number) % len(tables)])

    def both() -> object:
        return learned.order(np.asarray(features()))

    page = np.arange(PAGE)
    done: dict[str, Callable[[], object]] = {
        "features": features,
        "scores, untrained": scores(untrained),
        "scores, learned": scores(learned),
        "features and learned scores": both,
        "parts of a page, learned": lambda: learned.parts(tables[next(number) % len(tables)], page),
    }
    return {name: timed(action, repeats) for name, action in done.items()}


def timed(action: Callable[[], object], repeats: int) -> tuple[float, ...]:
    """p50 and p99 of the time that passes, and the mean time that the processor works, in milliseconds."""
    for _ in range(20):
        action()
    took = []
    worked = time.thread_time()
    for _ in range(repeats):
        began = time.perf_counter()
        action()
        took.append(1000 * (time.perf_counter() - began))
    busy = 1000 * (time.thread_time() - worked) / repeats
    return tuple(round(float(one), 3) for one in (*np.quantile(took, [0.5, 0.99]), busy))


def drawn_index(folder: Path, count: int) -> MarketIndex:
    """Random listings of 300 kinds and 2,000 sellers, two photos each."""
    rng = np.random.default_rng(1)
    settings = IndexSettings(VectorIndexSettings(kind="flat"), KeywordSettings())
    built = folder / "index"
    built.mkdir()
    batches = ([drawn_listing(number, rng) for number in range(at, min(at + 1000, count))]
               for at in range(0, count, 1000))  # fmt: skip
    MarketIndex.build(built, batches, DIMENSIONS, settings)
    return MarketIndex.load(built, built / "keywords", settings, lambda _: {})


def drawn_listing(number: int, rng: np.random.Generator) -> EncodedListing:
    """One listing with unit vectors."""
    kind = int(rng.integers(300))
    photos = tuple(
        Photo(f"{number}-{i}", f"{2 * number + i:064x}", f"{number:016x}", 100, 100) for i in range(2)
    )
    listing = Listing(
        listing_id=str(number),
        title=f"thing {kind}",
        category=(f"root {kind % 12}", f"leaf {kind}"),
        price=Price(int(np.exp(rng.normal(8, 1))), "GBP"),
        place=f"town {rng.integers(500)}",
        latitude=float(rng.uniform(50, 58)),
        longitude=float(rng.uniform(-5, 1)),
        status=Status.ACTIVE,
        seller_id=f"seller {rng.integers(2000)}",
        photos=photos,
    )
    return EncodedListing(listing, unit(rng, 1, DIMENSIONS[0])[0], unit(rng, 2, DIMENSIONS[1]))


def drawn_taste(index: MarketIndex, visits: int, rng: np.random.Generator) -> ShopperTaste:
    """A shopper of five interests."""
    ids = tuple(dict.fromkeys(index.columns.listing_ids[row] for row in rng.integers(0, len(index), visits)))
    texts, photos = unit(rng, 5, DIMENSIONS[0]), unit(rng, 5, DIMENSIONS[1])
    interests = tuple(Interest(0.2, ids[i], ids[i : i + 1], texts[i], photos[i]) for i in range(5))
    leaning = PriceLeaning(3.0, 0.7, visits)
    return ShopperTaste(
        visits=ids,
        strengths=tuple(1.0 for _ in ids),
        interests=interests,
        roots={f"root {i}": 0.25 for i in range(4)},
        leaves={f"root {i} / leaf {i}": 0.25 for i in range(4)},
        price=leaning,
        price_by_root={"root 1": leaning},
    )


def drawn_asking(
    index: MarketIndex, taste: PlacedTaste, rng: np.random.Generator
) -> tuple[RankedList, Asking]:
    """A question that 5,000 words and 200 vectors match."""
    found = rng.choice(len(index), 5000, replace=False)
    keywords = RankedList(found, np.linspace(20, 1, 5000).astype(np.float32))
    text = RankedList(found[:200][::-1].copy(), np.linspace(0.9, 0.3, 200).astype(np.float32))
    ranked = RankedList(found[:CANDIDATES], np.linspace(0.03, 0.01, CANDIDATES).astype(np.float32))
    return ranked, Asking("thing words", Candidates({"keywords": keywords, "text": text}), taste)


def drawn_trees(count: int, rng: np.random.Generator) -> lgb.Booster:
    """Trees on random clicks."""
    table = rng.normal(size=(4000, len(FEATURES)))
    data = lgb.Dataset(table, rng.random(4000) < 0.2, group=[20] * 200, feature_name=list(FEATURES))
    settings: dict[str, Any] = {"objective": "lambdarank", "num_leaves": 15, "verbose": -1, "num_threads": 1}
    return lgb.train(settings, data, count)


def unit(rng: np.random.Generator, count: int, dimension: int) -> np.ndarray:
    """(count, dimension) random unit vectors."""
    vectors = rng.normal(size=(count, dimension)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


if __name__ == "__main__":
    main()
