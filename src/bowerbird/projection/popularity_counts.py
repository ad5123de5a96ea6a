"""Popularity by listing number, counted on from both logs: what rankers are told of how listings fare.

Counted in the order of the logs while serving, and in the order of time when features are drawn anew; the
sums are the same.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bowerbird.indexing.market_index import MarketIndex
from bowerbird.market.event import EventType
from bowerbird.market.ranked_list import Rows
from bowerbird.projection.listing_numbers import ListingNumbers
from bowerbird.storage.popularity_log import Done, PopularityLog, Shown
from bowerbird.taste.popularity import UNKNOWN_PLACE, Popularity

HALF_LIFE_SECONDS = 30 * 86_400.0
PAGES_READ = 200_000  # the latest, at start: what is older has faded
_AT_ONCE = 2000
_SAVES = (EventType.SAVE, EventType.CONTACT, EventType.PURCHASE)


class PopularityCounts:
    """The popularity of the listings that `numbers` numbers. One thread at a time counts; others read."""

    def __init__(self, numbers: ListingNumbers) -> None:
        self._numbers = numbers
        self._counted = Popularity(len(numbers), HALF_LIFE_SECONDS)
        self._pages = self._events = 0  # the sequences that are counted
        self.ready = False  # the logs were read to their end once

    def follow(self, log: PopularityLog) -> None:
        """Count what the logs have more.

        Raises:
            UnavailableError: the logs do not answer; what was counted is not counted again.
        """
        pages_upto, events_upto = log.upto()
        if not self.ready:
            self._pages = max(self._pages, pages_upto - PAGES_READ)
        while self._pages < pages_upto:
            pages = log.pages(self._pages, pages_upto, _AT_ONCE)
            self._note_pages(pages)
            self._pages = pages[-1].sequence if len(pages) == _AT_ONCE else pages_upto
        while self._events < events_upto:
            doings = log.doings(self._events, events_upto, _AT_ONCE)
            self._note_doings(doings)
            self._events = doings[-1].sequence if len(doings) == _AT_ONCE else events_upto
        self._counted.settle()
        self.ready = True

    def note(self, pages: Sequence[Shown], doings: Sequence[Done]) -> None:
        """Count these, and tell of them."""
        self._note_pages(pages)
        self._note_doings(doings)
        self._counted.settle()

    def counts(self, rows: Rows, index: MarketIndex) -> NDArray[np.float32]:
        """(n, 4) of `rows` of `index`: what `Popularity.counts` says; NaN before the logs were read."""
        if not self.ready:
            return np.full((len(rows), 4), np.nan, np.float32)
        return self._counted.counts(self._numbers.numbers_of(index, rows))

    def _note_pages(self, pages: Sequence[Shown]) -> None:
        """Count the listings of pages."""
        by_id = self._known()
        shown = [
            (number, page.first_position + place, page.time)
            for page in pages
            for place, number in enumerate(map(by_id.get, page.listing_ids))
            if number is not None
        ]
        if shown:
            self._counted.show(*zip(*shown, strict=True))

    def _note_doings(self, doings: Sequence[Done]) -> None:
        """Count what was done with listings; hides are not."""
        by_id = self._known()
        found = [(by_id[done.listing_id], done) for done in doings if done.listing_id in by_id]
        shown = [(n, one.position or UNKNOWN_PLACE, one.time) for n, one in found if one.type is _IMPRESSION]
        looks = [(n, _place(one), one.time) for n, one in found if one.type is EventType.VIEW]
        saves = [(n, one.time) for n, one in found if one.type in _SAVES]
        if shown:
            self._counted.show(*zip(*shown, strict=True))
        if looks:
            self._counted.look(*zip(*looks, strict=True))
        if saves:
            self._counted.save(*zip(*saves, strict=True))

    def _known(self) -> Mapping[str, int]:
        """The number of each listing, each of them with its counts."""
        self._counted.append(len(self._numbers) - len(self._counted))
        return self._numbers.by_id


_IMPRESSION = EventType.IMPRESSION


def _place(view: Done) -> int:
    """Where a listing that was clicked stood; 0 where nothing says that it stood on a page."""
    if view.position is not None:
        return view.position
    return UNKNOWN_PLACE if view.of_page else 0
