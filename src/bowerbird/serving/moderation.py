"""What shoppers report and the owner hides: a hidden listing, and its photos, are gone from every answer."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from bowerbird.engine import Engine
from bowerbird.errors import InputError, NotFoundError
from bowerbird.market.listing import Listing
from bowerbird.market.query import Filters
from bowerbird.storage.reports import Report, ReportReason, ReportStore, by_listing

KEPT_SECONDS = 0.5
SHOWN = 200  # reports, and hidden listings, on the owner's page


@dataclass(frozen=True, slots=True)
class Reported:
    """A listing with what shoppers say is wrong with it; None of a listing that is gone."""

    listing_id: str
    listing: Listing | None
    reports: list[Report]


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
        if photo_id is not None and photo_id not in {photo.photo_id for photo in listing.photos}:
            raise InputError(
                f"listing {listing_id!r} has no photo {photo_id[:80]!r}; leave it out, or name one of its own"
            )
        return self._reports.add(Report(listing_id, reason, note.strip(), datetime.now(UTC), photo_id))

    def hide(self, listing_id: str, hidden: bool = True) -> None:
        """Hide a listing, which settles its reports, or show it again; when this returns it is done here.

        Raises:
            NotFoundError: there is no such listing.
        """
        if not self._engine.stores.catalogue.hide(listing_id, hidden):
            raise NotFoundError(f"listing {listing_id!r} does not exist")
        self._engine.projection.apply([listing_id])
        self._read_at = float("-inf")
        if hidden:
            self.settle(listing_id)

    def settle(self, listing_id: str) -> int:
        """Settle the reports of a listing; how many there were."""
        return self._reports.settle(listing_id, datetime.now(UTC))

    def reported(self, limit: int = SHOWN) -> list[Reported]:
        """The listings with open reports, those reported last first."""
        reports = by_listing(self._reports.open(limit))
        listings = self._engine.stores.catalogue.get(list(reports))
        return [Reported(one, listings.get(one), said) for one, said in reports.items()]

    def hidden(self, limit: int = SHOWN) -> list[Listing]:
        """The listings that the owner hid, the latest first."""
        return self._engine.stores.catalogue.hidden(limit)

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
                asked_at, catalogue = self._clock(), self._engine.stores.catalogue
                mark = catalogue.hidden_mark()
                if mark != self._mark:
                    self._hidden_photos, self._mark = catalogue.hidden_photos(), mark
                self._read_at = asked_at
            return self._hidden_photos

    def _is_shown_elsewhere(self, content_hash: str) -> bool:
        """Whether another listing has the very same photo, as where a hidden one copied it."""
        index = self._engine.projection.current.index
        shown = index.allowed(Filters())
        owners = index.photo_owners.rows(len(shown))
        hashes = enumerate(index.photo_owners.content_hashes[: len(owners)])
        return any(shown[owners[row]] for row, one in hashes if one == content_hash)
