"""Encode what is not encoded, and build a new index generation of the whole catalogue."""

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


def encode_market(settings: Settings, progress: Progress) -> EncodedCounts:
    """Encode every text and photo of the catalogue that no store holds; a run that was cut short goes on."""
    with closing(_prepared(settings, progress)) as stores:
        return _encode(stores, progress)


def index_market(settings: Settings, progress: Progress) -> IndexReport:
    """Encode what is missing, then build and publish a generation; a running server takes it up."""
    with closing(_prepared(settings, progress)) as stores:
        encoded = _encode(stores, progress)
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


def _encode(stores: Stores, progress: Progress) -> EncodedCounts:
    progress.step("encoding", _missing(stores))
    done = EncodedCounts()
    for listings in stores.catalogue.scan(BATCH):
        done += stores.vectors.encode_missing(listings, progress.advance)
    return done


def _missing(stores: Stores) -> int:
    """How many vectors are missing; a photo that two batches share counts twice, for it is only a display."""
    counts = (map(len, stores.vectors.missing(listings)) for listings in stores.catalogue.scan(BATCH))
    return sum(map(sum, counts))
