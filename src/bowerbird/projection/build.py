"""A new index generation, whole, from the catalogue and the embedding stores."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bowerbird.encoding.whitening import Whitening
from bowerbird.indexing.faiss_index import FaissIndex
from bowerbird.indexing.keyword_index import KeywordIndex
from bowerbird.indexing.market_index import EncodedListing, IndexSettings, MarketIndex
from bowerbird.retrieval.cutoff import Background, Cutoff, calibrated_cutoff
from bowerbird.retrieval.nonsense import nonsense_queries
from bowerbird.storage.catalogue import Catalogue
from bowerbird.storage.generations import Generation, Generations
from bowerbird.storage.listing_vectors import ListingVectors

BATCH = 2000
PHOTOS_FOR_WHITENING = 50_000
NONSENSE_QUERIES = 1000
WHITENING_FOLDER = "whitening"


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

    @property
    def encoders(self) -> dict[str, str]:
        """Fingerprints of the encoders, as a manifest keeps them."""
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
        return _built(staged, stores, settings, progress)
    except BaseException:  # whatever it was: half a generation is worth nothing
        stores.generations.discard(staged)
        raise


def _built(
    staged: Path, stores: Stores, settings: ProjectionSettings, progress: Callable[[int], None] | None
) -> Generation:
    revision = stores.catalogue.revision()
    whitening = _fitted_whitening(stores, settings.whitened_dimension)
    (staged / WHITENING_FOLDER).mkdir()
    whitening.save(staged / WHITENING_FOLDER)
    dimensions = (stores.vectors.text_encoder.dimension, whitening.dimension)
    batches = _encoded_batches(stores, whitening, progress)
    counts = MarketIndex.build(staged, batches, dimensions, settings.index)
    cutoff = _calibrated(staged, stores.vectors, settings)
    generation = stores.generations.publish(
        staged,
        revision=revision,
        encoders=stores.encoders,
        counts=counts,
        cutoff={"strength": cutoff.strength, "floor": cutoff.floor},
    )
    stores.generations.prune(keep=settings.keep_generations)
    return generation


def _encoded_batches(
    stores: Stores, whitening: Whitening, progress: Callable[[int], None] | None
) -> Iterator[list[EncodedListing]]:
    for listings in stores.catalogue.scan(BATCH):
        stores.vectors.encode_missing(listings)
        yield stores.vectors.encoded(listings, whitening)
        if progress:
            progress(len(listings))


def _fitted_whitening(stores: Stores, dimension: int) -> Whitening:
    """Fitted on the market's own photos, each once; an even sample of them where they are very many."""
    hashes: dict[str, None] = {}
    for listings in stores.catalogue.scan(BATCH):
        hashes.update(dict.fromkeys(photo.content_hash for listing in listings for photo in listing.photos))
        stores.vectors.encode_missing(listings)
    chosen = sorted(hashes)[:: max(1, len(hashes) // PHOTOS_FOR_WHITENING)]
    return Whitening.fit(stores.vectors.features(chosen), dimension)


def _calibrated(staged: Path, vectors: ListingVectors, settings: ProjectionSettings) -> Cutoff:
    """The dense cut-off of this market: nonsense, made of no known word, must find nothing."""
    texts = FaissIndex.load(staged / "texts")
    if not len(texts):
        return Cutoff(strength=0.0, floor=settings.text_floor)
    knows = KeywordIndex.open(staged / "keywords").knows
    queries = nonsense_queries(NONSENSE_QUERIES, knows, np.random.default_rng(0))
    embedded = vectors.text_encoder.encode(queries)
    background = Background.of(len(texts), texts.vectors)
    top_scores, _ = texts.search(embedded, 1)
    pairs = zip(embedded, top_scores, strict=True)
    strengths = np.concatenate([background.strengths(query, scores) for query, scores in pairs])
    if not np.isfinite(strengths).all():  # too small a market to have a background
        return Cutoff(strength=0.0, floor=settings.text_floor)
    return calibrated_cutoff(strengths, settings.found_nothing, settings.text_floor)
