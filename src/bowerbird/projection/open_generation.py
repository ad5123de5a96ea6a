"""A generation in memory: its index, open to changes, with what belongs to it alone."""

from dataclasses import dataclass
from pathlib import Path

from bowerbird.encoding.photo_embedder import PhotoEmbedder
from bowerbird.encoding.whitening import Whitening
from bowerbird.errors import MismatchError
from bowerbird.indexing.market_index import MarketIndex
from bowerbird.projection.build import WHITENING_FOLDER, ProjectionSettings, Stores
from bowerbird.retrieval.cutoff import Background, Cutoff
from bowerbird.storage.generations import Generation

REPLAYED_AT_ONCE = 500


@dataclass(slots=True, eq=False)
class OpenGeneration:
    """An index at a revision; `catch_up` is called by one thread at a time."""

    generation: Generation
    index: MarketIndex
    whitening: Whitening
    photo_embedder: PhotoEmbedder
    text_background: Background
    photo_background: Background
    text_cutoff: Cutoff
    revision: int
    working_copy: Path
    uncommitted: bool = False

    @classmethod
    def open(cls, generation: Generation, stores: Stores, settings: ProjectionSettings) -> "OpenGeneration":
        """Load a generation, without what came after it.

        Raises:
            MismatchError: it was made by other encoders than this home's.
        """
        manifest = generation.manifest
        if manifest.encoders != stores.encoders:
            raise MismatchError(
                f"index generation {generation.name} was made by encoders {manifest.encoders}, but this home "
                f"uses {stores.encoders}; run `bowerbird index` to encode and index again"
            )
        # tantivy allows one writer a folder, so every process writes into a copy of its own.
        working_copy = stores.generations.clone(generation, "keywords")
        whitening = Whitening.load(generation.folder / WHITENING_FOLDER)
        index = MarketIndex.load(generation.folder, working_copy, settings.index)
        return cls(
            generation=generation,
            index=index,
            whitening=whitening,
            photo_embedder=PhotoEmbedder(stores.vectors.photo_encoder, whitening),
            text_background=Background.of(len(index.texts), index.texts.vectors),
            photo_background=Background.of(len(index.photos), index.photos.vectors),
            text_cutoff=Cutoff(**manifest.cutoff),
            revision=manifest.revision,
            working_copy=working_copy,
        )

    def catch_up(self, stores: Stores) -> int:
        """Apply every change after `revision`; returns how many there were."""
        applied = 0
        while changes := stores.catalogue.changes_since(self.revision, REPLAYED_AT_ONCE):
            listings = [change.listing for change in changes if change.listing is not None]
            stores.vectors.encode_missing(listings)
            encoded = iter(stores.vectors.encoded(listings, self.whitening))
            for change in changes:
                if change.listing is None:
                    self.index.remove(change.listing_id)
                else:
                    self.index.add(next(encoded))
                    self.uncommitted = True
            self.revision = changes[-1].revision
            applied += len(changes)
        return applied

    def commit(self) -> None:
        """Make the words of what was added searchable; their vectors are at once."""
        if self.uncommitted:
            self.uncommitted = False
            self.index.keywords.commit()

    def close(self, stores: Stores) -> None:
        """Let go of files and of the working copy."""
        self.index.close()
        stores.generations.discard(self.working_copy)
