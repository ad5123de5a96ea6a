"""Who changed what, and when: a row for each listing, key or report that was changed through the API."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from bowerbird.storage.database import Database
from bowerbird.storage.listing_row import microseconds, moment
from bowerbird.storage.schema import audit_log


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change. `key_id` is None where keys were off, or a command did it."""

    time: datetime
    action: str
    subject: str | None
    key_id: str | None


class AuditLog:
    """The changes of one market. Safe to share between threads and processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, action: str, subjects: Sequence[str | None], key_id: str | None, time: datetime) -> None:
        """Keep that a key did `action` to each of `subjects`."""
        row = {"time_us": microseconds(time), "key_id": key_id, "action": action}
        if subjects:
            with self._database.writing() as connection:
                connection.execute(insert(audit_log), [{**row, "subject": subject} for subject in subjects])

    def latest(
        self, limit: int, *, subject: str | None = None, key_id: str | None = None
    ) -> list[AuditEntry]:
        """Up to `limit` changes, the latest first; with `subject` or `key_id` only those of it."""
        columns = (audit_log.c.time_us, audit_log.c.action, audit_log.c.subject, audit_log.c.key_id)
        query = select(*columns).order_by(audit_log.c.id.desc()).limit(limit)
        if subject is not None:
            query = query.where(audit_log.c.subject == subject)
        if key_id is not None:
            query = query.where(audit_log.c.key_id == key_id)
        with self._database.reading() as connection:
            return [AuditEntry(moment(row[0]), *row[1:]) for row in connection.execute(query)]

    def expire(self, before: datetime) -> int:
        """Delete the changes made before `before`; how many there were."""
        with self._database.writing() as connection:
            gone = connection.execute(delete(audit_log).where(audit_log.c.time_us < microseconds(before)))
            return int(gone.rowcount)
