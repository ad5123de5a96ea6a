"""The settings of one run of the price model."""

from dataclasses import asdict, dataclass
from typing import Any

from bowerbird.errors import InputError


@dataclass(frozen=True, slots=True)
class PriceTraining:
    """What a run is told; prices are in major units of the market's most frequent currency."""

    lowest: float = 1.0  # asking prices outside are not learned from, and not measured on
    highest: float = 5000.0
    folds: int = 5  # of the cross-fitting
    seed: int = 0  # of the folds, the trees and, beyond 6,000 listings, of the choice among them

    def __post_init__(self) -> None:
        if not 0 < self.lowest < self.highest:
            raise InputError(
                f"prices are learned between a lowest above 0 and a higher highest, but {self.lowest:g} and "
                f"{self.highest:g} were given"
            )
        if self.folds < 2:
            raise InputError(f"cross-fitting needs 2 folds or more, but {self.folds} were asked for")

    def as_json(self) -> dict[str, Any]:
        """Its fields by name."""
        return asdict(self)
