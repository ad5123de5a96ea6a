"""What filters ask of single columns, as plain values.

A mask over the columns follows from them, and so does an expression for an index that keeps the columns
itself, in another process perhaps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from bowerbird.market.listing_columns import ListingColumns

Mask = NDArray[np.bool_]
_COMPARED = 4  # so many codes are compared one by one


@dataclass(frozen=True, slots=True)
class OneOf:
    """The column of codes holds one of `codes`; -1 is 'unknown'. No code at all is met by nothing."""

    column: str
    codes: tuple[int, ...]

    def holds(self, columns: ListingColumns) -> Mask:
        """(n,) True where it does."""
        return is_one_of(getattr(columns, self.column), np.array(self.codes, np.int64))


@dataclass(frozen=True, slots=True)
class Between:
    """The column of numbers lies from `low` to `high`, both included; None is no bound."""

    column: str
    low: float | None = None
    high: float | None = None

    def holds(self, columns: ListingColumns) -> Mask:
        """(n,) True where it does; an unknown number never does."""
        values = getattr(columns, self.column)
        held = np.ones(len(values), bool)
        with np.errstate(invalid="ignore"):
            if self.low is not None:
                held &= values >= self.low
            if self.high is not None:
                held &= values <= self.high
        return held


Condition = OneOf | Between


def all_hold(conditions: Sequence[Condition], columns: ListingColumns) -> Mask:
    """(n,) True where every one of `conditions` holds."""
    if not conditions:
        return np.ones(len(columns), bool)
    return reduce(np.logical_and, (condition.holds(columns) for condition in conditions))


def is_one_of(codes: NDArray[np.integer], wanted: NDArray[np.integer]) -> Mask:
    """(n,) True where a code, -1 or more, is among `wanted`."""
    if not len(wanted):
        return np.zeros(len(codes), bool)
    if len(wanted) <= _COMPARED:
        return reduce(np.logical_or, (codes == code for code in wanted))
    # A table by code is several times as fast as np.isin; the code -1 (unknown) is its last entry.
    table = np.zeros(max(int(codes.max(initial=0)), int(wanted.max())) + 2, bool)
    table[wanted] = True
    return np.asarray(table[codes])
