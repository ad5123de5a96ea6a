"""How much of the exact answer the approximate vector index finds, how fast, and in how much memory.

    python benchmarks/ann_recall.py [--rows 1000000] [--dimension 256] [--kind auto] [--json]

The vectors are made like the embeddings of things for sale: a mixture of Gaussians on the unit sphere. Kinds
of things (one cluster for 250 rows, their sizes falling like a power law) lie around broader groups (one for
50 clusters) in a subspace of a quarter of the dimensions, and each thing lies about its kind in all
dimensions, at a cosine near 0.9. Queries are new draws of the same mixture.

Filters are a random tenth and hundredth of the rows, and a tenth of the clusters: there most queries have no
allowed neighbour close by, which is the hardest case of a category filter.
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.indexing.exact_index import ExactIndex
from bowerbird.indexing.faiss_index import FaissIndex
from bowerbird.indexing.vector_index import Mask, Vectors
from bowerbird.indexing.vector_index_settings import Kind, VectorIndexSettings

K = 10
ROWS_PER_CLUSTER = 250
CLUSTERS_PER_GROUP = 50
CHUNK = 65_536


class Mixture:
    """A mixture of Gaussians on the unit sphere, drawn with one generator."""

    def __init__(self, rows: int, dimension: int, rng: np.random.Generator) -> None:
        clusters = max(20, rows // ROWS_PER_CLUSTER)
        rank = dimension // 4
        basis = np.linalg.qr(rng.standard_normal((dimension, rank)))[0].T
        groups = rng.standard_normal((max(2, clusters // CLUSTERS_PER_GROUP), rank))
        centres = groups[rng.integers(0, len(groups), clusters)] + rng.standard_normal((clusters, rank))
        self.centres = _unit(centres @ basis).astype(np.float32)
        weights = rng.permutation(1.0 / np.arange(10, clusters + 10) ** 0.5)
        self.weights = weights / weights.sum()
        self.rng = rng

    def draw(self, count: int) -> tuple[Vectors, NDArray[np.int64]]:
        """(count, d) unit vectors and the cluster of each."""
        clusters = self.rng.choice(len(self.centres), count, p=self.weights)
        noise = self.rng.standard_normal((count, self.centres.shape[1]), np.float32)
        noise *= np.float32(0.5 / np.sqrt(self.centres.shape[1]))
        return _unit(self.centres[clusters] + noise), clusters


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    started = time.perf_counter()
    rng = np.random.default_rng(arguments.seed)
    mixture = Mixture(arguments.rows, arguments.dimension, rng)
    with tempfile.TemporaryDirectory() as folder:
        vectors, clusters = _vectors(mixture, arguments.rows, Path(folder) / "made.npy")
        queries, _ = mixture.draw(arguments.queries)
        index, figures = _built(vectors, arguments.kind, Path(folder))
        exact = ExactIndex.of(vectors, np.float16)
        figures["filters"] = {
            name: _measured(index, exact, queries, allowed)
            for name, allowed in _filters(clusters, rng).items()
        }
    figures |= {"rows": arguments.rows, "dimension": arguments.dimension, "seed": arguments.seed}
    figures["seconds_in_all"] = round(time.perf_counter() - started, 1)
    print(json.dumps(_reported(figures), indent=1) if arguments.json else _table(figures))


def _reported(measured: dict[str, Any]) -> dict[str, Any]:
    """The measurements in the form of benchmarks/results: a row a filter, a column a figure."""
    about = f"{measured['rows']:,} x {measured['dimension']}"
    rows = [
        {"name": f"{about}, filter: {name}", "system": figure.replace("_", " "), "value": value}
        for name, row in measured["filters"].items()
        for figure, value in row.items()
    ]
    return {**measured, "figures": rows}


def _built(vectors: NDArray[np.float16], kind: Kind, folder: Path) -> tuple[FaissIndex, dict[str, Any]]:
    before = _resident_mb()
    started = time.perf_counter()
    index = FaissIndex.build(vectors, VectorIndexSettings(kind=kind))
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (folder / "index").mkdir()
    index.save(folder / "index")
    size = (folder / "index" / "index.faiss").stat().st_size
    return FaissIndex.load(folder / "index"), {
        "kind": index.kind,
        "build_seconds": round(seconds, 1),
        "build_peak_mb": round(peak - before),
        "index_mb": round(size / 1e6, 1),
        "memory_map_mb": round(vectors.nbytes / 1e6, 1),
    }


def _measured(
    index: FaissIndex, exact: ExactIndex, queries: Vectors, allowed: Mask | None
) -> dict[str, float]:
    _, expected = exact.search(queries, K, allowed)
    index.search(queries[:1], K, allowed)
    found, milliseconds = [], []
    for query in queries:
        started = time.perf_counter()
        found.append(index.search(query[None], K, allowed)[1][0])
        milliseconds.append(1000 * (time.perf_counter() - started))
    hits = sum(len(set(a.tolist()) & set(b.tolist())) for a, b in zip(found, expected, strict=True))
    return {
        f"recall_at_{K}": round(hits / expected.size, 4),
        "p50_ms": round(float(np.percentile(milliseconds, 50)), 2),
        "p99_ms": round(float(np.percentile(milliseconds, 99)), 2),
    }


def _filters(clusters: NDArray[np.int64], rng: np.random.Generator) -> dict[str, Mask | None]:
    shut = rng.random(int(clusters.max()) + 1)
    return {
        "none": None,
        "random 10%": rng.random(len(clusters)) < 0.1,
        "random 1%": rng.random(len(clusters)) < 0.01,
        "10% of the clusters": shut[clusters] < 0.1,
    }


def _vectors(mixture: Mixture, rows: int, path: Path) -> tuple[NDArray[np.float16], NDArray[np.int64]]:
    shape = (rows, mixture.centres.shape[1])
    made = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=shape)
    clusters = np.empty(rows, np.int64)
    for start in range(0, rows, CHUNK):
        part = slice(start, min(start + CHUNK, rows))
        made[part], clusters[part] = mixture.draw(part.stop - part.start)
    made.flush()
    return np.load(path, mmap_mode="r", allow_pickle=False), clusters


def _unit(vectors: NDArray[Any]) -> NDArray[Any]:
    unit: NDArray[Any] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def _table(figures: dict[str, Any]) -> str:
    built = (
        f"{figures['kind']}: built in {figures['build_seconds']} s (peak {figures['build_peak_mb']} MB more)"
    )
    sizes = f"index {figures['index_mb']} MB and a memory map of {figures['memory_map_mb']} MB"
    header = f"{'filter':<22}{'recall@10':>10}{'p50 ms':>9}{'p99 ms':>9}"
    lines = [f"{figures['rows']:,} x {figures['dimension']}, {built}, {sizes}", header]
    for name, row in figures["filters"].items():
        lines.append(f"{name:<22}{row['recall_at_10']:>10.3f}{row['p50_ms']:>9.2f}{row['p99_ms']:>9.2f}")
    return "\n".join(lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--dimension", type=int, default=256)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--kind", default="auto", choices=("auto", "flat", "hnsw", "ivf"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
