"""Every choice of a listing encoder's training, checked."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from bowerbird.errors import InputError

DIMENSION = 256


def _setting(default: Any, lowest: float, says: str) -> Any:  # noqa: ANN401 - a field of the default's type
    return field(default=default, metadata={"lowest": lowest, "help": says})


@dataclass(frozen=True, slots=True)
class ListingTraining:
    """The settings of one run; chosen on held-out training listings of the real market (docs/experiments.md).

    Raises:
        InputError: a value is out of its range.
    """

    epochs: int = _setting(20, 1, "Passes over the training listings.")
    batch: int = _setting(512, 8, "Listings a step; the others of a batch are a listing's negatives.")
    learning_rate: float = _setting(1e-3, 1e-8, "Its highest; it rises for a tenth of the steps, then falls.")
    weight_decay: float = _setting(0.05, 0, "Of AdamW.")
    looks: int = _setting(
        144, 2, "Numbers of a vector for what a photo looks like; the rest are for meaning."
    )
    members: int = _setting(3, 1, "Networks whose meanings stand side by side.")
    width: int = _setting(48, 2, "Numbers that each of them answers.")
    hidden: int = _setting(256, 1, "Width of their hidden layers.")
    whitened: int = _setting(256, 2, "Directions of each part of the photo features that looks read.")
    looks_ridge: float = _setting(
        1.0, 1e-6, "Mean variances within a listing added to each direction's own, where looks are learned."
    )
    temperature: float = _setting(0.07, 1e-4, "Of the contrastive losses.")
    category_weight: float = _setting(0.1, 0, "Of the category loss, at root and leaf each.")
    title_share: float = _setting(0.5, 0, "How often a listing's words are its title alone.")
    photo_dropout: float = _setting(
        0.3, 0, "Of the photo networks' hidden layer; their input has two thirds."
    )
    text_dropout: float = _setting(0.3, 0, "Of the text networks' hidden layer; their input has a third.")
    sharpness: float = _setting(4.0, 1e-3, "Of the kernel that compares photos, exp(this * (cosine - 1)).")
    ridge: float = _setting(1.0, 1e-6, "Penalty of what is told of a photo in closed form.")
    compared: int = _setting(384, 2, "Directions of the last layer that the kernel compares.")
    word_shrinkage: float = _setting(3.0, 0, "Mean variances added to each direction of words.")
    seed: int = _setting(0, 0, "Of the split, the first weights, the order and the dropout.")

    def __post_init__(self) -> None:
        for one in fields(self):
            value, lowest = getattr(self, one.name), one.metadata["lowest"]
            if value < lowest:
                raise InputError(f"{one.name} must be at least {lowest}, but {value} was given")
        for name in ("title_share", "photo_dropout", "text_dropout"):
            if getattr(self, name) > 1:
                raise InputError(f"{name} is a share, 0 to 1, but {getattr(self, name)} was given")
        if self.looks >= DIMENSION:
            raise InputError(
                f"{self.looks} of {DIMENSION} numbers for looks leave none for meaning; give fewer looks"
            )

    def as_json(self) -> dict[str, Any]:
        """Its fields by name."""
        return asdict(self)
