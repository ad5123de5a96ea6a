"""What is fitted to cross-fitted answers: the bounds of the range, and when no price is suggested."""

import numpy as np
from numpy.typing import NDArray

from bowerbird.evaluation.price_ranges import covered
from bowerbird.suggesting.price_model import prices_of

Floats = NDArray[np.float64]
Bounds = tuple[float, float]

_STEP = 0.0025
# A price withheld from one who has a real one costs more than one given to another.
UNREAL_SHARE = 0.6


def conformal_bounds(asked: Floats, middles: Floats, spreads: Floats, coverage: float) -> Bounds:
    """Multiples of the spread within which `coverage` of asking prices lie, as many below as above.

    The k-th smallest of n residuals over their spreads, k = ceil((n + 1) q), bounds a new one from above with
    probability q at least (Vovk et al., 2005; scaled residuals as in Lei et al., 2018, doi:10.1080/01621459.
    2017.1307116). People ask round prices and ranges are shown round, so a range that ends on one covers more
    than it was to: the share is taken of the ranges as they are shown, and the tails widened until it fits.

    Args:
        asked: (n,) major units.
        middles: (n,) cross-fitted log(1 + price).
        spreads: (n,) cross-fitted.
        coverage: the share, 0 to 1.
    """
    ratios = np.sort((np.log1p(asked) - middles) / spreads)
    nominal = coverage
    bounds = _bounds(ratios, nominal)
    while nominal > _STEP:
        nominal -= _STEP
        narrower = _bounds(ratios, nominal)
        low, _, high = prices_of(middles, spreads, narrower)
        if covered(low, high, asked).mean() < coverage:
            break
        bounds = narrower
    return bounds


def priced_cut(probabilities: Floats, usable: NDArray[np.bool_]) -> float:
    """The greatest probability below which three of five listings carry no real price; 0 where there is none.

    Args:
        probabilities: (n,) cross-fitted, of a real price.
        usable: (n,) whether there was one.
    """
    order = np.argsort(probabilities, kind="stable")
    unreal = np.cumsum(~usable[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(unreal[:-1] >= UNREAL_SHARE)
    return float(probabilities[order[enough[-1] + 1]]) if len(enough) else 0.0


def _bounds(ratios: Floats, coverage: float) -> Bounds:
    tail = (1 - coverage) / 2
    above = min(int(np.ceil((len(ratios) + 1) * (1 - tail))), len(ratios))
    return float(ratios[len(ratios) - above]), float(ratios[above - 1])
