"""What the simulated market serves: a ranking that knows no shopper, some pages shuffled a little."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.demo.market_truth import MarketTruth
from bowerbird.demo.visits import Visits

Codes = NDArray[np.int64]
NOTHING = -1
Search = Callable[[str], Sequence[str]]  # words -> listing ids, best first


@dataclass(frozen=True, slots=True)
class Serving:
    """How pages are served."""

    page_size: int = 20
    explored: float = 0.3  # share of the pages that are shuffled
    jitter: float = 2.0  # spread, in ranks, of how far a listing moves on those

    def pages(self, visits: Visits, search: Search, market: MarketTruth, rng: np.random.Generator) -> Codes:
        """(p, page_size) the number of the listing at each position; NOTHING where a page is shorter.

        Each distinct question is searched once. A page shows what was listed by its time, and a feed what
        came last, amid a random choice of the older.
        """
        deep = 4 * self.page_size
        answers = {words: self._answer(search(words), market, deep) for words in sorted(set(visits.words))}
        latest = np.argsort(-market.created, kind="stable")
        rows = []
        for words, time in zip(visits.words, visits.times.tolist(), strict=True):
            found = answers[words] if words else latest
            there = found[market.created[found] <= time]
            rows.append(there if words else self._feed(there, rng))
        table = np.full((len(rows), deep), NOTHING)
        for page, row in enumerate(rows):
            table[page, : min(len(row), deep)] = row[:deep]
        return self._explored(table, rng)[:, : self.page_size]

    def _feed(self, latest: Codes, rng: np.random.Generator) -> Codes:
        new = latest[: self.page_size // 2]
        older = latest[len(new) :]
        some = rng.choice(older, min(self.page_size - len(new), len(older)), replace=False)
        return np.asarray(rng.permutation(np.r_[new, some]))

    def _explored(self, table: Codes, rng: np.random.Generator) -> Codes:
        moved = np.where(rng.random((len(table), 1)) < self.explored, self.jitter, 0.0)
        places = np.arange(table.shape[1]) + moved * rng.standard_normal(table.shape)
        places[table == NOTHING] = np.inf
        return np.take_along_axis(table, np.argsort(places, axis=1, kind="stable"), axis=1)

    def _answer(self, ids: Sequence[str], market: MarketTruth, deep: int) -> Codes:
        known = [market.numbers[listing_id] for listing_id in ids if listing_id in market.numbers]
        return np.array(known[:deep], np.int64)
