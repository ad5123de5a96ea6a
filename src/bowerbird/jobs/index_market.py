"""Encode what is not encoded, here or on a cluster, and build an index generation of the whole catalogue."""

from contextlib import closing
from dataclasses import dataclass
from typing import Any

from bowerbird.assembly import open_catalogue, open_stores
from bowerbird.jobs.backbones import ensure_backbones
from bowerbird.progress import Progress
from bowerbird.projection.build import Stores, build_generation
from bowerbird.settings import Settings
from bowerbird.stages import projection_settings
from bowerbird.storage.listing_vectors import EncodedCounts
from bowerbird.workers.connection import cluster_at
from bowerbird.workers.encoding import encode_on

BATCH = 1000


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What an index run did."""

    listings: int
    photos: int
    encoded: EncodedCounts
    generation: str
    revision: int

    def payload(self) -> dict[str, Any]:
        """The report as JSON."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {**fields, "encoded": {"texts": self.encoded.texts, "photos": self.encoded.photos}}


def encode_market(settings: Settings, progress: Progress, *, on: str | None = None) -> EncodedCounts:
    """Encode every text and photo of the catalogue that no store holds; a run that was cut short goes on.

    Args:
        settings: of the home.
        progress: told the steps, and how many vectors were stored.
        on: the address of a Ray cluster that encodes; None is this process. The vectors are the same.
    """
    with closing(_prepared(settings, progress)) as stores:
        return _encode(stores, progress, on)


def index_market(settings: Settings, progress: Progress, *, on: str | None = None) -> IndexReport:
    """Encode what is missing, then build and publish a generation; a running server takes it up."""
    with closing(_prepared(settings, progress)) as stores:
        encoded = _encode(stores, progress, on)
        progress.step("indexing", len(stores.catalogue))
        generation = build_generation(stores, projection_settings(settings), progress.advance)
    counts = generation.manifest.counts
    return IndexReport(
        counts["listings"], counts["photos"], encoded, generation.name, generation.manifest.revision
    )


def _prepared(settings: Settings, progress: Progress) -> Stores:
    open_catalogue(settings).close()  # a home that is not there is said before networks are exported into it
    progress.step("exporting networks", None)
    ensure_backbones(settings)
    return open_stores(settings)


def _encode(stores: Stores, progress: Progress, on: str | None) -> EncodedCounts:
    vectors, batches = stores.vectors, stores.catalogue.scan(BATCH)
    if on is None:
        progress.step("encoding", _missing(stores))
        return vectors.encode_batches(batches, vectors.encode_here, progress.advance)
    with cluster_at(on, progress) as cluster:
        progress.step("encoding", _missing(stores))
        return vectors.encode_batches(batches, encode_on(cluster, vectors), progress.advance)


def _missing(stores: Stores) -> int:
    """How many vectors are missing; a photo that two batches share counts twice, for it is only a display."""
    return sum(len(stores.vectors.missing(listings)) for listings in stores.catalogue.scan(BATCH))
