"""Prices rounded the way people write them: £35, £180, £1,200, not £34.71."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Of one decade, read off the prices people ask: whole and half tenths, and few steps between 1 and 2.
_STEPS = np.array([1, 1.2, 1.5, 1.8, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8, 8.5, 9, 9.5])
_LOWEST_EXPONENT, _HIGHEST_EXPONENT = -1, 7
_GRID = np.concatenate(
    [np.round(_STEPS * 10.0**exponent, 2) for exponent in range(_LOWEST_EXPONENT, _HIGHEST_EXPONENT)]
)
_MIDDLES = np.sqrt(_GRID[:-1] * _GRID[1:])


def rounded_prices(prices: ArrayLike) -> NDArray[np.float64]:
    """The price on the grid that is nearest by ratio to each of `prices` (major units); at least 0.1."""
    return np.asarray(_GRID[np.searchsorted(_MIDDLES, np.asarray(prices, np.float64))])
