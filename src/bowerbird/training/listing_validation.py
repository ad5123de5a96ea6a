"""How good a listing network is on the validation listings, after an epoch."""

from dataclasses import dataclass

import numpy as np
import torch

from bowerbird.encoding.encoder import Vectors
from bowerbird.evaluation.cross_modal import found_within, group_ranks
from bowerbird.evaluation.same_group import same_group_ranks
from bowerbird.training.listing_examples import ListingExamples
from bowerbird.training.listing_network import ListingNetwork
from bowerbird.training.training_data import Part

LOOKS_SHARES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
_ROWS_AT_ONCE = 2048


@dataclass(frozen=True, slots=True)
class Validation:
    """Among the photos of the validation listings alone, which are few: good for comparing epochs."""

    same_listing_r1: float
    title_to_photo_r10: float

    @property
    def score(self) -> float:
        """What the best epoch has most of."""
        return self.same_listing_r1 + self.title_to_photo_r10


def validated(network: ListingNetwork, examples: ListingExamples) -> Validation:
    """`network`, in evaluation mode, on the validation listings."""
    data = examples.data
    rows = data.photo_rows(Part.VALIDATION)
    owners = data.photo_owners[rows]
    photos = photo_vectors(network, examples.features[rows].numpy())
    same = same_group_ranks(photos, owners, examples.contents[rows])
    listings = np.unique(owners)
    words = word_vectors(network, examples.titles[listings].numpy())
    found = found_within(group_ranks(words, listings, photos, owners), 10)
    same_r1 = float(same.found(1).mean()) if len(same.queries) else 0.0
    return Validation(same_r1, float(found.mean()))


def best_looks_share(network: ListingNetwork, examples: ListingExamples) -> float:
    """How much of a photo's vector looks should be, so that it finds the photos of its listing."""
    scores = []
    for share in LOOKS_SHARES:
        network.looks_share.fill_(share)
        scores.append(validated(network, examples).same_listing_r1)
    return LOOKS_SHARES[int(np.argmax(scores))]


def photo_vectors(network: ListingNetwork, features: Vectors) -> Vectors:
    """(n, 256) of (n, f) raw features."""
    return _run(network, features, None)


def word_vectors(network: ListingNetwork, text: Vectors) -> Vectors:
    """(n, 256) of (n, t) text vectors."""
    return _run(network, None, text)


def _run(network: ListingNetwork, features: Vectors | None, text: Vectors | None) -> Vectors:
    count = len(features) if features is not None else len(text if text is not None else ())
    outputs = [np.empty((0, 256), np.float32)]
    for start in range(0, count, _ROWS_AT_ONCE):
        size = min(_ROWS_AT_ONCE, count - start)
        inputs = []
        for values, width in ((features, len(network.mean)), (text, network.text_width)):
            rows = np.zeros((size, width), np.float32) if values is None else values[start : start + size]
            inputs.append(torch.from_numpy(rows))
        masks = [torch.full((size, 1), float(values is not None)) for values in (features, text)]
        with torch.inference_mode():
            outputs.append(network(*inputs, *masks).numpy())
    return np.concatenate(outputs)
