"""What a log of events says about itself, gathered one event at a time.

Ids are remembered by their hashes, so that a log of millions fits in memory.
"""

from collections import Counter
from collections.abc import Iterable, Set
from datetime import datetime

from bowerbird.cleaning.rejection import Reason
from bowerbird.jobs.event_report import EventReport, PositionCount
from bowerbird.market.event import Event, EventType

EXAMPLES = 5
_BINS = ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 10), (11, 20), (21, 50), (51, 100))
_LAST_BIN = "101+"


class EventAudit:
    """Looks at events in the order of their log."""

    def __init__(self, known_listings: Set[str] | None) -> None:
        self._known = known_listings
        self._events = 0
        self._duplicates = 0
        self._out_of_order = 0
        self._types: Counter[str] = Counter()
        self._ids: set[int] = set()
        self._latest: dict[int, datetime] = {}
        self._shoppers: set[int] = set()
        self._sessions: set[int] = set()
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._unknown: Counter[str] = Counter()
        self._shown: set[int] = set()
        self._clicked: Counter[int] = Counter()
        self._queries: set[int] = set()  # that clicks name
        self._clicks_without_query = 0
        self._impressions_at: Counter[int] = Counter()
        self._clicks_at: Counter[int] = Counter()

    def see(self, event: Event) -> None:
        """Take in the next event of the log."""
        if (known := hash(event.event_id)) in self._ids:
            self._duplicates += 1
            return
        self._ids.add(known)
        self._events += 1
        self._types[event.type.value] += 1
        self._see_time(event)
        if self._known is not None and event.listing_id not in self._known:
            self._unknown[event.listing_id] += 1
        if event.type is EventType.IMPRESSION:
            self._see_impression(event)
        elif event.type is not EventType.HIDE:
            self._see_click(event)

    def names(self, query_id: str) -> bool:
        """Whether a click that was seen names this reply."""
        return hash(query_id) in self._queries

    def see_page(self, query_id: str, listing_ids: Iterable[str], first_position: int) -> None:
        """Take in what the server logged of a page that it served."""
        for position, listing_id in enumerate(listing_ids, first_position):
            if (shown := hash((query_id, listing_id))) not in self._shown:
                self._shown.add(shown)
                self._impressions_at[position] += 1

    def report(self, source: str, rows: int, rejected: Counter[Reason]) -> EventReport:
        """What was seen of a log of `rows` rows, `rejected` of which were no events."""
        return EventReport(
            source=source,
            rows=rows,
            rejected=dict(rejected.most_common()),
            events=self._events,
            duplicates=self._duplicates,
            by_type=dict(self._types.most_common()),
            shoppers=len(self._shoppers),
            sessions=len(self._sessions),
            first=self._first,
            last=self._last,
            out_of_order=self._out_of_order,
            clicks=self._clicks_without_query + self._clicked.total(),
            clicks_without_query=self._clicks_without_query,
            clicks_without_impression=sum(
                count for pair, count in self._clicked.items() if pair not in self._shown
            ),
            events_of_unknown_listings=None if self._known is None else self._unknown.total(),
            unknown_listings=None if self._known is None else len(self._unknown),
            unknown_examples=tuple(listing_id for listing_id, _ in self._unknown.most_common(EXAMPLES)),
            positions=self._position_counts(),
        )

    def _see_time(self, event: Event) -> None:
        if event.shopper is not None:
            self._shoppers.add(hash(event.shopper))
        if event.session is not None:
            self._sessions.add(hash(event.session))
        actor = hash((event.shopper, event.session if event.shopper is None else None))
        before = self._latest.get(actor)
        if before is not None and event.time < before:
            self._out_of_order += 1
        else:
            self._latest[actor] = event.time
        self._first = event.time if self._first is None else min(self._first, event.time)
        self._last = event.time if self._last is None else max(self._last, event.time)

    def _see_impression(self, event: Event) -> None:
        if event.query_id is not None:
            shown = hash((event.query_id, event.listing_id))
            if shown in self._shown:
                return  # the server logged the page that it served too
            self._shown.add(shown)
        if event.position is not None:
            self._impressions_at[event.position] += 1

    def _see_click(self, event: Event) -> None:
        if event.query_id is None:
            self._clicks_without_query += 1
        else:
            self._queries.add(hash(event.query_id))
            self._clicked[hash((event.query_id, event.listing_id))] += 1
        if event.position is not None:
            self._clicks_at[event.position] += 1

    def _position_counts(self) -> tuple[PositionCount, ...]:
        seen = [*self._impressions_at, *self._clicks_at]
        bins = [(f"{low}-{high}" if high > low else str(low), low, high) for low, high in _BINS]
        bins.append((_LAST_BIN, _BINS[-1][1] + 1, max(seen, default=0)))
        counts = [
            PositionCount(name, *(_between(at, low, high) for at in (self._impressions_at, self._clicks_at)))
            for name, low, high in bins
        ]
        while counts and not (counts[-1].impressions or counts[-1].clicks):
            counts.pop()
        return tuple(counts)


def _between(counted: Counter[int], low: int, high: int) -> int:
    return sum(count for position, count in counted.items() if low <= position <= high)
