"""Feeds that stay still while they are paged through, kept in memory by whom they were made for."""

import re
import threading
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass

from bowerbird.errors import InputError
from bowerbird.recommending.composing import Entry
from bowerbird.recommending.newcomers import UsualPlace
from bowerbird.taste.shopper_taste import ShopperTaste

_CURSOR = re.compile(r"([0-9a-f]{32})-([0-9]{1,6})")


@dataclass(frozen=True, slots=True)
class FeedCursor:
    """Where the next page starts: the feed, by the query id of its first page, and a place in it."""

    feed: str
    offset: int

    def __str__(self) -> str:
        return f"{self.feed}-{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "FeedCursor":
        """The cursor that `text` says.

        Raises:
            InputError: it says none.
        """
        found = _CURSOR.fullmatch(text)
        if found is None:
            raise InputError(f"cursor {text[:60]!r} is damaged; start again without one")
        return cls(found[1], int(found[2]))


@dataclass(frozen=True, slots=True, eq=False)
class KeptFeed:
    """A whole feed, and what its reasons are drawn from."""

    whose: str | None
    entries: tuple[Entry, ...]
    taste: ShopperTaste
    place: UsualPlace | None


class KeptFeeds:
    """The latest `capacity` feeds. Safe between threads."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._feeds: OrderedDict[str, KeptFeed] = OrderedDict()
        self._turn = threading.Lock()

    def keep(self, name: str, feed: KeptFeed) -> None:
        """Keep `feed`; the oldest makes room."""
        with self._turn:
            self._feeds[name] = feed
            while len(self._feeds) > self._capacity:
                self._feeds.popitem(last=False)

    def get(self, name: str, whose: str | None) -> KeptFeed | None:
        """The feed of that name, if it is kept and was made for `whose`."""
        with self._turn:
            feed = self._feeds.get(name)
        return feed if feed is not None and feed.whose == whose else None

    def forget(self, whose: Collection[str]) -> None:
        """Keep nothing that was made for them."""
        with self._turn:
            for name in [name for name, feed in self._feeds.items() if feed.whose in whose]:
                del self._feeds[name]

    def clear(self) -> None:
        """Keep nothing."""
        with self._turn:
            self._feeds.clear()
