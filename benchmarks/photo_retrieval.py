"""Whether a photo finds the other photos of its listing, among all photos of an indexed market.

    python benchmarks/photo_retrieval.py --home DIR [--json]

Query: every photo of each listing that has another photo. Gallery: all other photos, byte-identical copies of
the query removed. Recall@k counts a query as found if any photo of its listing is among the first k.
Measured: the features as the index has them (square root, whitening), the frozen network's features as they
come, and random vectors. Intervals and tests draw whole listings, whose photos hang together.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bowerbird.assembly import open_stores
from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.whitening import Whitening
from bowerbird.errors import BowerbirdError
from bowerbird.evaluation.report import Figure, measure, table
from bowerbird.evaluation.same_group import SameGroupRanks, same_group_ranks
from bowerbird.settings import load_settings

KS = (1, 5, 10)
BASELINE = "plain features"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True, help="the workspace of an indexed market")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        features, listings, contents = _photos(given.home)
        ranks = {
            name: same_group_ranks(vectors, listings, contents)
            for name, vectors in _systems(features, load_settings(given.home).encoders.whitened_dimension)
        }
        figures = _figures(ranks, listings)
    except BowerbirdError as error:
        print(f"error: {error.message}", file=sys.stderr)
        return error.exit_code
    if given.json:
        print(json.dumps({"photos": len(features), "figures": [figure.as_json() for figure in figures]}))
        return 0
    print(f"{len(features):,} photos, {figures[0].queries:,} of them queries\n")
    print(table(figures))
    return 0


def _photos(home: Path) -> tuple[Vectors, NDArray[np.int64], NDArray[np.int64]]:
    """(n, f) raw features, and the listing and the content of each photo as codes."""
    stores = open_stores(load_settings(home))
    owners, hashes = [], []
    for batch in stores.catalogue.scan():
        for listing in batch:
            owners += [listing.listing_id] * len(listing.photos)
            hashes += [photo.content_hash for photo in listing.photos]
    _, listings = np.unique(owners, return_inverse=True)
    _, contents = np.unique(hashes, return_inverse=True)
    return stores.vectors.features(hashes), listings.astype(np.int64), contents.astype(np.int64)


def _systems(features: Vectors, dimension: int) -> list[tuple[str, Vectors]]:
    whitening = Whitening.fit(features, dimension)
    random = np.random.default_rng(0).normal(size=(len(features), dimension)).astype(np.float32)
    return [
        ("whitened features", whitening.apply(features)),
        (BASELINE, _unit(features)),
        ("random vectors", _unit(random)),
    ]


def _unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def _figures(ranks: dict[str, SameGroupRanks], listings: NDArray[np.int64]) -> list[Figure]:
    plain = ranks[BASELINE]
    return [
        measure(
            f"R@{k}",
            system,
            found.found(k),
            seed=0,
            groups=listings[found.queries],
            baseline=None if system == BASELINE else (BASELINE, plain.found(k)),
        )
        for k in KS
        for system, found in ranks.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
