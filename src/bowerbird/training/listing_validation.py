"""How good a listing space is on the validation listings, and the shares that make it best."""

from dataclasses import dataclass

import numpy as np

from bowerbird.evaluation.cross_modal import found_within, group_ranks
from bowerbird.evaluation.same_group import same_group_ranks
from bowerbird.training.listing_examples import ListingExamples
from bowerbird.training.listing_kernel import fit_told_words
from bowerbird.training.listing_looks import ListingLooks, fit_looks
from bowerbird.training.listing_network import ListingNetwork
from bowerbird.training.listing_space import ListingSpace
from bowerbird.training.listing_training import ListingTraining
from bowerbird.training.training_data import Part

LOOKS_SHARES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
TOLD_SHARES = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True)
class Validation:
    """Among the photos of the validation listings alone, which are few: good for comparing epochs."""

    same_listing_r1: float
    title_to_photo_r10: float

    @property
    def score(self) -> float:
        """What the best epoch has most of."""
        return self.same_listing_r1 + self.title_to_photo_r10


def validated(space: ListingSpace, examples: ListingExamples) -> Validation:
    """`space`, in evaluation mode, on the validation listings."""
    data = examples.data
    rows = data.photo_rows(Part.VALIDATION)
    owners = data.photo_owners[rows]
    photos = space.photo_vectors(examples.features[rows].numpy())
    same = same_group_ranks(photos, owners, examples.contents[rows])
    listings = np.unique(owners)
    words = space.word_vectors(examples.titles[listings].numpy())
    found = found_within(group_ranks(words, listings, photos, owners), 10)
    same_r1 = float(same.found(1).mean()) if len(same.queries) else 0.0
    return Validation(same_r1, float(found.mean()))


def choose_shares(space: ListingSpace, examples: ListingExamples) -> None:
    """Set how much what is told counts by titles that find photos, then looks by photos of one listing."""
    scores = []
    for share in TOLD_SHARES:
        space.told_share = share
        scores.append(validated(space, examples).title_to_photo_r10)
    space.told_share = TOLD_SHARES[int(np.argmax(scores))]
    scores = []
    for share in LOOKS_SHARES:
        space.looks_share = share
        scores.append(validated(space, examples).same_listing_r1)
    space.looks_share = LOOKS_SHARES[int(np.argmax(scores))]


def learned_space(
    examples: ListingExamples, training: ListingTraining, network: ListingNetwork, looks: ListingLooks
) -> ListingSpace:
    """The space of a trained `network`: its shares chosen on the validation listings, which then are learned.

    What is told in closed form, and looks, are of the training listings to choose, and of both to serve.

    Raises:
        TrainingError: the photos cannot be told apart at all.
    """
    rows = examples.rows(Part.TRAIN)
    space = ListingSpace(network, looks, fit_told_words(examples, rows, training)).eval()
    choose_shares(space, examples)
    rows = np.concatenate([rows, examples.rows(Part.VALIDATION)])
    space.told = fit_told_words(examples, rows, training)
    space.looks = fit_looks(examples, rows, training)
    space.turn(examples, rows)
    return space
