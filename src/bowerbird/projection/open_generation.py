"""A generation in memory: its index, open to changes, with what belongs to it alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.listing_encoder import ListingEncoder
from bowerbird.encoding.photo_embedder import PhotoEmbedder
from bowerbird.encoding.whitening import Whitening
from bowerbird.errors import MismatchError, NotFoundError
from bowerbird.indexing.market_index import MarketIndex
from bowerbird.projection.build import LISTING, WHITENING_FOLDER, ProjectionSettings, Stores
from bowerbird.retrieval.cutoff import Background, Cutoff
from bowerbird.storage.catalogue import Change
from bowerbird.storage.generations import Generation

REPLAYED_AT_ONCE = 500


@dataclass(slots=True, eq=False)
class OpenGeneration:
    """An index at a revision; what changes it is called by one thread at a time.

    `ahead` holds the revisions, by listing, of changes that were applied before their turn.
    """

    generation: Generation
    index: MarketIndex
    listing_encoder: ListingEncoder | None  # the one that made its photo vectors
    photo_embedder: PhotoEmbedder
    text_background: Background
    photo_background: Background
    text_cutoff: Cutoff
    pictured_cutoff: Cutoff
    photo_strength: float | None  # calibrated for its space; None takes the setting's
    revision: int
    working_copy: Path
    uncommitted: bool = False
    ahead: dict[str, int] = field(default_factory=dict)

    @classmethod
    def open(cls, generation: Generation, stores: Stores, settings: ProjectionSettings) -> "OpenGeneration":
        """Load a generation, without what came after it.

        Raises:
            MismatchError: it was made by other encoders than this home's, or by a listing encoder that the
                home does not have.
        """
        manifest = generation.manifest
        frozen = {part: name for part, name in manifest.encoders.items() if part != LISTING}
        if frozen != stores.encoders:
            raise MismatchError(
                f"index generation {generation.name} was made by encoders {frozen}, but this home "
                f"uses {stores.encoders}; run `bowerbird index` to encode and index again"
            )
        listing_encoder = _listing_encoder(generation, stores)
        # tantivy allows one writer a folder, so every process writes into a copy of its own.
        working_copy = stores.generations.clone(generation, "keywords")
        try:
            space = listing_encoder or Whitening.load(generation.folder / WHITENING_FOLDER)
            cutoff = manifest.cutoff
            read_titles = stores.catalogue.titles
            index = MarketIndex.load(generation.folder, working_copy, settings.index, read_titles)
            return cls(
                generation=generation,
                index=index,
                listing_encoder=listing_encoder,
                photo_embedder=PhotoEmbedder(stores.vectors.photo_encoder, space),
                text_background=Background.of(len(index.texts), index.texts.vectors),
                photo_background=Background.of(len(index.photos), index.photos.vectors),
                text_cutoff=Cutoff(cutoff["strength"], cutoff["floor"]),
                pictured_cutoff=Cutoff(
                    cutoff.get("pictured_strength", 0.0), cutoff.get("pictured_floor", 0.0)
                ),
                photo_strength=cutoff.get("photo_strength"),
                revision=manifest.revision,
                working_copy=working_copy,
            )
        except BaseException:
            stores.generations.discard(working_copy)
            raise

    @property
    def space(self) -> str:
        """Names the space of its vectors: of words and photos together where a listing encoder made it."""
        if self.listing_encoder is not None:
            return self.listing_encoder.fingerprint
        return f"{self.generation.manifest.encoders['text']}-{self.photo_embedder.fingerprint}"

    def photo_cutoff(self, default: Cutoff) -> Cutoff:
        """That of its space, calibrated where a listing encoder made it; of whitened vectors the default."""
        if self.photo_strength is None:
            return default
        return Cutoff(self.photo_strength, default.floor)

    def pictured_vector(self, text: Vectors | None) -> Vectors | None:
        """(d_photo,) of the (d_text,) vector of words; None where words and photos share no space."""
        if text is None or self.listing_encoder is None:
            return None
        vector: Vectors = self.listing_encoder.texts(text[None])[0]
        return vector

    def whole_vector(self, photo_rows: NDArray[np.int64], text: Vectors, stores: Stores) -> Vectors:
        """(d_photo,) of all photos and the words of a listing; without a listing encoder the first photo's.

        Args:
            photo_rows: (p,) of the listing, at least one.
            text: (d_text,) of the listing.
            stores: keep the photos' features.
        """
        if self.listing_encoder is None:
            vectors = self.index.photos.vectors(photo_rows[:1])
        else:
            hashes = [self.index.photo_owners.content_hashes[row] for row in photo_rows.tolist()]
            vectors = self.listing_encoder.listings([stores.vectors.features(hashes)], text[None])
        return np.asarray(vectors[0])

    def catch_up(self, stores: Stores) -> None:
        """Apply every change after `revision`."""
        while changes := stores.catalogue.changes_since(self.revision, REPLAYED_AT_ONCE):
            encode_missing(changes, stores)
            self.follow(changes, stores)

    def follow(self, changes: Sequence[Change], stores: Stores) -> None:
        """Apply the encoded `changes` that come after `revision`, in order."""
        self._apply(changes, stores)
        for change in changes:
            if change.revision >= self.ahead.get(change.listing_id, change.revision + 1):
                del self.ahead[change.listing_id]
        self.revision = max(self.revision, changes[-1].revision)

    def take_ahead(self, changes: Sequence[Change], stores: Stores) -> None:
        """Apply the encoded `changes` at once, whatever comes before them; `follow` will pass them over."""
        self._apply(changes, stores)
        self.ahead.update((change.listing_id, change.revision) for change in self._new(changes))

    def commit(self) -> None:
        """Make the words of what was added searchable; their vectors are at once."""
        if self.uncommitted:
            self.index.keywords.commit()
            self.uncommitted = False

    def close(self, stores: Stores) -> None:
        """Let go of files and of the working copy."""
        try:
            self.index.close()
        finally:
            stores.generations.discard(self.working_copy)

    def _apply(self, changes: Sequence[Change], stores: Stores) -> None:
        new = self._new(changes)
        listings = [change.listing for change in new if change.listing is not None]
        encoded = iter(stores.vectors.encoded(listings, self.photo_embedder.of_features))
        for change in new:
            if change.listing is None:
                self.index.remove(change.listing_id)
            else:
                self.index.add(next(encoded))
                self.uncommitted = True

    def _new(self, changes: Sequence[Change]) -> list[Change]:
        """Those not applied yet, in their turn or ahead of it; an older state of a listing is none."""
        return [
            change
            for change in changes
            if change.revision > max(self.revision, self.ahead.get(change.listing_id, 0))
        ]


def encode_missing(changes: Sequence[Change], stores: Stores) -> None:
    """Encode and store what the listings of `changes` lack."""
    stores.vectors.encode_missing([change.listing for change in changes if change.listing is not None])


def _listing_encoder(generation: Generation, stores: Stores) -> ListingEncoder | None:
    """The one that the manifest names, whether it is still in use or not."""
    fingerprint = generation.manifest.encoders.get(LISTING)
    if fingerprint is None:
        return None
    try:
        return stores.listing_encoders.get(fingerprint)
    except NotFoundError as error:
        raise MismatchError(
            f"index generation {generation.name} was made by the listing encoder {fingerprint}, which is not "
            "among this home's models; copy it there, or run `bowerbird index` to make another generation"
        ) from error
