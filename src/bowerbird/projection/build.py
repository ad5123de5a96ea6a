"""A new index generation, whole, from the catalogue and the embedding stores.

Its photo vectors come from the listing encoder in use, which the manifest names; where none is, from a
whitening that is fitted on the market's photos and kept in the generation.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bowerbird.encoding.photo_embedder import PhotoEmbedder
from bowerbird.encoding.whitening import Whitening
from bowerbird.indexing.market_index import EncodedListing, IndexSettings, MarketIndex
from bowerbird.indexing.milvus_settings import collections_below, collections_of
from bowerbird.projection.calibration import calibrated_cutoffs
from bowerbird.storage.catalogue import Catalogue
from bowerbird.storage.generations import Generation, Generations
from bowerbird.storage.listing_encoders import ListingEncoders
from bowerbird.storage.listing_vectors import ListingVectors

BATCH = 2000
PHOTOS_FOR_WHITENING = 50_000
WHITENING_FOLDER = "whitening"
LISTING = "listing"  # its fingerprint's name among a manifest's encoders


@dataclass(frozen=True, slots=True)
class ProjectionSettings:
    """How generations are built, and when a new one is due."""

    index: IndexSettings
    whitened_dimension: int
    found_nothing: float
    text_floor: float
    compact_after: float
    compact_after_rows: int
    keep_generations: int
    poll_seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Stores:
    """The truth and the vectors that a generation is made from, and where generations are kept."""

    catalogue: Catalogue
    vectors: ListingVectors
    generations: Generations
    listing_encoders: ListingEncoders

    @property
    def encoders(self) -> dict[str, str]:
        """Fingerprints of the frozen encoders, as a manifest keeps them."""
        return {
            "text": self.vectors.text_encoder.fingerprint,
            "photo": self.vectors.photo_encoder.fingerprint,
        }

    def close(self) -> None:
        """Let go of the databases."""
        self.catalogue.close()
        self.vectors.close()


def build_generation(
    stores: Stores, settings: ProjectionSettings, progress: Callable[[int], None] | None = None
) -> Generation:
    """Build, verify and publish a generation of everything in the catalogue.

    What changes meanwhile has a later revision than the manifest's and is replayed when it is opened.
    """
    staged = stores.generations.stage()
    try:
        generation = _built(staged, stores, settings, progress)
    except BaseException:  # whatever it was: half a generation is worth nothing
        unfinished = collections_of(staged)
        stores.generations.discard(staged)
        settings.index.storage.drop(unfinished)
        raise
    settings.index.storage.point_aliases(generation.folder)
    before = collections_below(staged.parent)
    stores.generations.prune(keep=settings.keep_generations)
    # Looked for twice: a folder that another process renames meanwhile may be missed once.
    kept = collections_below(staged.parent) | collections_below(staged.parent)
    settings.index.storage.drop(before - kept)
    return generation


def _built(
    staged: Path, stores: Stores, settings: ProjectionSettings, progress: Callable[[int], None] | None
) -> Generation:
    revision = stores.catalogue.revision()
    listing = stores.listing_encoders.active()
    embedder = PhotoEmbedder(
        stores.vectors.photo_encoder, listing or _saved_whitening(staged, stores, settings)
    )
    text_encoder = stores.vectors.text_encoder
    dimensions = (text_encoder.dimension, embedder.dimension)
    batches = _encoded_batches(stores, embedder, progress)
    counts = MarketIndex.build(staged, batches, dimensions, settings.index)
    return stores.generations.publish(
        staged,
        revision=revision,
        encoders=stores.encoders | ({LISTING: listing.fingerprint} if listing else {}),
        counts=counts,
        cutoff=calibrated_cutoffs(
            staged,
            settings.index.storage.load,
            text_encoder,
            listing,
            settings.found_nothing,
            settings.text_floor,
        ),
    )


def _encoded_batches(
    stores: Stores, embedder: PhotoEmbedder, progress: Callable[[int], None] | None
) -> Iterator[list[EncodedListing]]:
    for listings in stores.catalogue.scan(BATCH):
        stores.vectors.encode_missing(listings)
        yield stores.vectors.encoded(listings, embedder.of_features)
        if progress:
            progress(len(listings))


def _saved_whitening(staged: Path, stores: Stores, settings: ProjectionSettings) -> Whitening:
    """Fitted on the market's own photos, each once; an even sample of them where they are very many."""
    hashes: dict[str, None] = {}
    for listings in stores.catalogue.scan(BATCH):
        hashes.update(dict.fromkeys(photo.content_hash for listing in listings for photo in listing.photos))
        stores.vectors.encode_missing(listings)
    chosen = sorted(hashes)[:: max(1, len(hashes) // PHOTOS_FOR_WHITENING)]
    whitening = Whitening.fit(stores.vectors.features(chosen), settings.whitened_dimension)
    (staged / WHITENING_FOLDER).mkdir()
    whitening.save(staged / WHITENING_FOLDER)
    return whitening
