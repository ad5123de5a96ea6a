"""Read a log of events, clean it and append it; every row is taken, known already, or kept as rejected.

Each batch commits its events, its rejections and how far it got in one transaction. A run that was killed is
taken up where it stood when the same file is imported again.
"""

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from bowerbird.assembly import open_event_stores
from bowerbird.cleaning.event_rows import NAMES, EventLimits, RejectedEvent, clean_event
from bowerbird.cleaning.reading import open_table
from bowerbird.cleaning.reading_rows import RawRow, RowSource
from bowerbird.cleaning.rejection import Reason, Rejection
from bowerbird.errors import InputError
from bowerbird.market.event import Event
from bowerbird.progress import Progress
from bowerbird.settings import Settings
from bowerbird.stages import event_limits
from bowerbird.storage.event_stores import EventStores

BATCH = 2_000
EXAMPLES = 5
_NEEDED = ("type", "listing_id", "time")


@dataclass(frozen=True, slots=True)
class EventImportReport:
    """What an import did: rows = accepted + duplicate + rejected, of this run and those it took up."""

    source: str
    rows: int
    accepted: int
    duplicate: int
    rejected: int
    resumed_at: int
    reasons: dict[Reason, int]
    examples: tuple[Rejection, ...]

    def payload(self) -> dict[str, Any]:
        """The report as JSON."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {
            **fields,
            "reasons": {reason.value: count for reason, count in self.reasons.items()},
            "examples": [str(example) for example in self.examples],
        }

    def lines(self) -> list[str]:
        """The report for a person."""
        resumed = [f"taken up at row {self.resumed_at:,}"] if self.resumed_at else []
        counted = (
            f"rows: {self.rows:,} = {self.accepted:,} accepted + {self.duplicate:,} known already "
            f"+ {self.rejected:,} rejected"
        )
        reasons = [f"  {count:7,}  {reason.text}" for reason, count in self.reasons.items()]
        examples = [f"  {example}" for example in self.examples]
        refused = ["rejected:", *reasons, "such as:", *examples] if self.rejected else []
        return [*resumed, counted, *refused]


def import_events(settings: Settings, location: str, progress: Progress) -> EventImportReport:
    """Append the events of the table at `location` to the home's log.

    Raises:
        InputError: it cannot be read as a table, or has no columns of events.
        NotFoundError: there is no such file, or no such home.
    """
    rows, state = open_event_rows(location)
    now = datetime.now(UTC)
    with closing(open_event_stores(settings)) as stores:
        run = stores.imports.begin(f"{location}\n{state}", now)
        _append_all(stores, run.import_id, rows, run.position, event_limits(settings), now, progress)
        stores.imports.finish(run.import_id, datetime.now(UTC))
        done = stores.imports.get(run.import_id)
        return EventImportReport(
            source=location,
            rows=done.accepted + done.duplicate + done.rejected,
            accepted=done.accepted,
            duplicate=done.duplicate,
            rejected=done.rejected,
            resumed_at=run.position,
            reasons=stores.imports.reasons(run.import_id),
            examples=tuple(stores.imports.rejections(run.import_id, EXAMPLES)),
        )


def open_event_rows(location: str) -> tuple[RowSource, str]:
    """The rows of a log of events, and the size and time by which its contents are known.

    Raises:
        InputError: it is no table, or no column of it can be the type, the listing or the time of an event.
        NotFoundError: there is no such file.
    """
    rows, state = open_table(location)
    columns = set(rows.columns)
    for field in _NEEDED:
        if not columns & {part for name in NAMES[field] for part in (name, name.partition(".")[0])}:
            raise InputError(
                f"no column of {location} is the {field} of an event; name one {' or '.join(NAMES[field])}; "
                f"its columns are {', '.join(rows.columns) or 'none'}"
            )
    return rows, state


def _append_all(
    stores: EventStores,
    import_id: int,
    source: RowSource,
    position: int,
    limits: EventLimits,
    now: datetime,
    progress: Progress,
) -> None:
    progress.step("importing events", source.count())
    progress.advance(position)
    rows = source.rows(after=position)
    while batch := list(islice(rows, BATCH)):
        events, rejected = _cleaned(batch, limits, now)
        stores.imports.batch(import_id, events, rejected, batch[-1].number)
        progress.advance(len(batch))


def _cleaned(
    batch: list[RawRow], limits: EventLimits, now: datetime
) -> tuple[list[Event], list[RejectedEvent]]:
    events: list[Event] = []
    rejected: list[RejectedEvent] = []
    for row in batch:
        outcome = clean_event(row, limits, now)
        if isinstance(outcome, Event):
            events.append(outcome)
        else:
            rejected.append(outcome)
    return events, rejected
