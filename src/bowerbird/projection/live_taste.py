"""Taste, live: it follows the event log as the projection follows the catalogue.

What this process receives acts on the next answer to its shopper; what other processes wrote, and the counts
of what all shoppers do, follow within a poll. A shopper who is erased, here or elsewhere, is forgotten.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import BowerbirdError
from bowerbird.indexing.market_index import MarketIndex
from bowerbird.market.ranked_list import Rows
from bowerbird.projection.attentions import Attentions, whose_of
from bowerbird.projection.kept_tastes import DrawnFrom, KeptTastes
from bowerbird.projection.listing_numbers import ListingNumbers
from bowerbird.projection.market_taste import CountingWeights, MarketTaste
from bowerbird.projection.popularity_counts import PopularityCounts
from bowerbird.storage.catalogue import Catalogue
from bowerbird.storage.event_log import LoggedEvent
from bowerbird.storage.event_stores import EventStores
from bowerbird.storage.event_table import EventTable
from bowerbird.storage.popularity_log import PopularityLog
from bowerbird.taste.attention import NO_ATTENTION, Attention
from bowerbird.taste.known_taste import TasteWeighing, taste_of
from bowerbird.taste.shopper_taste import UNKNOWN_TASTE, ShopperTaste
from bowerbird.taste.visited_listings import VisitedListings

log = logging.getLogger(__name__)
FOLLOWED_AT_ONCE = 1000
KEPT_TASTES = 2000  # of some 15 kB each
REFITTED_FROM = 100_000  # events behind: to fit anew is then faster than to count them one by one


@dataclass(frozen=True, slots=True)
class LiveTasteSettings:
    """How taste is drawn and followed."""

    weighing: TasteWeighing
    counting: CountingWeights
    kept_shoppers: int  # shoppers and sessions whose doings stay in memory
    poll_seconds: float


class LiveTaste:
    """The taste of one market's shoppers. Safe between threads.

    Args:
        stores: the logs of the market; closing this closes them.
        catalogue: where titles are read.
        index: the index that is served now.
        settings: how taste is drawn and followed.
    """

    def __init__(
        self,
        stores: EventStores,
        catalogue: Catalogue,
        index: Callable[[], MarketIndex],
        settings: LiveTasteSettings,
    ) -> None:
        self.stores = stores
        self._catalogue = catalogue
        self._index = index
        self._settings = settings
        self._attentions = Attentions(stores.log, settings.kept_shoppers)
        self._tastes = KeptTastes(min(KEPT_TASTES, settings.kept_shoppers))
        self._numbers = ListingNumbers()
        self._popularity = PopularityCounts(self._numbers)
        self._market: MarketTaste | None = None
        self._erasures: int | None = None
        self._following = threading.RLock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.on_erasure: list[Callable[[], None]] = []  # told when another process erased somebody
        self.last_error: str | None = None  # why the log cannot be followed

    @property
    def market(self) -> MarketTaste | None:
        """What all shoppers together show; None while a started thread has yet to fit it.

        Raises:
            UnavailableError: the log does not answer.
        """
        if self._market is None and self._thread is None:
            self.refresh()
        return self._market

    def counts(self, rows: Rows, index: MarketIndex) -> NDArray[np.float32]:
        """(n, 4) what `PopularityCounts.counts` says of `rows`; NaN while the logs cannot be read."""
        if not self._popularity.ready and self._thread is None:
            with self._following:
                self._numbers.follow(self._index())
                try:
                    self._popularity.follow(PopularityLog(self.stores.database))
                except BowerbirdError as error:  # how listings fare must not fail a search
                    self.last_error = error.message
        return self._popularity.counts(rows, index)

    def taste(self, shopper: str | None, session: str | None) -> ShopperTaste:
        """The taste of a shopper, in a session, or of a session alone, after their latest event.

        Raises:
            UnavailableError: the log does not answer.
        """
        whose, forgotten = whose_of(shopper, session), self._tastes.forgotten
        attentions = tuple(map(self._attentions.of, whose))
        if not any(one.kept or one.hides for one in attentions):
            return UNKNOWN_TASTE
        drawn = DrawnFrom.of(self._index(), attentions)
        taste = self._tastes.get(whose, drawn)
        if taste is None:
            taste = self.taste_of(_joined(attentions))
            self._tastes.keep(whose, drawn, taste, forgotten)
        return taste

    def attention(self, shopper: str | None, session: str | None) -> Attention:
        """What a shopper did, and what was done in a session.

        Raises:
            UnavailableError: the log does not answer.
        """
        return _joined([self._attentions.of(whose) for whose in whose_of(shopper, session)])

    def taste_of(self, attention: Attention) -> ShopperTaste:
        """The taste that `attention` says, in the market as it is."""
        if not attention.kept and not attention.hides:
            return UNKNOWN_TASTE
        longest, index = self._settings.weighing.longest, self._index()
        visited = [listing for listing, _ in attention.in_order][-longest:]
        hidden = list(attention.hidden)[-longest:]
        return taste_of(
            attention,
            VisitedListings.of(index, visited),
            VisitedListings.of(index, hidden),
            self._settings.weighing,
        )

    def received(self, events: Sequence[LoggedEvent]) -> None:
        """These events were logged by this process: the next answer to their shoppers knows them."""
        self._attentions.received(events)
        self._wake.set()

    def forget(self, shopper: str, sessions: Sequence[str]) -> None:
        """Keep nothing of this shopper, nor of the sessions that were theirs."""
        whose = [*whose_of(shopper, None), *(one for session in sessions for one in whose_of(None, session))]
        with self._following:  # so that no batch of events that was read before is applied after
            self._attentions.forget(whose)
            self._tastes.forget(whose)
            if self._market is not None:
                self._market.forget(whose)

    def refresh(self) -> int:
        """Take in what the log and the index have more; how many events there were.

        Raises:
            UnavailableError: the log does not answer.
        """
        with self._following:
            self._notice_erasures()
            market, index = self._market, self._index()
            self._numbers.follow(index)
            self._popularity.follow(PopularityLog(self.stores.database))
            last = self.stores.log.state().sequence
            if market is None or last - market.sequence > REFITTED_FROM:
                before = 0 if market is None else market.sequence
                table = EventTable(self.stores.database)
                counting, titles = self._settings.counting, self._catalogue.all_titles()
                self._market = MarketTaste.fit(self._numbers, index, titles, table, last, counting)
                self._attentions.clear()  # what is behind them was not received one by one
                return last - before
            if added := self._numbers.ids[len(market.next_listing) :]:
                market.follow_listings(index, self._catalogue.titles(added), added)
            return self._count_new(market)

    def start(self) -> None:
        """Begin to follow the log, in a thread; fitting comes first."""
        self._thread = threading.Thread(target=self._tail, name="bowerbird-taste", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop following, and let go of the logs; a second call does nothing."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        self.stores.close()

    def _count_new(self, market: MarketTaste) -> int:
        counted = 0
        while not self._stopping.is_set():
            events = self.stores.log.since(market.sequence, FOLLOWED_AT_ONCE)
            if not events:
                break
            self._attentions.received(events)
            market.count(events, self.stores.log)
            counted += len(events)
        return counted

    def _notice_erasures(self) -> None:
        """Forget everybody where somebody was erased: the log does not say who."""
        erasures = self.stores.log.state().erasures
        if self._erasures is not None and erasures != self._erasures:
            self._attentions.clear()
            self._tastes.clear()
            if self._market is not None:
                self._market.forget_all()
            for told in self.on_erasure:
                told()
        self._erasures = erasures

    def _tail(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self.refresh()
                self.last_error = None
            except BowerbirdError as error:  # the thread must outlive a database that is away
                if self.last_error != error.message:  # once, not at every poll
                    log.error("taste could not follow the event log; it is tried again: %s", error.message)
                self.last_error = error.message
            self._wake.wait(self._settings.poll_seconds)


def _joined(attentions: Sequence[Attention]) -> Attention:
    """What was done by a shopper and in their session, together."""
    return reduce(Attention.joined, attentions) if attentions else NO_ATTENTION
