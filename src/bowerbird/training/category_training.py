"""Every choice of a category model's training, checked."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from bowerbird.errors import InputError

_LOWEST = {"folds": 2, "seed": 0, "precision": 0, "meaning_weight": 0, "place_weight": 0}


@dataclass(frozen=True, slots=True)
class CategoryTraining:
    """The settings of one run; chosen by cross-validation on the real market (docs/experiments.md).

    Raises:
        InputError: a value is out of its range.
    """

    meaning_weight: float = 2.0  # of the text encoder's vectors, beside 1 for each block of n-grams
    meaning_sharpness: float = 2.0  # of the Gaussian kernel on them
    place_weight: float = 0.5  # of listings of the same place, more so of those that mean alike
    word_ridge: float = 1.5
    look_sharpness: float = 2.0
    look_ridge: float = 0.3
    name_weight: float = 0.5  # how much of a listing a category's name counts for
    folds: int = 10  # of cross-fitting
    precision: float = 0.9  # wanted of the suggestions that are not called unsure
    seed: int = 0

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            lowest = _LOWEST.get(one.name)
            if value <= 0 if lowest is None else value < lowest:
                bound = "above 0" if lowest is None else f"at least {lowest}"
                raise InputError(f"{one.name} must be {bound}, but {value} was given")
        if self.precision > 1:
            raise InputError(f"precision is a share, 0 to 1, but {self.precision} was given")

    def as_json(self) -> dict[str, Any]:
        """Its fields by name."""
        return asdict(self)
