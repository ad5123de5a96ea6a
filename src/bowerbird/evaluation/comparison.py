"""Two systems on the same test items: every figure that both kept item by item, with a paired test.

In: two `Predictions`. Out: a `Figure` a common column, the second system as its baseline. An item whose
figure is NaN for either does not count for that column.
"""

import numpy as np
from numpy.typing import NDArray

from bowerbird.errors import MismatchError
from bowerbird.evaluation.predictions import Predictions
from bowerbird.evaluation.report import Figure, measure


def compare_predictions(
    name: str, predictions: Predictions, baseline_name: str, baseline: Predictions, *, seed: int
) -> list[Figure]:
    """The means of each column that both have, side by side.

    Args:
        name: of the first system.
        predictions: its figures a test item.
        baseline_name: of the second system.
        baseline: its figures for the same items, in any order.
        seed: of the intervals and tests.

    Raises:
        MismatchError: the test items differ, or no column is common.
    """
    order = _same_items(name, predictions, baseline_name, baseline)
    figures = []
    for column, values in predictions.measures.items():
        if column not in baseline.measures:
            continue
        theirs = baseline.measures[column][order]
        both = np.isfinite(values) & np.isfinite(theirs)
        if both.any():
            groups = None if predictions.groups is None else predictions.groups[both]
            figures.append(
                measure(
                    column,
                    name,
                    values[both],
                    seed=seed,
                    groups=groups,
                    baseline=(baseline_name, theirs[both]),
                )
            )
    if not figures:
        raise MismatchError(
            f"{name} kept {', '.join(predictions.measures) or 'nothing'} and {baseline_name} kept "
            f"{', '.join(baseline.measures) or 'nothing'}: no figure is common; train both anew"
        )
    return figures


def _same_items(name: str, one: Predictions, other_name: str, other: Predictions) -> NDArray[np.int64]:
    """(n,) where each item of `one` stands in `other`."""
    place = {item: row for row, item in enumerate(other.items)}
    missing = [item for item in one.items if item not in place]
    if missing or len(one.items) != len(other.items):
        only = len(other.items) - (len(one.items) - len(missing))
        raise MismatchError(
            f"{name} was tested on {len(one.items):,} items and {other_name} on {len(other.items):,}, of "
            f"which {len(missing):,} and {only:,} are their own; train both on the same data and split"
        )
    return np.array([place[item] for item in one.items], np.int64)
