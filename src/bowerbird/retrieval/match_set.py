"""The one set that total, facets, sorts and pages are read from."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.market.listing import CATEGORY_SEPARATOR
from bowerbird.market.listing_columns import STATUSES, UNKNOWN, UNKNOWN_TIME, ListingColumns
from bowerbird.market.query import Near, Sort
from bowerbird.market.ranked_list import RankedList, Rows

FACET_SIZE = 20
# Edges of the price facet in major units; people think in round numbers, whatever the market.
PRICE_EDGES = (0, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 50000)


@dataclass(frozen=True, slots=True, eq=False)
class MatchSet:
    """Every match, in the order asked for; `keys` are what they were sorted by, never falling below it."""

    rows: Rows  # (n,)
    scores: NDArray[np.float32]  # (n,) relevance, whatever the order
    keys: NDArray[np.float64]  # (n,) rising: the sort's own key, so that a page can start after one


def sorted_matches(
    ranked: RankedList, columns: ListingColumns, sort: Sort, near: Near | None = None
) -> MatchSet:
    """`ranked` in the order `sort`; what is unknown comes last, and ties keep their relevance."""
    keys = _sort_keys(ranked, columns, sort, near)
    if sort is Sort.RELEVANCE:
        return MatchSet(ranked.rows, ranked.scores, keys)
    order = np.argsort(keys, kind="stable")
    return MatchSet(ranked.rows[order], ranked.scores[order], keys[order])


def facet_counts(
    rows: Rows, columns: ListingColumns, facets: tuple[str, ...]
) -> dict[str, list[dict[str, Any]]]:
    """How many of `rows` have each value of each facet; a field that the market lacks gives an empty list."""
    counters = {
        "category": _count_categories,
        "price": _count_prices,
        "place": lambda rows, columns: _count_codes(rows, columns, "place"),
        "seller": lambda rows, columns: _count_codes(rows, columns, "seller"),
        "status": _count_statuses,
    }
    return {facet: counters[facet](rows, columns) for facet in facets}


def _sort_keys(
    ranked: RankedList, columns: ListingColumns, sort: Sort, near: Near | None
) -> NDArray[np.float64]:
    rows = ranked.rows
    if sort in (Sort.PRICE_ASC, Sort.PRICE_DESC):
        prices = columns.price_minor[rows].astype(np.float64)
        signed = prices if sort is Sort.PRICE_ASC else -prices
        return np.where(prices == UNKNOWN, np.inf, signed)
    if sort is Sort.NEWEST:
        created = columns.created[rows]
        return np.where(created == UNKNOWN_TIME, np.inf, -created.astype(np.float64))
    if sort is Sort.DISTANCE and near is not None:
        return np.nan_to_num(near.distances_km(columns)[rows], nan=np.inf)
    return -ranked.scores.astype(np.float64)


def _count_codes(rows: Rows, columns: ListingColumns, name: str) -> list[dict[str, Any]]:
    codes = getattr(columns, name)[rows]
    vocabulary = columns.vocabularies[name]
    counts = np.bincount(codes[codes != UNKNOWN], minlength=len(vocabulary))
    best = np.argsort(-counts, kind="stable")[:FACET_SIZE]
    return [{"value": vocabulary[code], "count": int(counts[code])} for code in best if counts[code]]


def _count_statuses(rows: Rows, columns: ListingColumns) -> list[dict[str, Any]]:
    codes = columns.status[rows]
    counts = np.bincount(codes[codes != UNKNOWN], minlength=len(STATUSES))
    return [
        {"value": status.value, "count": int(count)}
        for status, count in zip(STATUSES, counts, strict=True)
        if count
    ]


def _count_categories(rows: Rows, columns: ListingColumns) -> list[dict[str, Any]]:
    codes = columns.category[rows]
    paths = columns.vocabularies["category"]
    by_path = np.bincount(codes[codes != UNKNOWN], minlength=len(paths))
    totals: dict[tuple[str, ...], int] = {}
    for code in np.flatnonzero(by_path):
        path = tuple(paths[code].split(CATEGORY_SEPARATOR))
        for depth in range(1, len(path) + 1):
            totals[path[:depth]] = totals.get(path[:depth], 0) + int(by_path[code])
    ordered = sorted(totals.items(), key=lambda item: (len(item[0]), -item[1], item[0]))
    return [{"value": path[-1], "path": list(path), "count": count} for path, count in ordered]


def _count_prices(rows: Rows, columns: ListingColumns) -> list[dict[str, Any]]:
    prices = columns.price_minor[rows]
    major = prices[prices != UNKNOWN] / 100
    counts, _ = np.histogram(major, bins=[*PRICE_EDGES, np.inf])
    ends = [*PRICE_EDGES[1:], None]
    return [
        {"from": start, "to": end, "count": int(count)}
        for start, end, count in zip(PRICE_EDGES, ends, counts, strict=True)
        if count
    ]
