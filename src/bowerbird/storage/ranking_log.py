"""Pages that were served with what was done on them: what rankers learn from and are compared by.

A click joins its page by the query id. What the same shopper did with the same listing afterwards (saving it,
asking for it, buying it) counts for the page where they last looked at it, where it names none itself. The
grade of a listing on a page is the most that was done: a view 1, a save 2, a contact 3, a purchase 4;
nothing, or a hide, 0.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson

from bowerbird.errors import MismatchError
from bowerbird.market.event import Event, EventType
from bowerbird.ranking.page_record import PageRecord
from bowerbird.storage.event_stores import EventStores
from bowerbird.storage.log_tally import WHOLE_LOG, LogWindow
from bowerbird.storage.query_log import ServedPage

GRADES = {EventType.VIEW: 1, EventType.SAVE: 2, EventType.CONTACT: 3, EventType.PURCHASE: 4}
_AT_ONCE = 2000


@dataclass(frozen=True, slots=True, eq=False)
class RankedPage:
    """A page with its record, where one was logged that can be read, and what was done with each listing."""

    page: ServedPage
    record: PageRecord | None
    grades: tuple[int, ...]  # in the order of the page

    @property
    def whose(self) -> str | None:
        """Whom it was served to: a shopper, else a session."""
        return self.page.shopper or self.page.session

    @property
    def clicks(self) -> int:
        """How many of its listings were looked at, or more."""
        return sum(grade > 0 for grade in self.grades)

    @property
    def question(self) -> bytes:
        """Equal for pages that asked the same; a personal order belongs to whoever asked.

        Position bias is told from listings that stood at several places for one question, which must not be
        because one shopper likes them more than another does.
        """
        personal = self.record is not None and self.record.rankers != ("fusion",)
        asked = {name: value for name, value in self.page.request.items() if name != "limit"}
        return orjson.dumps(
            [self.page.words, asked, self.whose if personal else None], option=orjson.OPT_SORT_KEYS
        )


def read_ranking_log(
    stores: EventStores, surface: str = "search", window: LogWindow = WHOLE_LOG
) -> list[RankedPage]:
    """The pages of one surface that lie in `window`, by time.

    Raises:
        UnavailableError: the database does not answer.
    """
    pages = [
        page
        for page in _pages(stores, window.replies_after)
        if page.surface == surface and page.time >= window.start
    ]
    pages.sort(key=_time)
    grades = graded(pages, [event for _, event in events_of(stores, window.events_after)])
    return [
        RankedPage(
            page, _record(page), tuple(grades.get((page.query_id, one), 0) for one in page.listing_ids)
        )
        for page in pages
    ]


def graded(pages: Sequence[ServedPage], events: Sequence[Event]) -> dict[tuple[str, str], int]:
    """The grade of each (query id, listing id) that something was done with."""
    shown = {page.query_id: frozenset(page.listing_ids) for page in pages}
    last_seen: dict[tuple[str | None, str], str] = {}  # (whose, listing) -> query id
    grades: dict[tuple[str, str], int] = {}
    hidden: set[tuple[str, str]] = set()
    for event in sorted(events, key=_time):
        whose = (event.shopper or event.session, event.listing_id)
        query_id = event.query_id
        if query_id is None or event.listing_id not in shown.get(query_id, ()):
            query_id = last_seen.get(whose)
        if query_id is None:
            continue
        place = (query_id, event.listing_id)
        if event.type is EventType.VIEW:
            last_seen[whose] = query_id
        if event.type is EventType.HIDE:
            hidden.add(place)
        elif event.type in GRADES:
            grades[place] = max(grades.get(place, 0), GRADES[event.type])
    return {place: grade for place, grade in grades.items() if place not in hidden}


def events_of(stores: EventStores, after: int = 0) -> Iterator[tuple[int, Event]]:
    """Every event after a sequence that is more than an impression, with its own, in the order of the log."""
    while some := stores.log.since(after, _AT_ONCE, impressions=False):
        after = some[-1].sequence
        yield from ((one.sequence, one.event) for one in some)


def _pages(stores: EventStores, after: int) -> Iterator[ServedPage]:
    while some := stores.queries.since(after, _AT_ONCE):
        after = some[-1].sequence
        yield from (one.page for one in some)


def _record(page: ServedPage) -> PageRecord | None:
    """None where the page was ranked by nobody, or its record cannot be read."""
    if page.features is None:
        return None
    try:
        record = PageRecord.decode(page.features)
    except MismatchError:
        return None
    return record if len(record.features) == len(page.listing_ids) else None


def _time(one: ServedPage | Event) -> float:
    return one.time.timestamp()
