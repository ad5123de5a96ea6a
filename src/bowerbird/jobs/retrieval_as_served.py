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
from bowerbird.evaluation.cross_modal import found_within
from bowerbird.evaluation.report import Figure
from bowerbird.jobs.held_out import HeldOut
from bowerbird.training.listing_figures import (
    CHANCE,
    LEARNED,
    WHITENED,
    Retrieval,
    chance_vectors,
    figures_of,
    photos_to_words,
    same_listing,
    thinned_gallery,
    whitened_systems,
    words_to_photos,
)
from bowerbird.training.training_data import Part, TrainingData

SAME, WORDS, PHOTOS = "same-listing photo", "words to photo", "photo to words"
DEPTHS = (1, 2, 3, 5, 10, 20, 50, 100)


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
    photos, words = encoder.photos(data.features), encoder.texts(data.texts)
    systems = {LEARNED: photos, **whitened_systems(data, None, DEFAULT_DIMENSION)}
    gallery, chance = thinned_gallery(data, Part.TEST), chance_vectors(data, data.seed)
    both = {LEARNED: (words, photos), CHANCE: chance}
    retrievals: dict[str, tuple[Retrieval, str]] = {
        SAME: (same_listing(data, systems, Part.TEST), WHITENED),
        WORDS: (words_to_photos(data, gallery, both), CHANCE),
        PHOTOS: (photos_to_words(data, gallery, both), CHANCE),
    }
    # A market may have no listing with two photos.
    known = {name: found for name, found in retrievals.items() if found[0].items}
    figures = [figure for name, (one, base) in known.items() for figure in figures_of(name, one, base)]
    curves = {
        f"{name}, {system}": {str(k): float(found_within(ranks, k).mean()) for k in DEPTHS}
        for name, (one, _) in known.items()
        for system, ranks in one.ranks.items()
    }
    return figures, {"recall_at_k": curves}


def _parted(held: HeldOut) -> TrainingData:
    """The market with the split that the model was trained with."""
    parts = np.full(len(held.data.listings), Part.TRAIN, np.int8)
    parts[held.tested] = Part.TEST
    return replace(held.data, parts=parts)
