"""The features that pages would have been logged with, drawn anew: for logs that were imported or are older.

Pages and events are gone through by time, so that a shopper's taste at a page is drawn from what they did
before it, and listings are as popular as what came before made them. The market is the one of today: what
was asked is searched in it once, whoever asked, and a listing that is gone, or stands beyond the reranked
matches, stays unknown. Questions with a photo are left out, since the log does not keep it.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import orjson
from numpy.typing import NDArray

from bowerbird.engine import Engine
from bowerbird.errors import InputError
from bowerbird.market.event import Event
from bowerbird.market.query import Filters, Near, Query
from bowerbird.market.ranked_list import RankedList
from bowerbird.progress import Progress
from bowerbird.projection.listing_numbers import ListingNumbers
from bowerbird.projection.matching import Matched, Matcher
from bowerbird.ranking.features import FEATURES_VERSION, Asking, candidate_features
from bowerbird.ranking.listing_facts import UsualPrices
from bowerbird.ranking.page_record import empty_features
from bowerbird.ranking.placed_taste import PlacedTaste
from bowerbird.ranking.stage_clock import StageClock
from bowerbird.storage.popularity_log import PopularityLog
from bowerbird.storage.query_log import ServedPage
from bowerbird.storage.ranking_log import RankedPage
from bowerbird.taste.attention import NO_ATTENTION, Attention
from bowerbird.taste.shopper_taste import UNKNOWN_TASTE, ShopperTaste
from bowerbird.training.replayed_popularity import ReplayedPopularity

Floats = NDArray[np.float32]
Named = tuple[str, str]  # 'shopper' or 'session', and the id
_MATCHES_KEPT = 2000  # questions


def replay_features(
    engine: Engine,
    pages: Sequence[RankedPage],
    events: Iterable[tuple[int, Event]],
    depth: int,
    progress: Progress,
) -> dict[str, Floats]:
    """(n, f) by query id, of the `pages` that have no features of this version.

    Args:
        engine: of the market.
        pages: by time.
        events: with their sequences, in any order; impressions say nothing.
        depth: how many matches are reranked.
        progress: told of every page.
    """
    replay = _Replay(engine, depth)
    coming = sorted(events, key=_time)
    progress.step("drawing features anew", len(pages))
    place, found = 0, {}
    for page in pages:
        while place < len(coming) and coming[place][1].time < page.page.time:
            replay.note(*coming[place])
            place += 1
        replay.popularity.until(page.page.time.timestamp())
        if page.record is None or page.record.version != FEATURES_VERSION:
            features = replay.features(page.page)
            if features is not None:
                found[page.page.query_id] = features
        progress.advance(1)
    return found


class _Replay:
    """The market as it is, and every shopper as they were at one moment."""

    def __init__(self, engine: Engine, depth: int) -> None:
        self._depth = depth
        self._matcher = Matcher(engine.settings, engine.stores.vectors.text_encoder)
        self._usual = UsualPrices()
        self._opened = engine.projection.current
        numbers = ListingNumbers()
        numbers.follow(self._opened.index)
        self.popularity = ReplayedPopularity(numbers, PopularityLog(engine.tastes.stores.database))
        self._taste_of = engine.tastes.taste_of
        self._attentions: dict[Named, Attention] = {}
        self._tastes: dict[tuple[Named, ...], ShopperTaste] = {}
        self._matched: dict[bytes, Matched] = {}

    def note(self, sequence: int, event: Event) -> None:
        """One event more."""
        for whose in _named(event.shopper, event.session):
            self._attentions[whose] = self._attentions.get(whose, NO_ATTENTION).after(event, sequence)

    def features(self, page: ServedPage) -> Floats | None:
        """Of the listings of `page`; None where its question cannot be asked again."""
        matched = self._matches(page)
        if matched is None:
            return None
        index, matches = matched.opened.index, matched.matches
        ranked = RankedList(matches.rows[: self._depth], matches.scores[: self._depth])
        words, near = matched.understood.words, matched.filters.near
        taste = PlacedTaste.of(self._taste(page), index, self._usual)
        asking = Asking(words, matched.candidates, taste, near)
        now, popularity = page.time.timestamp(), self.popularity.counted
        table = candidate_features(ranked, asking, index, self._usual, now=now, popularity=popularity)
        place_of = {row: place for place, row in enumerate(ranked.rows.tolist())}
        features = empty_features(len(page.listing_ids))
        for position, listing_id in enumerate(page.listing_ids):
            row = index.row(listing_id)
            if row is not None and row in place_of:
                features[position] = table[place_of[row]]
        return features

    def _matches(self, page: ServedPage) -> Matched | None:
        key = orjson.dumps([page.words, page.request.get("filters")], option=orjson.OPT_SORT_KEYS)
        if key not in self._matched:
            query = _query(page)
            if query is None:
                return None
            if len(self._matched) >= _MATCHES_KEPT:
                self._matched.clear()
            self._matched[key] = self._matcher.match(query, self._opened, StageClock())
        return self._matched[key]

    def _taste(self, page: ServedPage) -> ShopperTaste:
        whose = _named(page.shopper, page.session)
        attention = NO_ATTENTION
        for one in whose:
            attention = attention.joined(self._attentions.get(one, NO_ATTENTION))
        if not attention.version:
            return UNKNOWN_TASTE
        taste = self._tastes.get(whose)
        if taste is None or taste.version != attention.version:
            self._tastes[whose] = taste = self._taste_of(attention)
        return taste


def _query(page: ServedPage) -> Query | None:
    """What was asked; None where the log does not hold all of it."""
    if not page.words or page.request.get("photo"):
        return None
    given = dict(page.request.get("filters") or {})
    try:
        if given.get("near"):
            given["near"] = Near(**given["near"])
        return Query(words=page.words, filters=Filters(**given))
    except (InputError, TypeError):
        return None


def _named(shopper: str | None, session: str | None) -> tuple[Named, ...]:
    """A shopper and a session speak for one another where both are named."""
    named = (("shopper", shopper), ("session", session))
    return tuple((kind, name) for kind, name in named if name is not None)


def _time(one: tuple[int, Event]) -> float:
    return one[1].time.timestamp()
