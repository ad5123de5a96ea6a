"""What features need of a served index beyond its columns: the words of titles, and what its kinds cost.

Both are read when they are first needed and kept for as long as the index is served. The row of a listing
never changes its contents, so nothing kept goes stale; usual prices are drawn anew as the market grows.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bowerbird.indexing.market_index import MarketIndex
from bowerbird.indexing.text_analysis import STEMMED, analysers, listing_text, normalise
from bowerbird.market.listing_columns import UNKNOWN, ListingColumns
from bowerbird.market.ranked_list import Rows

Floats = NDArray[np.float32]
TITLES_KEPT = 1_000_000  # rows, of some 40 bytes each
FEWEST_PRICES = 5  # of one kind, before its spread says anything
LEAST_SPREAD = 0.25  # of log prices
_DRAWN_AGAIN = 1.1  # times as many rows


@dataclass(slots=True, eq=False)
class _OfIndex:
    """What is kept of one index."""

    index: MarketIndex
    titles: dict[int, bytes] = field(default_factory=dict)  # 4 bytes a stem
    prices: tuple[int, Floats, Floats] | None = None  # rows seen, middles and spreads by category code


class ListingFacts:
    """Facts of listings by row. Safe between threads.

    Args:
        read_titles: the titles of listings by id.
    """

    def __init__(self, read_titles: Callable[[Sequence[str]], Mapping[str, str]]) -> None:
        self._read_titles = read_titles
        self._analyser = analysers()[STEMMED]
        self._kept: _OfIndex | None = None

    def title_overlap(self, words: str, rows: Rows, index: MarketIndex) -> tuple[Floats, Floats]:
        """(n,) the share of the different `words` that each title has, and how many words a title has."""
        titles = self._titles(rows, index)
        lengths = np.fromiter(map(len, titles), np.int64, len(titles)) // 4
        asked = np.frombuffer(self._stems(normalise(words)), np.uint32)
        if not len(asked):
            return np.full(len(rows), np.nan, np.float32), lengths.astype(np.float32)
        stems = np.frombuffer(b"".join(titles), np.uint32)
        has = np.zeros(len(stems), bool)
        for stem in asked:  # they are few: np.isin would sort
            has |= stems == stem
        owners = np.repeat(np.arange(len(rows)), lengths)
        found = np.bincount(owners, has, len(rows))
        return (found / len(asked)).astype(np.float32), lengths.astype(np.float32)

    def price_in_category(self, rows: Rows, index: MarketIndex) -> Floats:
        """(n,) how many spreads the logarithm of each price lies above the middle of its category.

        NaN where the price, the category or what is usual there is unknown.
        """
        kept = self._of(index)
        count = len(index.columns)
        if kept.prices is None or count > _DRAWN_AGAIN * kept.prices[0]:
            kept.prices = (count, *_usual_prices(index.columns))
        _, middles, spreads = kept.prices
        codes = index.columns.category[rows]
        known = (codes != UNKNOWN) & (codes < len(middles))
        places = np.where(known, codes, 0)
        if not len(middles):
            return np.full(len(rows), np.nan, np.float32)
        gaps = (log_prices(index.columns, rows) - middles[places]) / spreads[places]
        return np.where(known, gaps, np.nan).astype(np.float32)

    def _titles(self, rows: Rows, index: MarketIndex) -> list[bytes]:
        titles, wanted = self._of(index).titles, rows.tolist()
        try:
            return list(map(titles.__getitem__, wanted))
        except KeyError:
            return self._read(wanted, index, titles)

    def _read(self, wanted: Sequence[int], index: MarketIndex, titles: dict[int, bytes]) -> list[bytes]:
        """The titles of `wanted` rows, which are kept in `titles` from now on."""
        if len(titles) > TITLES_KEPT:
            titles.clear()
        own = {row: titles.get(row) for row in wanted}  # another thread may clear `titles` meanwhile
        missing = [row for row, title in own.items() if title is None]
        ids = index.columns.listing_ids
        found = self._read_titles([ids[row] for row in missing])
        read = {row: self._stems(listing_text(found.get(ids[row], ""))) for row in missing}
        titles |= read
        return [title if (title := own[row]) is not None else read[row] for row in wanted]

    def _stems(self, text: str) -> bytes:
        stems = sorted({zlib.crc32(stem.encode()) for stem in self._analyser.analyze(text)})
        return np.array(stems, np.uint32).tobytes()

    def _of(self, index: MarketIndex) -> _OfIndex:
        kept = self._kept
        if kept is None or kept.index is not index:
            self._kept = kept = _OfIndex(index)
        return kept


def log_prices(columns: ListingColumns, rows: Rows) -> Floats:
    """(n,) natural logarithms of 1 + the price in major units; NaN where it is unknown."""
    minor = columns.price_minor[rows]
    return np.where(minor == UNKNOWN, np.nan, np.log1p(np.maximum(minor, 0) / 100)).astype(np.float32)


def _usual_prices(columns: ListingColumns) -> tuple[Floats, Floats]:
    """(c,) medians and robust spreads of the log prices of each category; NaN where too few are known."""
    categories = len(columns.vocabularies["category"])
    middles = np.full(categories, np.nan, np.float32)
    spreads = np.full(categories, 1.0, np.float32)
    rows = np.flatnonzero((columns.category != UNKNOWN) & (columns.price_minor != UNKNOWN))
    codes = columns.category[rows]
    order = np.argsort(codes, kind="stable")
    prices, codes = log_prices(columns, rows[order]), codes[order]
    starts = np.searchsorted(codes, np.arange(categories + 1))
    for code in np.flatnonzero(np.diff(starts) >= FEWEST_PRICES).tolist():
        some = prices[starts[code] : starts[code + 1]]
        middles[code] = np.median(some)
        # 1.4826: what makes the median deviation of a normal distribution its standard deviation.
        spreads[code] = max(1.4826 * float(np.median(np.abs(some - middles[code]))), LEAST_SPREAD)
    return middles, spreads
