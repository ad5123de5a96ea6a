"""The listing encoder in use, asked for photos by photos and by words, and for words by photos.

It runs as a server runs it, on the vectors of the frozen encoders. Beside it stand whitened photo features,
and vectors that know nothing where words and photos meet, for without learning they share no space. The
titles alone, whose vectors are not stored, are left to the figures that were published.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from bowerbird.encoding.learned_model import LearnedModel
from bowerbird.encoding.listing_encoder import ListingEncoder
from bowerbird.encoding.whitening import DEFAULT_DIMENSION
from bowerbird.errors import InputError
from bowerbird.evaluation.report import Figure
from bowerbird.jobs.held_out import HeldOut
from bowerbird.training.listing_figures import (
    TEXT,
    figures_of,
    learned_retrievals,
    recall_curves,
    whitened_systems,
)
from bowerbird.training.training_data import Part, TrainingData


def retrieval_as_served(model: LearnedModel, held: HeldOut) -> tuple[list[Figure], dict[str, Any]]:
    """Figures and plots of the model in use.

    Raises:
        MismatchError: the model is damaged, or reads vectors of other encoders.
        InputError: no test listing has a photo.
    """
    encoder, data = ListingEncoder(model), _parted(held)
    encoder.check(data.encoders)
    if not len(data.photo_rows(Part.TEST)):
        raise InputError("no test listing has a photo, so finding photos cannot be measured")
    retrievals = learned_retrievals(
        data,
        encoder.photos(data.features),
        {TEXT: encoder.texts(data.texts)},
        whitened_systems(data, None, DEFAULT_DIMENSION),
    )
    figures = [figure for name, one in retrievals.items() for figure in figures_of(name, one)]
    return figures, {"recall_at_k": recall_curves(retrievals)}


def _parted(held: HeldOut) -> TrainingData:
    """The market with the split that the model was trained with."""
    parts = np.full(len(held.data.listings), Part.TRAIN, np.int8)
    parts[held.tested] = Part.TEST
    return replace(held.data, parts=parts)
