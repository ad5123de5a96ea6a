"""The life of a feed, top to bottom: taste, candidates, blend, variety, page, reasons."""

import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from bowerbird.errors import UnavailableError
from bowerbird.indexing.market_index import MarketIndex
from bowerbird.indexing.vector_index import Mask
from bowerbird.market.query import Filters
from bowerbird.market.ranked_list import RankedList
from bowerbird.projection.live_taste import LiveTaste
from bowerbird.projection.market_taste import MarketTaste
from bowerbird.ranking.stage_clock import StageClock
from bowerbird.recommending.blending import NEW, NEXT, TRENDING, BlendWeights
from bowerbird.recommending.candidates import near_interests
from bowerbird.recommending.composing import Entry, composed
from bowerbird.recommending.diversity import Variety
from bowerbird.recommending.exposure import Exposure
from bowerbird.recommending.feed import Feed, FeedRequest, Reason, Recommendation
from bowerbird.recommending.kept_feeds import FeedCursor, KeptFeed, KeptFeeds
from bowerbird.recommending.newcomers import newcomers, sellers_own, usual_place
from bowerbird.recommending.reasons import reasons_for
from bowerbird.storage.catalogue import Catalogue
from bowerbird.taste.attention import NO_ATTENTION, Attention
from bowerbird.taste.shopper_taste import ShopperTaste

log = logging.getLogger(__name__)
DEGRADED = "taste"
KEPT_FEEDS = 500  # for paging; about 100 kB each


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """How feeds are made."""

    weights: BlendWeights
    variety: Variety
    depth: int  # candidates asked of each source
    longest: int  # entries of a whole feed
    most_heads: int  # different shoppers' feeds that a listing may head in an hour


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """Who asks, and what is known of them."""

    whose: str | None
    attention: Attention
    taste: ShopperTaste
    market: MarketTaste | None
    allowed: Mask
    degraded: bool


class Feeds:
    """The recommendations of one market. Safe between threads."""

    def __init__(
        self,
        tastes: LiveTaste,
        catalogue: Catalogue,
        index: Callable[[], MarketIndex],
        settings: FeedSettings,
        now: Callable[[], datetime],
    ) -> None:
        self._tastes = tastes
        self._catalogue = catalogue
        self._index = index
        self._settings = settings
        self._now = now
        self._exposure = Exposure(settings.most_heads)
        self._kept = KeptFeeds(KEPT_FEEDS)
        tastes.on_erasure.append(self._forget_all)

    def recommend(self, request: FeedRequest) -> Feed:
        """The page of recommendations for whoever asks; `degraded` says where it was made without taste.

        Raises:
            InputError: the cursor is damaged.
        """
        clock = StageClock()
        cursor = None if request.cursor is None else FeedCursor.parse(request.cursor)
        index, now = self._index(), self._now().timestamp()
        with clock.stage("taste"):
            asked = self._asked(request, index)
        query_id = uuid.uuid4().hex
        feed = None if cursor is None else self._kept.get(cursor.feed, asked.whose)
        if feed is None:
            feed = self._composed(asked, index, now, clock)
        with clock.stage("page"):
            start = 0 if cursor is None else cursor.offset
            shown, end = _page(feed.entries, start, request.limit, index, asked.allowed)
            name = query_id if cursor is None else cursor.feed
            if end < len(feed.entries):
                self._kept.keep(name, feed)
            hits = self._recommendations(shown, feed, asked)
        if cursor is None and asked.whose is not None:
            head = [entry.listing_id for entry in shown[: self._settings.variety.head]]
            self._exposure.note(head, asked.whose, now)
        return Feed(
            query_id=query_id,
            hits=hits,
            total=len(feed.entries),
            personal=asked.taste.is_known,
            took_ms=clock.total_ms,
            stages=clock.stages,
            next_cursor=str(FeedCursor(name, end)) if end < len(feed.entries) else None,
            first_position=1 + start,
            degraded=(DEGRADED,) if asked.degraded else (),
        )

    def forget(self, shopper: str, sessions: Sequence[str]) -> None:
        """Keep nothing of this shopper, nor of the sessions that were theirs."""
        whose = {_named(shopper, None), *(_named(None, session) for session in sessions)}
        names = {name for name in whose if name is not None}
        self._exposure.forget(names)
        self._kept.forget(names)

    def _forget_all(self) -> None:
        self._exposure.clear()
        self._kept.clear()

    def _asked(self, request: FeedRequest, index: MarketIndex) -> _Asked:
        attention, market, degraded = NO_ATTENTION, None, False
        try:
            attention = self._tastes.attention(request.shopper, request.session)
            market = self._tastes.market
        except UnavailableError as error:
            log.error("a feed is made without the event log: %s", error.message)
            degraded = True
        for event in request.events:
            attention = attention.after(event, 0)
        allowed = index.allowed(Filters())
        for listing_id in (*attention.kept, *attention.hidden):
            row = index.row(listing_id)
            if row is not None and row < len(allowed):
                allowed[row] = False
        if request.shopper:
            allowed = sellers_own([request.shopper], index, allowed)
        whose = _named(request.shopper, request.session)
        taste = self._tastes.taste_of(attention)
        return _Asked(whose, attention, taste, market, allowed, degraded or market is None)

    def _composed(self, asked: _Asked, index: MarketIndex, now: float, clock: StageClock) -> KeptFeed:
        settings, taste, allowed, market = self._settings, asked.taste, asked.allowed, asked.market
        with clock.stage("retrieve"):
            beside = None if market is None else market.asked(taste)
            near = near_interests(taste.interests, index, allowed, settings.depth, beside)
            place = usual_place(taste, index)
            wide = settings.depth if taste.is_known else settings.longest
            sources: dict[str, RankedList] = {NEW: newcomers(taste, place, index, allowed, now, wide)}
            if market is not None:
                similar = None if beside is None else near.similar
                sources[NEXT] = market.next_listings(taste, index, allowed, similar, settings.depth)
                sources[TRENDING] = market.popular(index, allowed, now, wide)
        with clock.stage("compose"):
            sources = {name: _within(ranked, allowed) for name, ranked in sources.items()}
            spent = self._exposure.spent(asked.whose or "", now)
            weights, variety, longest = settings.weights, settings.variety, settings.longest
            entries = composed(taste, near.rows, sources, index, spent, weights, variety, longest)
        return KeptFeed(asked.whose, entries, taste, place)

    def _recommendations(
        self, shown: Sequence[Entry], feed: KeptFeed, asked: _Asked
    ) -> tuple[Recommendation, ...]:
        taste = feed.taste
        next_ids = [entry.listing_id for entry in shown if entry.source == NEXT]
        led = {} if asked.market is None else asked.market.led(taste, next_ids)
        faces = {taste.interests[entry.interest].face for entry in shown if entry.interest >= 0}
        named = faces | {one.listing_id for one in led.values()}
        listings = self._catalogue.get(sorted(named | {entry.listing_id for entry in shown}))
        titles = {one: listings[one].title for one in named if one in listings}
        reasons: list[Reason] = reasons_for(shown, taste, led, titles, feed.place)
        return tuple(
            Recommendation(listings[entry.listing_id], entry.score, reason, entry.parts)
            for entry, reason in zip(shown, reasons, strict=True)
            if entry.listing_id in listings
        )


def _page(
    entries: Sequence[Entry], start: int, limit: int, index: MarketIndex, allowed: Mask
) -> tuple[list[Entry], int]:
    """Up to `limit` entries from `start` on that may still be shown, and where the next page starts."""
    shown: list[Entry] = []
    place = start
    while place < len(entries) and len(shown) < limit:
        row = index.row(entries[place].listing_id)
        if row is not None and row < len(allowed) and allowed[row]:
            shown.append(entries[place])
        place += 1
    return shown, place


def _within(ranked: RankedList, allowed: Mask) -> RankedList:
    """Without rows that became known after `allowed` was asked for."""
    kept = ranked.rows < len(allowed)
    kept[kept] = allowed[ranked.rows[kept]]
    return ranked if np.all(kept) else RankedList(ranked.rows[kept], ranked.scores[kept])


def _named(shopper: str | None, session: str | None) -> str | None:
    """One name for whoever asks: a session never goes by a shopper's name."""
    if shopper:
        return f"shopper {shopper}"
    return f"session {session}" if session else None
