"""The logs of one market's shoppers, opened together on one database."""

from dataclasses import dataclass

from bowerbird.storage.database import Database
from bowerbird.storage.event_import_log import EventImportLog
from bowerbird.storage.event_log import EventLog
from bowerbird.storage.query_log import QueryLog
from bowerbird.storage.shopper_records import ShopperRecords


@dataclass(frozen=True, slots=True)
class EventStores:
    """Events, replies served, imports of events, and both logs by shopper."""

    database: Database
    log: EventLog
    queries: QueryLog
    imports: EventImportLog
    shoppers: ShopperRecords

    @classmethod
    def on(cls, database: Database) -> "EventStores":
        """The logs that `database` holds."""
        return cls(
            database,
            EventLog(database),
            QueryLog(database),
            EventImportLog(database),
            ShopperRecords(database),
        )

    def close(self) -> None:
        """Close the database."""
        self.database.close()
