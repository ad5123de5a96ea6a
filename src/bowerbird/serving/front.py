"""The engine with the shapes of its replies: what pages and API both call."""

import io
import resource
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bowerbird.cleaning.photo import clean_image, clean_photo
from bowerbird.engine import Engine
from bowerbird.errors import InputError, MismatchError, NotFoundError, UnavailableError
from bowerbird.market.listing import Listing, Photo
from bowerbird.market.query import Query
from bowerbird.serving.payloads import answer_payload, listing_payload
from bowerbird.serving.requests import (
    EmbedModel,
    ListingChange,
    ListingModel,
    SearchModel,
    changed_listing,
    new_listing,
    photo_bytes,
)
from bowerbird.serving.served_pages import search_page, similar_page
from bowerbird.serving.telemetry import Telemetry
from bowerbird.settings import Settings
from bowerbird.storage.listing_row import row_of
from bowerbird.storage.query_log import ServedPage

THUMBNAIL_SIZES = (320, 640)
QUERY_SIDE = 2048  # pixels kept on the longest side of a photo that is asked with
THUMBNAILS_KEPT = 2000  # about 20 kB each
PATCH_TRIES = 20
REJECTION_EXAMPLES = 3
REJECTIONS_READ = 1000
COUNTED = ("created", "changed", "unchanged", "rejected", "deleted")


class Front:
    """One market as its clients see it. Safe between threads."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        now: Callable[[], datetime] | None = None,
        telemetry: Telemetry | None = None,
    ) -> None:
        self.engine = engine
        self.settings = settings
        self.telemetry = telemetry or Telemetry()
        self.note_page: Callable[[ServedPage], None] | None = None  # logs each page served
        self.check_photo: Callable[[str], None] = lambda _: None  # refuses those of hidden listings
        self._now = now or (lambda: datetime.now(UTC))
        self._thumbnail = lru_cache(maxsize=THUMBNAILS_KEPT)(self._drawn_thumbnail)

    def search(self, query: Query) -> dict[str, Any]:
        """The reply to a query."""
        answer = self.engine.search(query)
        self.telemetry.observe_stages(answer.stages)
        page = search_page(query, answer, self._now())
        if self.note_page is not None:
            self.note_page(page)
        return {**answer_payload(answer, self.engine), "first_position": page.first_position}

    def search_model(self, model: SearchModel) -> dict[str, Any]:
        """The reply to a query as a client sent it."""
        return self.search(model.query(self.decoded, self._now()))

    def similar(self, listing_id: str, limit: int) -> dict[str, Any]:
        """The listings most like one."""
        answer = self.engine.similar(listing_id, limit)
        if self.note_page is not None:
            self.note_page(similar_page(listing_id, answer, self._now()))
        return answer_payload(answer, self.engine)

    def listing(self, listing_id: str) -> dict[str, Any]:
        """One listing, whole."""
        return listing_payload(self.engine.listing(listing_id))

    def new_listing(self, listing_id: str, model: ListingModel) -> Listing:
        """The listing that a client sent, its photos kept.

        Raises:
            InputError: a photo cannot be used, or a value cannot be stored.
        """
        listing = new_listing(listing_id, model, self.settings.currency, self.stored)
        row_of(listing)  # what no database keeps is this listing's fault, not that of all sent with it
        return listing

    def put(self, listing_id: str, model: ListingModel) -> tuple[dict[str, Any], bool]:
        """Create or replace a listing; the listing, and whether it is new."""
        listing = self.new_listing(listing_id, model)
        result = self.engine.upsert([listing])
        return listing_payload(listing), result.created > 0

    def patch(self, listing_id: str, change: ListingChange) -> dict[str, Any]:
        """Change some fields of a listing; what others change meanwhile stays.

        Raises:
            NotFoundError: there is no such listing.
            MismatchError: it is changed again and again while this change is made.
        """
        for _ in range(PATCH_TRIES):
            read = self.engine.stores.catalogue.written(listing_id)
            if read is None or read.listing is None:
                raise NotFoundError(f"listing {listing_id!r} does not exist; PUT it first")
            listing = changed_listing(read.listing, change, self.settings.currency, self.stored)
            if self.engine.replace(read, listing):
                return listing_payload(listing)
        raise MismatchError(f"listing {listing_id!r} changed {PATCH_TRIES} times meanwhile; send it again")

    def put_many(self, listings: list[Listing]) -> None:
        """Create or replace many listings at once."""
        self.engine.upsert(listings)

    def delete(self, listing_id: str) -> None:
        """Remove a listing.

        Raises:
            NotFoundError: there is no such listing.
        """
        if not self.engine.delete([listing_id]):
            raise NotFoundError(f"listing {listing_id!r} does not exist")

    def embed(self, model: EmbedModel) -> dict[str, Any]:
        """Vectors of texts and photos; `space` names the encoders that made them."""
        photos = [self.decoded(photo_bytes(photo)) for photo in model.photos]
        opened = self.engine.projection.current  # once: another may be served a moment later
        empty = np.empty((0, 0), np.float32)
        return {
            "space": opened.space,
            "texts": self.engine.embed_texts(model.texts, opened) if model.texts else empty,
            "photos": opened.photo_embedder.encode(photos) if photos else empty,
        }

    def decoded(self, data: bytes) -> NDArray[np.uint8]:
        """The (h, w, 3) RGB image of an uploaded photo, cleaned as stored ones are, and not very large.

        Raises:
            InputError: it is no photo, or is over a limit.
        """
        limits = self.settings.photos
        image = clean_image(data, max_pixels=limits.max_pixels, max_bytes=limits.max_bytes)
        if max(image.size) > QUERY_SIDE:  # networks read a few hundred pixels, and many may be asked at once
            image.thumbnail((QUERY_SIDE, QUERY_SIDE), Image.Resampling.BOX, reducing_gap=2.0)
        return np.asarray(image)

    def stored(self, data: bytes) -> Photo:
        """Clean and keep an uploaded photo."""
        limits = self.settings.photos
        clean = clean_photo(data, max_pixels=limits.max_pixels, max_bytes=limits.max_bytes)
        self.engine.photo_store.put(clean.content_hash, clean.data)
        return Photo(
            photo_id=clean.content_hash,
            content_hash=clean.content_hash,
            perceptual_hash=clean.perceptual_hash,
            width=clean.width,
            height=clean.height,
        )

    def photo(self, content_hash: str, size: int | None) -> bytes:
        """A stored photo as JPEG; with `size`, its longest side is at most that many pixels.

        Raises:
            NotFoundError: no such photo is stored.
            InputError: a size that is not offered.
        """
        self.check_photo(content_hash)
        if size is None:
            return self.engine.photo_store.read(content_hash)
        if size not in THUMBNAIL_SIZES:
            raise InputError(
                f"size must be one of {', '.join(map(str, THUMBNAIL_SIZES))}, but {size} was given"
            )
        return self._thumbnail(content_hash, size)

    def autocomplete(self, text: str, limit: int) -> dict[str, Any]:
        """Completions of what is being typed, the corrections of misspelt words, and the text with them."""
        keywords = self.engine.projection.current.index.keywords
        completions, corrections = keywords.complete(text, limit), keywords.corrections(text)
        return {
            "completions": [{"text": completed, "count": count} for completed, count in completions],
            "corrections": [{"typed": typed, "corrected": corrected} for typed, corrected in corrections],
            "did_you_mean": keywords.corrected(text, corrections) if corrections else None,
        }

    def metrics(self) -> bytes:
        """All that is counted, as Prometheus reads it; told while the database is away, too."""
        engine, told = self.engine, self.telemetry
        current = engine.projection.current
        told.listings.set(len(current.index))
        told.fresh_rows.set(current.index.fresh_rows)
        told.generation_created.set(current.generation.manifest.created_at.timestamp())
        told.disk_free.set(shutil.disk_usage(self.settings.home).free)
        told.models_refused.set(len(engine.models.errors))
        told.degraded.set(engine.projection.last_error is not None)
        try:
            told.lag.set(engine.stores.catalogue.revision() - current.revision)
            told.database_up.set(1)
        except UnavailableError:
            told.database_up.set(0)
        return told.text()

    def state(self) -> dict[str, Any]:
        """What the owner's page shows: how much there is, how fresh, how fast, what was rejected."""
        engine, current = self.engine, self.engine.projection.current
        catalogue, manifest = engine.stores.catalogue, current.generation.manifest
        revision = catalogue.revision()
        return {
            "listings": len(catalogue),
            "photos": len(current.index.photo_owners),
            "revision": revision,
            "generation": {
                "name": current.generation.name,
                "revision": manifest.revision,
                "created_at": manifest.created_at.isoformat(),
            },
            "lag": revision - current.revision,
            "encoders": engine.stores.encoders,
            "cutoff": {"strength": current.text_cutoff.strength, "floor": current.text_cutoff.floor},
            "fresh_rows": current.index.fresh_rows,
            "live_rows": len(current.index),
            "last_import": self._last_import(),
            "stages": self.telemetry.recent_stages(),
            "disk_free_bytes": shutil.disk_usage(self.settings.home).free,
            "memory_bytes": _resident_bytes(),
            "last_error": engine.projection.last_error,
        }

    def _last_import(self) -> dict[str, Any] | None:
        imports = self.engine.stores.catalogue.imports
        runs = imports.runs(1)
        if not runs:
            return None
        run, examples = runs[0], imports.rejections(runs[0].run_id, REJECTIONS_READ)
        return {
            "source": run.source.partition("\n")[0],  # the rest tells its contents from other contents
            "started_at": run.started_at.isoformat(),
            "finished_at": run.finished_at.isoformat() if run.finished_at else None,
            **{name: getattr(run, name) for name in COUNTED},
            "rejections": [
                {
                    "reason": reason.text,
                    "count": count,
                    "examples": [
                        {"row": kept.row, "raw": kept.value} for kept in examples if kept.reason == reason
                    ][:REJECTION_EXAMPLES],
                }
                for reason, count in imports.reasons(run.run_id).items()
            ],
        }

    def _drawn_thumbnail(self, content_hash: str, size: int) -> bytes:
        with Image.open(io.BytesIO(self.engine.photo_store.read(content_hash))) as image:
            image.draft("RGB", (size, size))
            image.thumbnail((size, size))
            drawn = io.BytesIO()
            image.save(drawn, "JPEG", quality=82)
        return drawn.getvalue()


def _resident_bytes() -> int:
    """The most memory that this process has held, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak  # Linux counts in KiB
