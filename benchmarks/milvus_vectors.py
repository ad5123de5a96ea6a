"""What vectors cost in a Milvus server, and how fast and how well it answers from there.

    python benchmarks/milvus_vectors.py URI [--rows 100000] [--dimension 384] [--index HNSW] [--pid PID]

The vectors are those of ann_recall.py. A random tenth of the rows is 'cheap': that filter goes to the server
as a condition on the price; the same rows as a bare bitmap, of which it knows nothing, have to be found among
ten times as many candidates. With --pid, the memory of the server's process is read before and after.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ann_recall import K, Mixture
from bowerbird.indexing.exact_index import ExactIndex
from bowerbird.indexing.milvus_collection import version_of
from bowerbird.indexing.milvus_expression import facts_of
from bowerbird.indexing.milvus_index import MilvusIndex, MilvusIndexBuilder
from bowerbird.indexing.milvus_settings import MilvusSettings
from bowerbird.indexing.vector_index import Mask, Vectors, Within
from bowerbird.market.conditions import Between
from bowerbird.market.listing import Listing, Price
from bowerbird.market.listing_columns import ListingColumns

CHUNK = 10_000
CHEAP = 100  # pence
INDEXES: dict[str, dict[str, Any]] = {
    "FLAT": {"index_parameters": {}},
    "HNSW": {"index_parameters": {"M": 16, "efConstruction": 200}},
    "IVF_FLAT": {"index_parameters": {"nlist": 1024}, "search_parameters": {"nprobe": 32}},
    "IVF_SQ8": {"index_parameters": {"nlist": 1024}, "search_parameters": {"nprobe": 32}},
}


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    settings = MilvusSettings(
        arguments.uri, prefix="benchmark", index_type=arguments.index, **INDEXES[arguments.index]
    )
    rng = np.random.default_rng(arguments.seed)
    mixture = Mixture(arguments.rows, arguments.dimension, rng)
    vectors = mixture.draw(arguments.rows)[0].astype(np.float16)
    queries, _ = mixture.draw(arguments.queries)
    cheap = rng.random(arguments.rows) < 0.1
    figures: dict[str, Any] = {"server": version_of(settings), "index": arguments.index}
    with tempfile.TemporaryDirectory() as folder:
        before = _resident_mb(arguments.pid)
        figures |= _built(vectors, cheap, Path(folder), settings)
        index = MilvusIndex.load(Path(folder), settings)
    try:
        figures["bytes_a_vector"] = round((_resident_mb(arguments.pid) - before) * 1e6 / arguments.rows)
        exact = ExactIndex.of(vectors, np.float16)
        figures["none"] = _measured(index, exact, queries, None, None)
        by_price: Within = lambda: [Between("price_minor", 0, CHEAP)]  # noqa: E731  a protocol's shape
        figures["price, as a condition"] = _measured(index, exact, queries, cheap, by_price)
        figures["price, as a bitmap"] = _measured(index, exact, queries, cheap, None)
    finally:
        index.collection.drop()
    figures |= {"rows": arguments.rows, "dimension": arguments.dimension, "seed": arguments.seed}
    print(json.dumps(figures, indent=1))


def _built(
    vectors: NDArray[np.float16], cheap: Mask, folder: Path, settings: MilvusSettings
) -> dict[str, float]:
    columns = ListingColumns()
    for row, is_cheap in enumerate(cheap.tolist()):
        columns.append(Listing(str(row), "sofa", price=Price(CHEAP if is_cheap else 2 * CHEAP, "GBP")))
    builder = MilvusIndexBuilder(folder, "texts", vectors.shape[1], settings)
    started = time.perf_counter()
    for start in range(0, len(vectors), CHUNK):
        rows = np.arange(start, min(start + CHUNK, len(vectors)))
        builder.add(vectors[rows], facts_of(columns, rows))
    inserted = time.perf_counter()
    builder.finish()
    sealed = time.perf_counter()
    return {
        "inserted_a_second": round(len(vectors) / (inserted - started)),
        "sealed_in_seconds": round(sealed - inserted, 1),
    }


def _measured(
    index: MilvusIndex, exact: ExactIndex, queries: Vectors, allowed: Mask | None, within: Within | None
) -> dict[str, float]:
    _, expected = exact.search(queries, K, allowed)
    index.search(queries[:1], K, allowed, within)
    hits, milliseconds = 0, []
    for query, wanted in zip(queries, expected, strict=True):
        started = time.perf_counter()
        found = index.search(query[None], K, allowed, within)[1][0]
        milliseconds.append(1000 * (time.perf_counter() - started))
        hits += len(set(found.tolist()) & set(wanted.tolist()))
    return {
        f"recall_at_{K}": round(hits / expected.size, 4),
        "p50_ms": round(float(np.percentile(milliseconds, 50)), 2),
        "p99_ms": round(float(np.percentile(milliseconds, 99)), 2),
    }


def _resident_mb(pid: int | None) -> float:
    if pid is None:
        return 0.0
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    resident = next(line for line in lines if line.startswith("RssAnon"))
    return int(resident.split()[1]) / 1000


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("uri")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--index", choices=INDEXES, default="HNSW")
    parser.add_argument("--pid", type=int, default=None)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
