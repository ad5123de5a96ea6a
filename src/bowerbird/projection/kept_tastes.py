"""The tastes of those who asked last, each until its shopper does something or a listing of theirs changes.

A taste is drawn from what was done and from the rows of the listings that it was done to; the contents of a
row never change. So a taste is the same for as long as these are the same.
"""

import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from bowerbird.indexing.market_index import MarketIndex
from bowerbird.projection.attentions import Whose
from bowerbird.taste.attention import Attention
from bowerbird.taste.shopper_taste import ShopperTaste


@dataclass(frozen=True, slots=True, eq=False)
class DrawnFrom:
    """All that a taste was drawn from."""

    index: "weakref.ref[MarketIndex]"  # an index that is served no more must go
    attentions: tuple[Attention, ...]
    rows: tuple[int | None, ...]  # of the listings visited and hidden

    @classmethod
    def of(cls, index: MarketIndex, attentions: tuple[Attention, ...]) -> "DrawnFrom":
        """What a taste of `attentions` would be drawn from now."""
        named = (listing for one in attentions for listings in (one.kept, one.hides) for listing in listings)
        return cls(weakref.ref(index), attentions, tuple(map(index.row, named)))

    def is_as(self, other: "DrawnFrom") -> bool:
        """Whether nothing changed between the two."""
        if len(self.attentions) != len(other.attentions) or self.rows != other.rows:
            return False
        pairs = zip(self.attentions, other.attentions, strict=True)
        return self.index() is other.index() and all(one is another for one, another in pairs)


class KeptTastes:
    """At most `capacity` tastes, by whose they are. Safe between threads."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[tuple[Whose, ...], tuple[DrawnFrom, ShopperTaste]] = OrderedDict()
        self.forgotten = 0  # how often somebody was
        self._turn = threading.Lock()

    def get(self, whose: tuple[Whose, ...], now: DrawnFrom) -> ShopperTaste | None:
        """The taste that was drawn from the same, or None."""
        with self._turn:
            drawn, taste = self._kept.get(whose, (None, None))
            if drawn is None or not drawn.is_as(now):
                return None
            self._kept.move_to_end(whose)
            return taste

    def keep(self, whose: tuple[Whose, ...], drawn: DrawnFrom, taste: ShopperTaste, forgotten: int) -> None:
        """Keep a taste, unless somebody was `forgotten` since its attentions were read."""
        with self._turn:
            if forgotten != self.forgotten:
                return
            self._kept[whose] = drawn, taste
            self._kept.move_to_end(whose)
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)

    def forget(self, whose: Iterable[Whose]) -> None:
        """Keep nothing that is of any of them."""
        gone = set(whose)
        with self._turn:
            self.forgotten += 1
            for names in [names for names in self._kept if not gone.isdisjoint(names)]:
                del self._kept[names]

    def clear(self) -> None:
        """Keep nothing of anybody."""
        with self._turn:
            self.forgotten += 1
            self._kept.clear()
