"""What features need of listings beyond their columns: what titles share with a question, what kinds cost.

What is usual is read when it is first needed, and drawn anew as the market grows.
"""

import numpy as np
from numpy.typing import NDArray

from bowerbird.indexing.market_index import MarketIndex
from bowerbird.market.listing_columns import UNKNOWN, ListingColumns
from bowerbird.market.ranked_list import Rows

Floats = NDArray[np.float32]
FEWEST_PRICES = 5  # of one kind, before its spread says anything
LEAST_SPREAD = 0.25  # of log prices
_DRAWN_AGAIN = 1.1  # times as many rows


def title_overlap(words: str, rows: Rows, index: MarketIndex) -> tuple[Floats, Floats]:
    """(n,) the share of the different `words` that each title has, and how many words a title has."""
    stems, lengths = index.titles.of(rows)
    asked = index.titles.asked(words)
    if not len(asked):
        return np.full(len(rows), np.nan, np.float32), lengths.astype(np.float32)
    has = np.zeros(len(stems), bool)
    for stem in asked:  # they are few: np.isin would sort
        has |= stems == stem
    owners = np.repeat(np.arange(len(rows)), lengths)
    found = np.bincount(owners, has, len(rows))
    return (found / len(asked)).astype(np.float32), lengths.astype(np.float32)


class UsualPrices:
    """What each kind of a market costs, kept of the index that was asked for last. Safe between threads."""

    def __init__(self) -> None:
        self._kept: tuple[MarketIndex, Floats, Floats, Floats] | None = None  # middles, spreads; gaps by row

    def price_in_category(self, rows: Rows, index: MarketIndex) -> Floats:
        """(n,) how many spreads the logarithm of each price lies above the middle of its category.

        NaN where the price, the category or what is usual there is unknown.
        """
        middles, spreads, gaps = self._of(index)
        if rows.max(initial=-1) < len(gaps):
            return gaps[rows]
        return _gaps(index.columns, rows, middles, spreads)

    def _of(self, index: MarketIndex) -> tuple[Floats, Floats, Floats]:
        """(c,) the middles and the spreads by category code, and (r,) the gaps of the rows that were seen."""
        kept, count = self._kept, len(index.columns)
        if kept is None or kept[0] is not index or count > _DRAWN_AGAIN * len(kept[3]):
            usual = _usual_prices(index.columns)
            self._kept = kept = (index, *usual, _gaps(index.columns, np.arange(count), *usual))
        return kept[1:]


def log_prices(columns: ListingColumns, rows: Rows) -> Floats:
    """(n,) natural logarithms of 1 + the price in major units; NaN where it is unknown."""
    minor = columns.price_minor[rows]
    return np.where(minor == UNKNOWN, np.nan, np.log1p(np.maximum(minor, 0) / 100)).astype(np.float32)


def _gaps(columns: ListingColumns, rows: Rows, middles: Floats, spreads: Floats) -> Floats:
    """(n,) of `rows` by what is usual in (c,) categories; one that came up since has nothing usual."""
    if not len(middles):
        return np.full(len(rows), np.nan, np.float32)
    codes = columns.category[rows]
    known = (codes != UNKNOWN) & (codes < len(middles))
    places = np.where(known, codes, 0)
    gaps = (log_prices(columns, rows) - middles[places]) / spreads[places]
    return np.where(known, gaps, np.nan).astype(np.float32)


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
