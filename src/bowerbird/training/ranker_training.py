"""The settings of one run of the ranker."""

from dataclasses import asdict, dataclass
from typing import Any

from bowerbird.errors import InputError


@dataclass(frozen=True, slots=True)
class RankerTraining:
    """What a run is told."""

    naive: bool = False  # take clicks as they are, whatever the position they were made at
    clip: float = 10.0  # the highest inverse propensity
    validation: float = 0.15  # shares of the pages, by time
    test: float = 0.15
    rounds: int = 600  # at most; the validation pages say when to stop
    leaves: int = 15
    rate: float = 0.03
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.clip >= 1:
            raise InputError(f"propensities are clipped at a weight of 1 or more, but {self.clip} was given")
        if not (self.validation > 0 and self.test > 0 and self.validation + self.test <= 0.8):
            raise InputError(
                f"validation {self.validation} and test {self.test} are shares above 0 that leave a fifth or "
                "more to learn from"
            )
        if self.rounds < 1 or self.leaves < 2 or not 0 < self.rate <= 1:
            raise InputError(
                f"rounds {self.rounds} (1 or more), leaves {self.leaves} (2 or more) or rate {self.rate} "
                "(above 0, up to 1) cannot be learned with"
            )

    def as_json(self) -> dict[str, Any]:
        """Its fields by name."""
        return asdict(self)
