"""What shoppers report and the owner hides: a hidden listing, and its photos, are gone from every answer."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from bowerbird.engine import Engine
from bowerbird.errors import InputError, NotFoundError
from bowerbird.market.listing import Listing, Photo
from bowerbird.market.query import Filters
from bowerbird.storage.reports import Report, ReportReason, ReportStore, by_listing

KEPT_SECONDS = 0.5
SHOWN = 200  # reports, and hidden listings, on the owner's page


@dataclass(frozen=True, slots=True)
class HiddenPhoto:
    """A photo that the owner hid alone, and the listing that it is of, as it was written."""

    listing: Listing
    photo: Photo


@dataclass(frozen=True, slots=True)
class Reported:
    """A listing with what shoppers say is wrong with it; None of a listing that is gone."""

    listing_id: str
    listing: Listing | None
    reports: list[Report]

    @property
    def photos(self) -> list[tuple[int, Photo]]:
        """Those of its photos that reports name, with their places from 1 on."""
        named = {report.photo_id for report in self.reports}
        photos = self.listing.photos if self.listing is not None else ()
        return [(place, photo) for place, photo in enumerate(photos, 1) if photo.photo_id in named]


class Moderation:
    """The reports and hidden listings of one market. Safe between threads."""

    def __init__(
        self, engine: Engine, reports: ReportStore, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine = engine
        self._reports = reports
        self._clock = clock
        self._reading = threading.Lock()
        self._read_at = float("-inf")
        self._hidden_photos: frozenset[str] = frozenset()
        self._mark: tuple[int, int | None] = (0, None)  # of the catalogue, when they were read

    def report(self, listing_id: str, reason: ReportReason, note: str, photo_id: str | None) -> bool:
        """Keep what a shopper says; False where as much is said of the listing already.

        Raises:
            NotFoundError: there is no such listing to be seen.
            InputError: it has no such photo.
        """
        listing = self._engine.listing(listing_id)
        if photo_id is not None:
            _photo(listing, photo_id)
        return self._reports.add(Report(listing_id, reason, note.strip(), datetime.now(UTC), photo_id))

    def hide(self, listing_id: str, hidden: bool = True, photo_id: str | None = None) -> None:
        """Hide a listing, or one photo of it, or show it again; when this returns it is done here.

        The reports of what is hidden are settled.

        Raises:
            NotFoundError: there is no such listing.
            InputError: it has no such photo.
        """
        catalogue = self._engine.stores.catalogue
        written = catalogue.written(listing_id)
        if written is None or written.listing is None:
            raise NotFoundError(f"listing {listing_id!r} does not exist")
        if photo_id is None:
            catalogue.hidden.hide(listing_id, hidden)
        else:
            content_hash = _photo(written.listing, photo_id).content_hash
            catalogue.hidden.hide_photo(listing_id, content_hash, hidden)
        self._engine.projection.apply([listing_id])
        self._read_at = float("-inf")
        if hidden:
            self.settle(listing_id, photo_id)

    def settle(self, listing_id: str, photo_id: str | None = None) -> int:
        """Settle the reports of a listing, or of one photo of it; how many there were."""
        return self._reports.settle(listing_id, datetime.now(UTC), photo_id)

    def reported(self, limit: int = SHOWN) -> list[Reported]:
        """The listings with open reports, those reported last first."""
        reports = by_listing(self._reports.open(limit))
        listings = self._engine.stores.catalogue.get(list(reports))
        return [Reported(one, listings.get(one), said) for one, said in reports.items()]

    def hidden(self, limit: int = SHOWN) -> list[Listing]:
        """The listings that the owner hid, the latest first."""
        return self._engine.stores.catalogue.hidden.listings(limit)

    def hidden_photos(self, limit: int = SHOWN) -> list[HiddenPhoto]:
        """The photos that the owner hid alone, the latest first."""
        catalogue, found = self._engine.stores.catalogue, []
        for listing_id, content_hash in catalogue.hidden.photos(limit):
            written = catalogue.written(listing_id)
            if written is not None and written.listing is not None:
                photos = [one for one in written.listing.photos if one.content_hash == content_hash]
                found += [HiddenPhoto(written.listing, photo) for photo in photos[:1]]
        return found

    def check_photo(self, content_hash: str) -> None:
        """Pass a photo that a listing which may be seen shows.

        Raises:
            NotFoundError: only hidden listings do.
        """
        if content_hash in self._photos_of_hidden() and not self._is_shown_elsewhere(content_hash):
            raise NotFoundError(f"photo {content_hash} does not exist")

    def _photos_of_hidden(self) -> frozenset[str]:
        with self._reading:
            if self._clock() - self._read_at >= KEPT_SECONDS:
                asked_at, hidden = self._clock(), self._engine.stores.catalogue.hidden
                mark = hidden.mark()
                if mark != self._mark:
                    self._hidden_photos, self._mark = hidden.content_hashes(), mark
                self._read_at = asked_at
            return self._hidden_photos

    def _is_shown_elsewhere(self, content_hash: str) -> bool:
        """Whether another listing has the very same photo, as where a hidden one copied it."""
        index = self._engine.projection.current.index
        shown = index.allowed(Filters())
        owners = index.photo_owners.rows(len(shown))
        hashes = enumerate(index.photo_owners.content_hashes[: len(owners)])
        return any(shown[owners[row]] for row, one in hashes if one == content_hash)


def _photo(listing: Listing, photo_id: str) -> Photo:
    photo = next((photo for photo in listing.photos if photo.photo_id == photo_id), None)
    if photo is None:
        raise InputError(
            f"listing {listing.listing_id!r} has no photo {photo_id[:80]!r}; leave it out, or name its own"
        )
    return photo
