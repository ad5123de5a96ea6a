"""What shoppers say is wrong with a listing, until the owner settles it. Who said it is not kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, insert, select, update

from bowerbird.errors import InputError
from bowerbird.storage.database import Database
from bowerbird.storage.listing_row import microseconds, moment
from bowerbird.storage.schema import reports

MOST_OPEN = 50  # of one listing; more say nothing new
_OPEN = reports.c.settled_at_us.is_(None)
_COLUMNS = (reports.c.listing_id, reports.c.photo_id, reports.c.reason, reports.c.note, reports.c.time_us)


class ReportReason(StrEnum):
    """What may be wrong with a listing."""

    SCAM = "scam"
    FORBIDDEN = "forbidden"
    OFFENSIVE = "offensive"
    PHOTO = "photo"
    MISLEADING = "misleading"
    GONE = "gone"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Report:
    """What one shopper said; of one photo where `photo_id` names it."""

    listing_id: str
    reason: ReportReason
    note: str
    time: datetime
    photo_id: str | None = None


class ReportStore:
    """The reports of one market. Safe to share between threads and processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, report: Report) -> bool:
        """Keep a report; False where its listing has as many open ones as are kept.

        Raises:
            InputError: its note cannot be stored.
        """
        if "\0" in report.note:
            raise InputError("the note has a NUL character; take it out")
        mine = reports.c.listing_id == report.listing_id
        with self._database.writing() as connection:
            count = select(func.count()).select_from(reports).where(_OPEN, mine)
            if connection.execute(count).scalar_one() >= MOST_OPEN:
                return False
            row = {
                "listing_id": report.listing_id,
                "photo_id": report.photo_id,
                "reason": report.reason.value,
                "note": report.note,
                "time_us": microseconds(report.time),
            }
            connection.execute(insert(reports), row)
        return True

    def open(self, limit: int) -> list[Report]:
        """Up to `limit` reports that are not settled, the latest first."""
        query = select(*_COLUMNS).where(_OPEN).order_by(reports.c.id.desc()).limit(limit)
        with self._database.reading() as connection:
            return [
                Report(listing_id, ReportReason(reason), note, moment(time_us), photo_id)
                for listing_id, photo_id, reason, note, time_us in connection.execute(query)
            ]

    def settle(self, listing_id: str, now: datetime, photo_id: str | None = None) -> int:
        """Settle the open reports of a listing, or of one photo of it alone; how many there were."""
        mine = [_OPEN, reports.c.listing_id == listing_id]
        if photo_id is not None:
            mine.append(reports.c.photo_id == photo_id)
        with self._database.writing() as connection:
            settled = connection.execute(update(reports).where(*mine).values(settled_at_us=microseconds(now)))
            return int(settled.rowcount)


def by_listing(given: Sequence[Report]) -> dict[str, list[Report]]:
    """Reports by the listing that they are of, in their order."""
    found: dict[str, list[Report]] = {}
    for report in given:
        found.setdefault(report.listing_id, []).append(report)
    return found
