"""Soft targets for photos: what another model holds likely of the listing that a photo shows.

What words say of a listing is worth more to a photo's network than a seller's choice between two fitting
categories (distillation: Hinton et al., 2015, arXiv:1503.02531). A teacher answers for photos of training and
validation listings alone, and must not have learned the answer from the listing itself.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bowerbird.assembly import open_stores
from bowerbird.errors import InputError, NotFoundError
from bowerbird.progress import Progress
from bowerbird.settings import Settings
from bowerbird.training.category_learning import cross_fitted_probabilities
from bowerbird.training.category_training import CategoryTraining
from bowerbird.training.training_data import TrainingData

LISTING_COLUMN = "listing_id"
# From the C classes and the listing of each of p photos to (p, C) probabilities; a row of 0 has no teacher.
Teacher: TypeAlias = Callable[[Sequence[str], NDArray[np.int64]], NDArray[np.float32]]


def category_teacher(settings: Settings, data: TrainingData, seed: int, progress: Progress) -> Teacher:
    """What the category model says of each listing by words and photos, fitted without that listing."""
    stores = open_stores(settings)
    try:
        chances, roots = cross_fitted_probabilities(
            data, CategoryTraining(seed=seed), progress, encode=stores.vectors.text_encoder.encode
        )
    finally:
        stores.close()
    place = {root: column for column, root in enumerate(roots)}

    def taught(classes: Sequence[str], owners: NDArray[np.int64]) -> NDArray[np.float32]:
        known = np.nan_to_num(chances)
        columns = [known[:, place[name]] if name in place else np.zeros(len(known)) for name in classes]
        return np.stack(columns, axis=1)[owners].astype(np.float32)

    return taught


def teacher_of_file(path: Path, data: TrainingData) -> Teacher:
    """The teacher in a Parquet file: the column listing_id, and a probability a root category.

    Raises:
        NotFoundError: there is no such file.
        InputError: it is no Parquet file, lacks a column, or a listing's probabilities do not sum to 1.
    """

    def taught(classes: Sequence[str], owners: NDArray[np.int64]) -> NDArray[np.float32]:
        try:
            table = pl.read_parquet(path, columns=[LISTING_COLUMN, *classes])
        except FileNotFoundError as error:
            raise NotFoundError(f"there is no teacher at {path}; give a Parquet file") from error
        except (pl.exceptions.PolarsError, OSError) as error:
            raise InputError(
                f"{path} holds no teacher ({error}); it needs the columns {LISTING_COLUMN} and one for "
                f"each of {', '.join(classes)}"
            ) from error
        chances = table.select(classes).to_numpy().astype(np.float32)
        if len(chances) and not np.allclose(chances.sum(axis=1), 1, atol=1e-3):
            raise InputError(f"the probabilities of {path} do not sum to 1 in each row; normalise them")
        of_listing = dict(zip(table[LISTING_COLUMN].cast(pl.String).to_list(), chances, strict=True))
        none = np.zeros(len(classes), np.float32)
        return np.stack([of_listing.get(data.listings[owner].listing_id, none) for owner in owners.tolist()])

    return taught
