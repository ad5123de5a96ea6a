"""How many different shoppers' feeds each listing heads: no advert is pushed to everybody at once.

Kept in memory for an hour back, so each process caps what it serves itself.
"""

import threading
from collections.abc import Callable, Collection, Iterable

WINDOW_SECONDS = 3600.0


class Exposure:
    """The heads of the feeds of the last hour. Safe between threads.

    Args:
        most: different shoppers whose feeds a listing may head within the window.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._heads: dict[str, dict[str, float]] = {}  # by listing: who saw it at the head, and when last
        self._often: set[str] = set()  # of these listings, those that `most` or more saw: few of many
        self._tidied = 0.0
        self._turn = threading.Lock()

    def note(self, listing_ids: Iterable[str], whose: str, now: float) -> None:
        """These listings head the feed of `whose`; `now` is in seconds since 1970."""
        with self._turn:
            if now - self._tidied > WINDOW_SECONDS / 4:
                self._tidy(now)
            for listing_id in listing_ids:
                seen = self._heads.setdefault(listing_id, {})
                seen[whose] = now
                if len(seen) >= self._most:
                    self._often.add(listing_id)

    def spent(self, whose: str, now: float) -> frozenset[str]:
        """The listings that head as many others' feeds as they may."""
        with self._turn:
            return frozenset(
                listing_id
                for listing_id in self._often
                if self._others(self._heads[listing_id], whose, now) >= self._most
            )

    def forget(self, whose: Collection[str]) -> None:
        """Keep nothing of them."""
        with self._turn:
            self._filter(lambda name, _: name not in whose)

    def clear(self) -> None:
        """Keep nothing of anybody."""
        with self._turn:
            self._heads.clear()
            self._often.clear()

    def _others(self, seen: dict[str, float], whose: str, now: float) -> int:
        return sum(name != whose and now - time <= WINDOW_SECONDS for name, time in seen.items())

    def _tidy(self, now: float) -> None:
        self._tidied = now
        self._filter(lambda _, time: now - time <= WINDOW_SECONDS)

    def _filter(self, wanted: Callable[[str, float], bool]) -> None:
        kept = {
            listing_id: {name: time for name, time in seen.items() if wanted(name, time)}
            for listing_id, seen in self._heads.items()
        }
        self._heads = {listing_id: seen for listing_id, seen in kept.items() if seen}
        self._often = {listing_id for listing_id, seen in self._heads.items() if len(seen) >= self._most}
