"""Every choice of a text classifier's training run, checked, in one value that a file can hold."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from bowerbird.errors import InputError, MismatchError


class TextArchitecture(StrEnum):
    """How words become a category."""

    KERNEL = "kernel"  # n-grams and the sentence vector, in closed form
    CONV = "conv"  # frozen token embeddings under one-dimensional convolutions
    MINILM = "minilm"  # the text backbone, trained on


_RANGES = {
    "epochs": (1, 10_000),
    "batch_size": (2, 8192),
    "learning_rate": (1e-8, 10),
    "backbone_factor": (0, 10),
    "weight_decay": (0, 10),
    "dropout": (0, 0.95),
    "label_smoothing": (0, 0.9),
    "max_tokens": (3, 8192),
    "patience": (0, 10_000),
    "seed": (0, 2**31 - 1),
}


@dataclass(frozen=True, slots=True)
class TextTraining:
    """The settings of one run. Two equal values on equal data give the same classifier.

    Raises:
        InputError: a value is out of its range.
    """

    architecture: TextArchitecture = TextArchitecture.KERNEL
    epochs: int = 8  # passes over the training listings, at most
    batch_size: int = 32
    learning_rate: float = 1e-3  # of the new layers, at its highest
    backbone_factor: float = 0.1  # the backbone's learning rate as a share of it
    weight_decay: float = 0.02
    dropout: float = 0.3
    label_smoothing: float = 0.05
    max_tokens: int = 96  # read of a text
    patience: int = 3  # epochs without a better validation accuracy before it stops; 0: none
    seed: int = 0

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"{name} must lie between {low:g} and {high:g}, but {value} was given")

    def as_json(self) -> dict[str, Any]:
        """Its fields by name."""
        return asdict(self)

    def check_same(self, other: Mapping[str, Any], what: str) -> None:
        """Nothing, where `other` holds the same settings.

        Raises:
            MismatchError: it does not; the message says which differ.
        """
        different = [
            f"{one.name} is {getattr(self, one.name)!r} and was {other.get(one.name)!r}"
            for one in fields(self)
            if getattr(self, one.name) != other.get(one.name)
        ]
        if different:
            raise MismatchError(
                f"{what} was begun with other settings: {'; '.join(different)}. Give those, or --fresh to "
                "begin anew",
                details=different,
            )
