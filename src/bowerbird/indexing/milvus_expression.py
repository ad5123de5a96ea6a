"""Conditions on columns as Milvus writes them, and the columns as fields of a Milvus collection.

Milvus keeps the codes of the generation's own columns rather than names: a condition means the same there as
in the mask that it comes from, whatever the case of a word or the comma in a place.
"""

from collections.abc import Iterable, Sequence
from math import ceil, floor, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bowerbird.indexing.vector_index import Facts
from bowerbird.market.conditions import Condition, OneOf
from bowerbird.market.listing_columns import ListingColumns

ROW = "row"
VECTOR = "vector"
# Each column that a filter reads, with the name of its Milvus type.
FIELDS = {
    "status": "INT8",
    "category": "INT32",
    "place": "INT32",
    "seller": "INT32",
    "price_minor": "INT64",
    "created": "INT64",
    "latitude": "FLOAT",
    "longitude": "FLOAT",
}
_FRACTIONAL = ("latitude", "longitude")
_NOWHERE = 1000.0  # degrees of an unknown place: Milvus takes no NaN, and no box reaches as far
NOTHING = f"{ROW} < 0"


def facts_of(columns: ListingColumns, rows: NDArray[np.int64]) -> Facts:
    """(m,) values by field of the listings `rows`."""
    facts: dict[str, NDArray[Any]] = {name: getattr(columns, name)[rows] for name in FIELDS}
    for name in _FRACTIONAL:
        facts[name] = np.nan_to_num(facts[name], nan=_NOWHERE)
    return facts


def expression(conditions: Sequence[Condition], excluded: Iterable[int] = ()) -> str:
    """The rows that meet all `conditions` and are not `excluded`; '' is every row."""
    parts = [part for condition in conditions for part in _parts(condition)]
    named = list(excluded)
    if named:
        parts.append(f"{ROW} not in {named}")
    return " and ".join(parts)


def _parts(condition: Condition) -> list[str]:
    if isinstance(condition, OneOf):
        return [f"{condition.column} in {list(condition.codes)}" if condition.codes else NOTHING]
    parts = []
    if condition.low is not None:
        parts.append(f"{condition.column} >= {_bound(condition.column, condition.low, ceil)}")
    if condition.high is not None:
        parts.append(f"{condition.column} <= {_bound(condition.column, condition.high, floor)}")
    return parts


def _bound(column: str, value: float, whole: Any) -> str:  # noqa: ANN401  ceil or floor, typed oddly
    if column in _FRACTIONAL:
        return f"{value:.6f}"
    limit = np.iinfo(np.int64)
    if not isfinite(value):
        return str(limit.max if value > 0 else limit.min + 1)
    return str(min(max(whole(value), limit.min + 1), limit.max))
