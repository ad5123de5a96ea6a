"""Whether a photo finds the other photos of its listing, and words photos, among an indexed market's.

    python benchmarks/photo_retrieval.py --home DIR [--json]

Same-listing photo: the queries are the photos of held-out listings with another photo; the gallery is all
other photos of the market, byte-identical copies of the query removed. A query counts as found at k if any
photo of its listing is among the first k. Measured: the listing encoder in use, if any, as it is served; the
features whitened as an index without one has them; the last layer of the packaged network alone, whitened;
plain features; random vectors.

Title to photo (words to photo, photo to words): held-out listings as a whole, in the order of their ids'
SHA-256, until 1,847 photos are reached; a query is found at k if any photo of its listing is among the first
k of these. Intervals and tests draw whole groups of duplicates, whose photos hang together.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bowerbird.assembly import open_stores
from bowerbird.encoding.text_encoder import unit_rows
from bowerbird.errors import BowerbirdError
from bowerbird.evaluation.report import Figure, table
from bowerbird.settings import Settings, load_settings
from bowerbird.training.listing_figures import (
    CHANCE,
    SAME,
    TEXT,
    TITLE,
    Retrieval,
    chance_vectors,
    figures_of,
    learned_retrievals,
    same_listing,
    whitened_systems,
)
from bowerbird.training.photo_levels import last_layer_width
from bowerbird.training.training_data import Part, TrainingData, load_training_data

PLAIN = "plain features"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True, help="the workspace of an indexed market")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        settings = load_settings(given.home)
        data = load_training_data(settings)
        retrievals = _retrievals(settings, data)
    except BowerbirdError as error:
        print(f"error: {error.message}", file=sys.stderr)
        return error.exit_code
    figures = [figure for name, retrieval in retrievals.items() for figure in figures_of(name, retrieval)]
    if given.json:
        print(json.dumps({"photos": len(data.features), "figures": [one.as_json() for one in figures]}))
        return 0
    print(f"{len(data.features):,} photos\n")
    print(_tables(retrievals, figures))
    return 0


def _retrievals(settings: Settings, data: TrainingData) -> dict[str, Retrieval]:
    last_layer = last_layer_width(settings.encoders.photo_backbone)
    systems = whitened_systems(data, last_layer, settings.encoders.whitened_dimension)
    systems |= {PLAIN: unit_rows(data.features), CHANCE: chance_vectors(data, data.seed)[1]}
    stores = open_stores(settings)
    try:
        encoder = stores.listing_encoders.active()
        if encoder is None:
            return {SAME: same_listing(data, systems, Part.TEST)}
        titles = stores.vectors.text_encoder.encode([listing.title for listing in data.listings])
    finally:
        stores.close()
    words = {TITLE: encoder.texts(titles), TEXT: encoder.texts(data.texts)}
    return learned_retrievals(data, encoder.photos(data.features), words, systems)


def _tables(retrievals: dict[str, Retrieval], figures: Sequence[Figure]) -> str:
    parts = []
    for name, retrieval in retrievals.items():
        own = [figure for figure in figures if figure.name.startswith(f"{name} R@")]
        parts.append(f"{name}: {len(np.unique(retrieval.groups)):,} groups\n{table(own)}")
    return "\n\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
