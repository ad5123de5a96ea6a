"""What a model got right and wrong, item by item: `predictions.parquet` beside its network.

A row a test item; `item` is its id (of a listing or a photo) and every other number column one figure of
that item: `correct`, `top3`, `log_error`, `covered`, `found_at_10`. The mean of a column is the model's
figure, NaN where it does not apply to the item, so two models can be compared on the same items by a paired
test without running either. `group`, where there is one, says which items hang together (photos of one
listing, duplicates); text columns, such as the predicted label, are welcome and are not compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from bowerbird.errors import InputError, MismatchError, NotFoundError

PREDICTIONS_FILE = "predictions.parquet"
ITEM_COLUMN = "item"
GROUP_COLUMN = "group"


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """n test items and what was measured on each."""

    items: tuple[str, ...]  # (n,) unique
    measures: Mapping[str, NDArray[np.float64]]  # name -> (n,)
    groups: NDArray[np.int64] | None = None  # (n,)


def write_predictions(
    folder: Path,
    items: Sequence[str],
    measures: Mapping[str, ArrayLike],
    *,
    groups: Sequence[int] | NDArray[np.integer] | None = None,
    labels: Mapping[str, Sequence[str]] | None = None,
) -> Path:
    """Write `predictions.parquet` into `folder`.

    Args:
        folder: a staged model's.
        items: (n,) unique ids of the test items.
        measures: name -> (n,) numbers or booleans.
        groups: (n,) items of one number hang together.
        labels: name -> (n,) text, for people to read.

    Raises:
        InputError: an id stands twice, or a column is of another length.
    """
    if len(set(items)) != len(items):
        raise InputError(f"{len(items)} items hold {len(set(items))} ids; name each test item once")
    columns: dict[str, pl.Series] = {ITEM_COLUMN: pl.Series(list(items), dtype=pl.String)}
    if groups is not None:
        columns[GROUP_COLUMN] = pl.Series(np.asarray(groups, np.int64))
    columns |= {name: pl.Series(np.asarray(values, np.float64)) for name, values in measures.items()}
    columns |= {name: pl.Series(list(values), dtype=pl.String) for name, values in (labels or {}).items()}
    for name, values in columns.items():
        if len(values) != len(items):
            raise InputError(f"the column {name!r} has {len(values)} values for {len(items)} items")
    path = folder / PREDICTIONS_FILE
    pl.DataFrame(columns).write_parquet(path)
    return path


def read_predictions(folder: Path) -> Predictions:
    """What `write_predictions` wrote into `folder`.

    Raises:
        NotFoundError: there is no such file.
        MismatchError: it is damaged, has no `item`, or names an item twice.
    """
    path = folder / PREDICTIONS_FILE
    try:
        frame = pl.read_parquet(path)
    except FileNotFoundError as error:
        raise NotFoundError(
            f"{folder} keeps no {PREDICTIONS_FILE}, so it cannot be compared; train the model again"
        ) from error
    except pl.exceptions.PolarsError as error:
        raise MismatchError(f"{path} cannot be read ({error}); train the model again") from error
    if ITEM_COLUMN not in frame.columns or frame[ITEM_COLUMN].n_unique() != len(frame):
        raise MismatchError(f"{path} needs a column {ITEM_COLUMN!r} that names each test item once")
    numbers = [
        name
        for name, kind in frame.schema.items()
        if name not in (ITEM_COLUMN, GROUP_COLUMN) and (kind.is_numeric() or kind == pl.Boolean)
    ]
    return Predictions(
        items=tuple(frame[ITEM_COLUMN].cast(pl.String).to_list()),
        measures={name: frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in numbers},
        groups=frame[GROUP_COLUMN].cast(pl.Int64).to_numpy() if GROUP_COLUMN in frame.columns else None,
    )
