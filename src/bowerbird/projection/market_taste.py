"""What all shoppers together show: what follows what, and what is looked at now, by listing number.

Fitted on the whole log and then counted on event by event, in the order of their sequences. An event counts
after the trail of its shopper as it was before; no shopper is kept but for the trails of the latest ones.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.text_encoder import unit_rows
from bowerbird.indexing.market_index import MarketIndex
from bowerbird.indexing.vector_index import Mask
from bowerbird.market.ranked_list import RankedList, Rows
from bowerbird.projection.attentions import Whose
from bowerbird.projection.listing_numbers import ListingNumbers
from bowerbird.recommending.reasons import Led
from bowerbird.storage.event_log import LAST, EventLog, LoggedEvent
from bowerbird.storage.event_table import EventTable
from bowerbird.taste.attention import Attention
from bowerbird.taste.content_likeness import ContentLikeness, ContentWeights
from bowerbird.taste.next_listing import NextListing, NextListingWeights
from bowerbird.taste.shopper_taste import ShopperTaste
from bowerbird.taste.title_words import TitleWords
from bowerbird.taste.trail import STRENGTHS, Trail
from bowerbird.taste.trail_pairs import PairWeighing
from bowerbird.taste.trending import Trending

SIMILAR_FROM = 30_000  # listings: to score them all takes longer than to ask the index first
_LONGEST_TRAIL = 100
_TELLING_VISITS = 8  # the latest, that a reason may name: what is further back weighs little
_POPULAR = 1000
_POPULAR_SECONDS = 2.0  # that a list of what is popular is good for, while no event is counted
_KEPT_TRAILS = 20_000
_TRAIL_EVENTS = 300
_ROWS_AT_ONCE = 16_384


@dataclass(frozen=True, slots=True)
class CountingWeights:
    """How events are counted, and how counts become scores."""

    next_listing: NextListingWeights = field(default_factory=NextListingWeights)
    pairs: PairWeighing = field(default_factory=PairWeighing)
    content: ContentWeights = field(default_factory=ContentWeights)
    half_life_seconds: float = 3 * 86_400.0


class MarketTaste:
    """The counts of one market after the event `sequence`. One thread at a time changes them."""

    def __init__(
        self, numbers: ListingNumbers, next_listing: NextListing, trending: Trending, sequence: int
    ) -> None:
        self.numbers = numbers
        self.next_listing = next_listing
        self.trending = trending
        self.sequence = sequence
        self.turn = threading.Lock()  # held for moments: `trending` is read and changed within it
        self._trails: OrderedDict[Whose, Trail] = OrderedDict()
        self._popular: tuple[tuple[int, float], RankedList] | None = None

    @classmethod
    def fit(
        cls,
        numbers: ListingNumbers,
        index: MarketIndex,
        titles: Mapping[str, str],
        table: EventTable,
        sequence: int,
        weights: CountingWeights,
    ) -> "MarketTaste":
        """The counts of all events up to `sequence`, with listings that `numbers`, of `index`, has.

        Raises:
            UnavailableError: the log does not answer.
        """
        interactions = table.interactions(numbers.by_id, sequence)
        words = TitleWords.fit(titles.get(listing_id, "") for listing_id in numbers.ids)
        content = ContentLikeness(_texts(index, numbers.ids), words, weights.content)
        size = len(numbers)
        next_listing = NextListing.fit(interactions, size, content, weights.next_listing, weights.pairs)
        trending = Trending.fit(interactions, size, weights.half_life_seconds)
        return cls(numbers, next_listing, trending, sequence)

    def follow_listings(self, index: MarketIndex, titles: Mapping[str, str], added: Sequence[str]) -> None:
        """Take the listings that `numbers.follow` said are new."""
        for listing_id, vector in zip(added, _texts(index, added), strict=True):
            self.next_listing.append(titles.get(listing_id, ""), vector)
        with self.turn:
            self.trending.append(len(added))

    def count(self, events: Sequence[LoggedEvent], log: EventLog) -> None:
        """Count the events that come after `sequence`, in order.

        Raises:
            UnavailableError: the log does not answer; those counted so far are not counted again.
        """
        for logged in events:
            event = logged.event
            number = self.numbers.by_id.get(event.listing_id)
            strength = STRENGTHS.get(event.type, 0.0)
            if strength and number is not None and number < len(self.next_listing):
                whose = Whose(event.shopper) if event.shopper else Whose(event.session or "", True)
                trail = self._trail_before(whose, logged.sequence, log)
                self.next_listing.update(trail, number, strength)
                with self.turn:
                    self.trending.add(number, strength, event.time.timestamp())
                self._trails[whose] = trail.after(number, strength, _LONGEST_TRAIL)
            self.sequence = logged.sequence

    def asked(self, taste: ShopperTaste) -> Vectors | None:
        """(d,) the unit vector of words that a large market's index is asked for; else None."""
        history = self._history(taste)
        content = self.next_listing.content
        if not len(history[0]) or content is None or len(self.next_listing) < SIMILAR_FROM:
            return None
        weighed = self.next_listing.history(*history)
        profile = content.profile(weighed.listings, weighed.weights)
        return None if profile is None or not profile.any() else unit_rows(profile[None])[0]

    def next_listings(
        self, taste: ShopperTaste, index: MarketIndex, allowed: Mask, similar: Rows | None, k: int
    ) -> RankedList:
        """The rows of the `k` best next listings after the visits of `taste`.

        Args:
            taste: of whoever asks.
            index: the market.
            allowed: (n,) True for rows that may be recommended.
            similar: rows that the index holds near what was `asked`; None scores every listing.
            k: how many.
        """
        listings, strengths = self._history(taste)
        if not len(listings):
            return RankedList.empty()
        mask = self.numbers.mask(allowed, len(self.next_listing))
        near = None if similar is None else self._known(self.numbers.of_rows(index, similar))
        ranked = self.next_listing.recommend(listings, k, strengths=strengths, allowed=mask, similar=near)
        return self.numbers.in_rows(index, ranked)

    def led(self, taste: ShopperTaste, listing_ids: Sequence[str]) -> dict[str, Led]:
        """For each of `listing_ids` the visit that speaks most for it."""
        listings, strengths = (part[-_TELLING_VISITS:] for part in self._history(taste))
        known = [one for one in listing_ids if self.numbers.by_id.get(one, LAST) < len(self.next_listing)]
        if not len(listings) or not known:
            return {}
        numbers = np.array([self.numbers.by_id[one] for one in known], np.int64)
        history, parts = self.next_listing.parts(listings, numbers, strengths)
        led = {}
        for listing_id, number, first in zip(known, numbers, history[parts.argmax(axis=0)], strict=True):
            followers, _ = self.next_listing.counts.neighbours(int(first))
            led[listing_id] = Led(self.numbers.ids[first], bool((followers == number).any()))
        return led

    def popular(self, index: MarketIndex, allowed: Mask, now: float, k: int) -> RankedList:
        """The rows of the `k` allowed listings that are looked at most."""
        until = self.sequence, now // _POPULAR_SECONDS
        with self.turn:
            if self._popular is None or self._popular[0] != until:
                self._popular = until, self.trending.top(_POPULAR, now)
            listed = self._popular[1]
            rows = self.numbers.in_rows(index, listed)
            kept = rows.rows < len(allowed)
            kept[kept] = allowed[rows.rows[kept]]
            if kept.sum() < k and len(listed) == _POPULAR:  # most of them are sold, seen or hidden
                mask = self.numbers.mask(allowed, len(self.trending))
                return self.numbers.in_rows(index, self.trending.top(k, now, mask))
        return RankedList(rows.rows[kept][:k], rows.scores[kept][:k])

    def forget(self, whose: Iterable[Whose]) -> None:
        """Keep the trails of these no longer; what they were counted in names nobody."""
        for one in whose:
            self._trails.pop(one, None)

    def forget_all(self) -> None:
        """Keep the trail of nobody."""
        self._trails.clear()

    def _history(self, taste: ShopperTaste) -> tuple[Rows, NDArray[np.float64]]:
        """(h,) numbers and strengths of the visits whose listings have one, the latest last."""
        by_id, count = self.numbers.by_id, len(self.next_listing)
        known = [
            (by_id[listing], strength)
            for listing, strength in zip(taste.visits, taste.strengths, strict=True)
            if by_id.get(listing, count) < count
        ]
        return np.array([number for number, _ in known], np.int64), np.array([each for _, each in known])

    def _known(self, numbers: Rows) -> Rows:
        return numbers[numbers < len(self.next_listing)]

    def _trail_before(self, whose: Whose, sequence: int, log: EventLog) -> Trail:
        if whose in self._trails:
            self._trails.move_to_end(whose)
            return self._trails[whose]
        read = log.doings(whose.id, session=whose.is_session, limit=_TRAIL_EVENTS, upto=sequence - 1)
        while len(self._trails) >= _KEPT_TRAILS:
            self._trails.popitem(last=False)
        # A session's events that name a shopper are in that shopper's trail.
        theirs = (one for one in read if not (whose.is_session and one.event.shopper))
        trail = Attention.of((one.sequence, one.event) for one in theirs).trail(self.numbers.by_id)
        return Trail(trail.listings[-_LONGEST_TRAIL:], trail.strengths[-_LONGEST_TRAIL:])


def _texts(index: MarketIndex, listing_ids: Sequence[str]) -> Vectors:
    """(n, d) float16 text vectors; zero for a listing that left the index meanwhile."""
    vectors: NDArray[Any] = np.zeros((len(listing_ids), index.texts.dimension), np.float16)
    rows = np.array([-1 if row is None else row for row in map(index.row, listing_ids)], np.int64)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        places = start + np.flatnonzero(rows[start : start + _ROWS_AT_ONCE] >= 0)
        vectors[places] = index.texts.vectors(rows[places])
    return vectors
