"""Pages over a match set that stays still while listings change.

The first page of a query keeps its match set, and a cursor points into it, so that each listing comes once
however the market moves. A set that is no longer kept (it is old, or another replica held it) is found again
and read on after the sort key where the last page ended.
"""

import base64
import binascii
import hashlib
import threading
import uuid
from collections import OrderedDict
from dataclasses import dataclass, replace

import numpy as np
import orjson

from bowerbird.errors import InputError
from bowerbird.indexing.market_index import MarketIndex
from bowerbird.market.conditions import Mask
from bowerbird.market.query import Query, Sort
from bowerbird.retrieval.match_set import MatchSet


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page starts: a place in a kept set, and what the last page ended on if that is gone."""

    query: str  # digest of the query it belongs to
    kept: str
    offset: int
    key: float
    listing_id: str

    def __str__(self) -> str:
        # JSON has no infinity, which is the key of whatever is unknown: keys travel as text.
        fields = [self.query, self.kept, self.offset, str(self.key), self.listing_id]
        return base64.urlsafe_b64encode(orjson.dumps(fields)).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str, query: Query) -> "Cursor":
        """The cursor that `text` says.

        Raises:
            InputError: it is damaged, or was given for another query.
        """
        try:
            fields = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            cursor = cls(str(fields[0]), str(fields[1]), int(fields[2]), float(fields[3]), str(fields[4]))
        except (binascii.Error, ValueError, IndexError, TypeError, KeyError, OverflowError) as error:
            raise InputError(f"cursor {text[:60]!r} is damaged; start again without one") from error
        if cursor.query != query_digest(query) or cursor.offset < 0:
            raise InputError(
                "this cursor belongs to another query, or to another shopper's; start again without one"
            )
        return cursor


def ticket_of(cursor: Cursor | None) -> str:
    """The name of a match set: a new one for a first page, and the same for all that follow it."""
    return cursor.kept if cursor else uuid.uuid4().hex[:16]


def query_digest(query: Query) -> str:
    """16 hexadecimal digits that two queries share if one is the next page of the other.

    The age of listings is left out: it counts back from now, which is later at every page. An order by
    relevance is the shopper's own, so it belongs to them.
    """
    filters = replace(query.filters, listed_after=None)
    whose = (query.shopper, query.session) if query.sort is Sort.RELEVANCE else None
    digest = hashlib.sha256(repr((query.words, filters, query.sort, whose)).encode())
    if query.photo is not None:
        digest.update(np.ascontiguousarray(query.photo).data)
    return digest.hexdigest()[:16]


class KeptMatchSets:
    """The latest match sets, in memory, at most `capacity` rows together. Safe between threads."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._sets: OrderedDict[str, tuple[MarketIndex, MatchSet]] = OrderedDict()
        self._rows = 0
        self._lock = threading.Lock()

    def keep(self, name: str, index: MarketIndex, matches: MatchSet) -> None:
        """Keep `matches`, whose rows belong to `index`; the oldest sets make room."""
        with self._lock:
            if name in self._sets:
                self._rows -= len(self._sets.pop(name)[1].rows)
            self._sets[name] = (index, matches)
            self._rows += len(matches.rows)
            while self._rows > self._capacity and len(self._sets) > 1:
                _, (_, dropped) = self._sets.popitem(last=False)
                self._rows -= len(dropped.rows)

    def get(self, name: str, index: MarketIndex) -> MatchSet | None:
        """The set kept under `name`, its rows those of `index`; -1 for a listing that is gone from it."""
        with self._lock:
            if name not in self._sets:
                return None
            self._sets.move_to_end(name)
            owner, matches = self._sets[name]
            if owner is not index:  # the index was compacted or rebuilt since: its rows moved
                matches = _moved(matches, owner, index)
                self._sets[name] = (index, matches)
            return matches

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._sets.clear()
            self._rows = 0

    def let_go_of(self, old: MarketIndex, new: MarketIndex) -> None:
        """Move every set from `old` to `new`, so that `old` can be freed."""
        with self._lock:
            for name, (owner, matches) in self._sets.items():
                if owner is old:
                    self._sets[name] = (new, _moved(matches, old, new))


@dataclass(frozen=True, slots=True)
class Page:
    """Live rows with their scores, in order, and the cursor of the page after it."""

    rows: list[int]
    scores: list[float]
    next_cursor: str | None


class Pager:
    """Cuts match sets into pages. Safe between threads."""

    def __init__(self, kept_rows: int) -> None:
        self._kept = KeptMatchSets(kept_rows)

    def page(
        self,
        query: Query,
        cursor: Cursor | None,
        fresh: MatchSet,
        index: MarketIndex,
        allowed: Mask,
        ticket: str | None = None,
    ) -> Page:
        """The page of `fresh`, or of the match set that `cursor` points into, that comes next.

        Args:
            query: what was asked; its limit is the length of the page.
            cursor: where the last page ended; None for the first.
            fresh: what the query finds now.
            index: the index that the rows of `fresh` belong to.
            allowed: (n,) live rows that satisfy the filters now.
            ticket: what `fresh` is kept under, by `ticket_of` the cursor.
        """
        ticket = ticket or ticket_of(cursor)
        matches, place = self._start(fresh, cursor, index)
        rows: list[int] = []
        scores: list[float] = []
        while place < len(matches.rows) and len(rows) < query.limit:
            found = int(matches.rows[place])
            row = found if matches is fresh else _current_row(index, found)
            # A listing that changed since the first page has a new row, and must still pass the filters.
            if row is not None and row < len(allowed) and allowed[row]:
                rows.append(row)
                scores.append(float(matches.scores[place]))
            place += 1
        if place >= len(matches.rows) or not rows:
            return Page(rows, scores, None)
        if self._kept.get(ticket, index) is not matches:
            self._kept.keep(ticket, index, matches)
        last = index.columns.listing_ids[rows[-1]]
        following = Cursor(query_digest(query), ticket, place, float(matches.keys[place - 1]), last)
        return Page(rows, scores, str(following))

    def let_go_of(self, old: MarketIndex, new: MarketIndex) -> None:
        """Move what is kept from `old` to `new`, so that `old` can be freed."""
        self._kept.let_go_of(old, new)

    def clear(self) -> None:
        """Keep nothing: a page that is asked for is then found again."""
        self._kept.clear()

    def _start(self, fresh: MatchSet, cursor: Cursor | None, index: MarketIndex) -> tuple[MatchSet, int]:
        if cursor is None:
            return fresh, 0
        kept = self._kept.get(cursor.kept, index)
        return (fresh, _offset_after(fresh, index, cursor)) if kept is None else (kept, cursor.offset)


def _current_row(index: MarketIndex, row: int) -> int | None:
    """The live row of the listing that was kept at `row`: it may have changed, or be gone."""
    return None if row < 0 else index.row(index.columns.listing_ids[row])


def _offset_after(matches: MatchSet, index: MarketIndex, cursor: Cursor) -> int:
    """The place in `matches` just after the listing that the last page ended on, or after its sort key."""
    row = index.row(cursor.listing_id)
    places = np.flatnonzero(matches.rows == (-1 if row is None else row))
    if row is not None and len(places):
        return int(places[0]) + 1
    # The listing is gone: of those that share its sort key, as many were shown as stood before it.
    first, end = (np.searchsorted(matches.keys, cursor.key, side) for side in ("left", "right"))
    return int(np.clip(cursor.offset - 1, first, end))


def _moved(matches: MatchSet, old: MarketIndex, new: MarketIndex) -> MatchSet:
    ids = old.columns.listing_ids
    moved = [new.row(ids[row]) if row >= 0 else None for row in matches.rows]
    rows = np.array([-1 if row is None else row for row in moved], np.int64)
    return MatchSet(rows, matches.scores, matches.keys)
