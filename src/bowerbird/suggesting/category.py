"""A category for what a seller is about to offer, with how sure it is; safe between threads."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bowerbird.encoding.learned_model import LearnedModel
from bowerbird.errors import InputError, MismatchError
from bowerbird.suggesting.category_model import (
    CategoryModel,
    Evidence,
    Probabilities,
    evidence_of,
    read_category_model,
)
from bowerbird.suggesting.draft import Draft
from bowerbird.suggesting.kernel_machine import Scores
from bowerbird.suggesting.word_features import listing_terms, place_key

MOST_LEAVES = 10


@dataclass(frozen=True, slots=True)
class CategorySuggestion:
    """Probabilities of one draft; those of the roots sum to 1, and each root's is the sum of its leaves'."""

    root: tuple[tuple[str, float], ...]  # every root, the most probable first
    leaf: tuple[tuple[str, float], ...]  # the most probable leaves, as whole paths 'A / B / C'
    unsure: bool  # the first root is a guess: ask the seller
    evidence: Evidence


class CategorySuggester:
    """Suggests categories by one learned model.

    Args:
        model: of kind 'category', as the registry gives it.
        encoders: fingerprints of the running encoders, by 'text' and 'photo'.
        leaves: how many leaves a suggestion names.

    Raises:
        MismatchError: the model is of another kind, is damaged, or reads vectors of other encoders.
    """

    def __init__(
        self, model: LearnedModel, encoders: Mapping[str, str], *, leaves: int = MOST_LEAVES
    ) -> None:
        for kind, expected in model.encoders.items():
            if encoders.get(kind) != expected:
                raise MismatchError(
                    f"the category model {model.fingerprint} reads vectors of the {kind} encoder {expected}, "
                    f"but {encoders.get(kind)} is running; run `bowerbird train category`"
                )
        self._model = read_category_model(model)
        self._leaves = leaves
        self.fingerprint = model.fingerprint

    @property
    def model(self) -> CategoryModel:
        """The roots, the leaves and what was learned of them."""
        return self._model

    def suggest(self, draft: Draft) -> CategorySuggestion:
        """The probabilities of each root and of the likeliest leaves.

        Raises:
            InputError: the draft has neither words nor photos.
        """
        return self.answer(self.scores(draft))

    def scores(self, draft: Draft) -> dict[Evidence, Scores]:
        """What the words and the photos of `draft` say, each where there are any.

        Raises:
            MismatchError: its vectors are of another dimension than the model reads.
        """
        words = bool(draft.listing.text.strip()) and len(draft.text) > 0
        terms = listing_terms(draft.listing) if words else None
        try:
            meaning = draft.text[0] if words else draft.text
            return self._model.scores(terms, meaning, draft.features, place_key(draft.listing.place))
        except ValueError as error:
            raise MismatchError(
                f"vectors of shape {draft.text.shape} and {draft.features.shape} do not fit the category "
                f"model {self.fingerprint}; run `bowerbird train category`"
            ) from error

    def answer(self, scores: Mapping[Evidence, Scores]) -> CategorySuggestion:
        """The suggestion that `scores` make.

        Raises:
            InputError: there are none.
        """
        if evidence_of(scores) not in self._model.pooling:
            raise InputError("this market's category model has learned from no listing of that kind")
        evidence, root, leaf = self._model.probabilities(scores)
        return CategorySuggestion(
            root=_ranked(self._model.roots, root, len(root)),
            leaf=_ranked(self._model.leaves, leaf, self._leaves),
            unsure=bool(root.max() < self._model.pooling[evidence].sure),
            evidence=evidence,
        )


def _ranked(
    names: tuple[str, ...], probabilities: Probabilities, count: int
) -> tuple[tuple[str, float], ...]:
    order = np.argsort(-probabilities, kind="stable")[:count]
    return tuple((names[place], float(probabilities[place])) for place in order.tolist())
