"""Numbers that listings keep: an index's rows change with an edit or a new generation, these never do.

What is counted of listings (what followed what, who is looked at) goes by number. Numbers are given out as
listings appear in the index and are never taken back.
"""

from collections.abc import Mapping

import numpy as np

from bowerbird.indexing.market_index import MarketIndex
from bowerbird.indexing.vector_index import Mask
from bowerbird.market.ranked_list import RankedList, Rows
from bowerbird.taste.growing_array import GrowingArray

_GONE = -1


class ListingNumbers:
    """The numbers of one market's listings, and the rows that they have in the index that is served.

    One thread at a time may `follow`; others read meanwhile.
    """

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._numbers: dict[str, int] = {}
        self._index: MarketIndex | None = None
        self._rows_read = 0
        self._rows = GrowingArray(np.empty(0, np.int64))  # of each number in the index
        self._of_rows: tuple[MarketIndex | None, GrowingArray] = (None, GrowingArray(np.empty(0, np.int64)))

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def by_id(self) -> Mapping[str, int]:
        """The number of each listing."""
        return self._numbers

    def follow(self, index: MarketIndex) -> list[str]:
        """Read what rows `index` has more than at the last call; the listings that are new, in order."""
        another = index is not self._index
        rows = GrowingArray(np.full(len(self.ids), _GONE, np.int64)) if another else self._rows
        listing_ids, added = index.columns.listing_ids, []
        of_rows = GrowingArray(np.empty(0, np.int64)) if another else self._of_rows[1]
        upto = len(listing_ids)
        for row in range(0 if another else self._rows_read, upto):
            number = self._numbers.get(listing_ids[row])
            if number is None:
                added.append(listing_ids[row])
                self._numbers[listing_ids[row]] = len(self.ids)
                self.ids.append(listing_ids[row])
                rows.append([row])
            else:
                rows.view[number] = row  # a later row of a listing is the live one
        of_rows.append([self._numbers[one] for one in listing_ids[len(of_rows) : upto]])
        self._of_rows = index, of_rows
        self._index, self._rows_read, self._rows = index, upto, rows
        return added

    def mask(self, allowed: Mask, count: int) -> Mask:
        """(count,) True for the first `count` numbers whose rows are `allowed`."""
        rows = self._rows.view[:count]
        numbers = np.zeros(count, bool)
        known = (rows >= 0) & (rows < len(allowed))
        numbers[: len(rows)][known] = allowed[rows[known]]
        return numbers

    def of_rows(self, index: MarketIndex, rows: Rows) -> Rows:
        """The numbers of `rows` of `index`; those that have none yet are left out."""
        numbers = self.numbers_of(index, rows)
        return numbers[numbers >= 0]

    def numbers_of(self, index: MarketIndex, rows: Rows) -> Rows:
        """(n,) the numbers of `rows` of `index`; -1 for one that has none yet."""
        followed, held = self._of_rows
        numbers = held.view
        if followed is index and (not len(rows) or rows.max() < len(numbers)):
            return np.asarray(numbers[rows], np.int64)
        ids = index.columns.listing_ids
        return np.array([self._numbers.get(ids[row], _GONE) for row in rows.tolist()], np.int64)

    def in_rows(self, index: MarketIndex, ranked: RankedList) -> RankedList:
        """A list of numbers as one of the live rows of `index`; what it lacks is left out."""
        if index is self._index and len(index.columns.listing_ids) == self._rows_read:
            rows = self._rows.view[ranked.rows]
        else:  # not followed yet
            found = (index.row(self.ids[number]) for number in ranked.rows.tolist())
            rows = np.array([_GONE if row is None else row for row in found], np.int64)
        return RankedList(rows[rows >= 0], ranked.scores[rows >= 0])
