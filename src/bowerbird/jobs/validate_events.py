"""Is a log of events fit to learn from? A file before it is imported, or what the home has."""

from collections import Counter
from contextlib import closing
from datetime import UTC, datetime

from bowerbird.assembly import open_catalogue, open_event_stores
from bowerbird.cleaning.event_rows import RejectedEvent, clean_event
from bowerbird.cleaning.rejection import Reason
from bowerbird.jobs.event_audit import EventAudit
from bowerbird.jobs.event_report import EventReport
from bowerbird.jobs.import_events import open_event_rows
from bowerbird.progress import Progress
from bowerbird.settings import Settings
from bowerbird.stages import event_limits
from bowerbird.storage.event_stores import EventStores

BATCH = 10_000


def validate_event_file(settings: Settings, location: str, progress: Progress) -> EventReport:
    """What is in the log of events at `location`, and what is wrong with it; nothing is stored.

    Its listings are looked up in the home, where there is one; its clicks also in what that home served.

    Raises:
        InputError: it cannot be read as a table, or has no columns of events.
        NotFoundError: there is no such file.
    """
    source, _ = open_event_rows(location)
    audit = EventAudit(_known_listings(settings) if settings.home.is_dir() else None)
    limits, now = event_limits(settings), datetime.now(UTC)
    rejected: Counter[Reason] = Counter()
    rows = 0
    progress.step("reading events", source.count())
    for row in source.rows():
        rows += 1
        outcome = clean_event(row, limits, now)
        if isinstance(outcome, RejectedEvent):
            rejected[outcome.rejection.reason] += 1
        else:
            audit.see(outcome)
        if rows % BATCH == 0:
            progress.advance(BATCH)
    progress.advance(rows % BATCH)
    if settings.home.is_dir():
        with closing(open_event_stores(settings)) as stores:
            _see_pages(stores, audit, of_clicks=True)
    return audit.report(location, rows, rejected)


def validate_home_events(settings: Settings, progress: Progress) -> EventReport:
    """What is in the home's own log of events, and what is wrong with it.

    Raises:
        NotFoundError: there is no such home.
    """
    audit = EventAudit(_known_listings(settings))
    with closing(open_event_stores(settings)) as stores:
        rows, sequence = len(stores.log), 0
        progress.step("reading events", rows)
        while batch := stores.log.since(sequence, BATCH):
            for logged in batch:
                audit.see(logged.event)
            sequence = batch[-1].sequence
            progress.advance(len(batch))
        _see_pages(stores, audit, of_clicks=False)
    return audit.report(str(settings.home), rows, Counter())


def _known_listings(settings: Settings) -> set[str]:
    with closing(open_catalogue(settings)) as catalogue:
        return set(catalogue.all_ids())


def _see_pages(stores: EventStores, audit: EventAudit, *, of_clicks: bool) -> None:
    """Show the audit the pages that the home served: all, or only those that its clicks name."""
    sequence = 0
    while batch := stores.queries.since(sequence, BATCH):
        for logged in batch:
            page = logged.page
            if not of_clicks or audit.names(page.query_id):
                audit.see_page(page.query_id, page.listing_ids, page.first_position)
        sequence = batch[-1].sequence
