"""Simulated pages and what was done on them, written to the logs as a server writes what shoppers do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from bowerbird.demo.market_truth import MarketTruth
from bowerbird.demo.simulated_pages import NOTHING
from bowerbird.demo.visits import Visits
from bowerbird.evaluation.position_bias import LoggedImpressions
from bowerbird.market.event import Event, EventType
from bowerbird.storage.event_stores import EventStores
from bowerbird.storage.query_log import ServedPage

_AT_ONCE = 2000  # pages a commit
_READING_SECONDS = 2.5  # a position
# After the click: seconds until what may follow it.
_AFTERWARDS = {
    EventType.VIEW: 0.0,
    EventType.SAVE: 12.0,
    EventType.CONTACT: 25.0,
    EventType.PURCHASE: 40.0,
    EventType.HIDE: 1.0,
}


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedLog:
    """Pages by time, and the events on them."""

    visits: Visits
    shown: NDArray[np.int64]  # (p, l) numbers of listings
    done: Mapping[EventType, NDArray[np.bool_]]  # (p, l)
    seed: int

    def shopper(self, page: int) -> str | None:
        """Whom the log names; None for a session of nobody."""
        number = int(self.visits.asked.shoppers[page])
        return shopper_name(self.seed, number) if self.visits.named[page] else None

    def session(self, page: int) -> str:
        """The session of a page."""
        return f"sim{self.seed}-visit-{self.visits.sessions[page]:06d}"

    def query_id(self, page: int) -> str:
        """What joins a page and its events."""
        return f"sim{self.seed}-page-{page:07d}"

    def impressions(self) -> LoggedImpressions:
        """What the log shows of positions and clicks, in order of time; all feeds ask the same."""
        numbers = {words: number for number, words in enumerate(sorted(set(self.visits.words)))}
        questions = np.array([numbers[words] for words in self.visits.words], np.int64)
        pages, places = np.nonzero(self.shown != NOTHING)
        return LoggedImpressions(
            pages,
            questions[pages],
            self.shown[pages, places],
            places + 1,
            self.done[EventType.VIEW][pages, places],
        )

    def write(self, stores: EventStores, market: MarketTruth) -> tuple[int, int]:
        """Append to the logs; what they hold already stays as it is. How many pages and events were new."""
        pages = events = 0
        for start in range(0, len(self.visits), _AT_ONCE):
            some = range(start, min(start + _AT_ONCE, len(self.visits)))
            pages += stores.queries.append([self._page(page, market) for page in some])
            logged = stores.log.append([event for page in some for event in self._events(page, market)])
            events += sum(one is not None for one in logged)
        return pages, events

    def _page(self, page: int, market: MarketTruth) -> ServedPage:
        words = self.visits.words[page]
        ids = tuple(market.listing_ids[number] for number in self.shown[page].tolist() if number != NOTHING)
        return ServedPage(
            query_id=self.query_id(page),
            surface="search" if words else "feed",
            time=self._time(page),
            listing_ids=ids,
            total=len(ids),
            words=words,
            request={"limit": self.shown.shape[1]},
            shopper=self.shopper(page),
            session=self.session(page),
        )

    def _events(self, page: int, market: MarketTruth) -> Iterator[Event]:
        for kind, mask in self.done.items():
            for place in np.flatnonzero(mask[page]).tolist():
                number = int(self.shown[page, place])
                seconds = 3.0 + _READING_SECONDS * place + _AFTERWARDS[kind]
                yield Event(
                    event_id=f"{self.query_id(page)}-{kind.value}-{place + 1}",
                    type=kind,
                    listing_id=market.listing_ids[number],
                    time=self._time(page) + timedelta(seconds=seconds),
                    shopper=self.shopper(page),
                    session=self.session(page),
                    query_id=self.query_id(page),
                    position=place + 1,
                )

    def _time(self, page: int) -> datetime:
        return datetime.fromtimestamp(float(self.visits.times[page]), UTC)


def shopper_name(seed: int, number: int) -> str:
    """The id of a simulated shopper."""
    return f"sim{seed}-shopper-{number:05d}"
