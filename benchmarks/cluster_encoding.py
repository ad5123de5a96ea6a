"""How many texts and photos a second a Ray cluster encodes beside a job here, and if the bits are the same.

    python benchmarks/cluster_encoding.py --home DIR [--listings 600] [--json]

The cluster's nodes are on this machine, with one processor each: on two processors, two nodes can at best do
what the job here does with both. So this measures what it costs to send batches, and not what machines add.
Times are of jobs whole, with the networks' loading; connecting to the cluster is beside them. In the last run
a node is killed at the first vectors that arrive, and another joins.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from ray.cluster_utils import Cluster

from bowerbird.assembly import open_stores
from bowerbird.errors import BowerbirdError
from bowerbird.jobs.index_market import BATCH
from bowerbird.market.listing import Listing
from bowerbird.settings import load_settings
from bowerbird.storage.embedding_store import EmbeddingStore
from bowerbird.storage.listing_vectors import Encode, EncodedCounts, ListingVectors
from bowerbird.workers.encoding import encode_on
from bowerbird.workers.ray_cluster import ray_cluster

RATE, JOB, CONNECTING, SAME = "vectors a second", "seconds of the job", "seconds to connect", "the same bits"
STORE_BYTES = 600_000_000
HOST = "127.0.0.2"  # Ray replaces 127.0.0.1 by a name that others can reach


@dataclass(frozen=True, slots=True)
class Figure:
    """`name` is the line of docs/figures.md, `system` the column."""

    name: str
    system: str
    value: float


@dataclass(frozen=True, slots=True)
class Market:
    """What is encoded: the first listings of a home, into stores that are thrown away."""

    vectors: ListingVectors
    listings: list[Listing]

    def encoded(
        self, encode: Encode, on_first: Callable[[], None]
    ) -> tuple[float, EncodedCounts, list[bytes]]:
        """Seconds, counts, and every vector's bits in the order of the keys."""
        with tempfile.TemporaryDirectory() as folder:
            vectors = replace(
                self.vectors,
                text_store=_emptied(self.vectors.text_store, Path(folder)),
                feature_store=_emptied(self.vectors.feature_store, Path(folder)),
            )
            missing = vectors.missing(self.listings)
            batches = [self.listings[at : at + BATCH] for at in range(0, len(self.listings), BATCH)]
            told: list[int] = []

            def progress(_done: int) -> None:
                if not told:
                    on_first()
                told.append(1)

            began = time.perf_counter()
            counts = vectors.encode_batches(batches, encode, progress)
            seconds = time.perf_counter() - began
            with closing(vectors):
                texts, photos = sorted(missing.texts), sorted(missing.photos)
                bits = [vectors.text_store.get(texts).tobytes(), vectors.feature_store.get(photos).tobytes()]
        return seconds, counts, bits


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--home", type=Path, required=True, help="an imported market whose networks are exported"
    )
    parser.add_argument("--listings", type=int, default=600, help="how many of it are encoded")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        with closing(open_stores(load_settings(given.home))) as stores:
            scanned = (listing for batch in stores.catalogue.scan(BATCH) for listing in batch)
            market = Market(stores.vectors, list(islice(scanned, given.listings)))
            figures = list(_measured(market))
    except BowerbirdError as error:
        print(f"error: {error.message}", file=sys.stderr)
        return error.exit_code
    if given.json:
        print(json.dumps({"listings": given.listings, "figures": [asdict(figure) for figure in figures]}))
    else:
        for figure in figures:
            print(f"{figure.name:<22}{figure.value:>10.4g} {figure.system}")
    return 0


def _measured(market: Market) -> Iterator[Figure]:
    market.encoded(market.vectors.encode_here, _nothing)  # a first run reads files and compiles
    seconds, counts, here = market.encoded(market.vectors.encode_here, _nothing)
    yield from _figures("here", seconds, counts)
    with _cluster() as cluster:
        first = cluster.add_node(num_cpus=1, **_arguments())
        yield from _on(cluster, market, here, "one node of one processor", _nothing)
        cluster.add_node(num_cpus=1, **_arguments())
        yield from _on(cluster, market, here, "two nodes", _nothing)

        def kill_one() -> None:
            cluster.remove_node(first, allow_graceful=False)
            cluster.add_node(num_cpus=1, **_arguments())

        yield from _on(cluster, market, here, "two nodes, one killed and replaced", kill_one)


def _on(
    cluster: Cluster, market: Market, here: list[bytes], system: str, on_first: Callable[[], None]
) -> Iterator[Figure]:
    began = time.perf_counter()
    with ray_cluster(str(cluster.address)) as connected:
        connecting = time.perf_counter() - began
        seconds, counts, bits = market.encoded(encode_on(connected, market.vectors), on_first)
    yield from _figures(system, seconds, counts)
    yield Figure(CONNECTING, system, round(connecting, 1))
    yield Figure(SAME, system, float(bits == here))


def _figures(system: str, seconds: float, counts: EncodedCounts) -> Iterator[Figure]:
    yield Figure(RATE, system, round((counts.texts + counts.photos) / seconds, 1))
    yield Figure(JOB, system, round(seconds, 1))


@contextmanager
def _cluster() -> Iterator[Cluster]:
    """One whose first node does no work."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing is sent to anybody
    head = {"num_cpus": 0, "include_dashboard": False, **_arguments()}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        yield cluster
    finally:
        cluster.shutdown()  # type: ignore[no-untyped-call] # Ray gives no types


def _arguments() -> dict[str, Any]:
    return {"node_ip_address": HOST, "object_store_memory": STORE_BYTES}


def _emptied(store: EmbeddingStore, folder: Path) -> EmbeddingStore:
    return EmbeddingStore(folder, store.fingerprint, store.dimension)


def _nothing() -> None:
    """What is done at the first vectors of most runs."""


if __name__ == "__main__":
    sys.exit(main())
