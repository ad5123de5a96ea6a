"""What a search over the photo classifier's settings draws from, and the draws.

A setting's value in trial n follows from (seed, n, setting) alone: a longer search begins with the trials of
a shorter one, and fixing one setting leaves the draws of the others as they were. Random search: Bergstra and
Bengio, 2012.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from bowerbird.training.photo_training import OPTIMISERS, SCHEDULES, SCRATCH

_DIGITS = 4  # significant, so that a file of settings can be read


@dataclass(frozen=True, slots=True)
class Uniform:
    """Any number from `low` to `high`."""

    low: float
    high: float

    def draw(self, random: np.random.Generator) -> float:
        """A number."""
        return _rounded(random.uniform(self.low, self.high))

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True)
class LogUniform:
    """Any number from `low` to `high`, every factor as likely as any other."""

    low: float
    high: float

    def draw(self, random: np.random.Generator) -> float:
        """A number."""
        return _rounded(math.exp(random.uniform(math.log(self.low), math.log(self.high))))

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}, by factors"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of `values`."""

    values: tuple[int | str, ...]

    def draw(self, random: np.random.Generator) -> int | str:
        """A value."""
        return self.values[int(random.integers(len(self.values)))]

    def __str__(self) -> str:
        return " or ".join(map(str, self.values))


Axis = Uniform | LogUniform | Choice
# A new axis goes to the end: its place seeds its draws.
SPACE: Mapping[str, Axis] = MappingProxyType(
    {
        "learning_rate": LogUniform(2e-4, 2e-2),
        "batch_size": Choice((16, 32, 64, 128)),
        "optimiser": Choice(OPTIMISERS),
        "schedule": Choice(SCHEDULES),
        "unfreeze": Choice(("none", "1", "3")),  # the smallest backbones have four blocks
        "dropout": Uniform(0.0, 0.6),
        "label_smoothing": Uniform(0.0, 0.2),
        "weight_decay": LogUniform(1e-3, 1e-1),
    }
)


def searched_space(architecture: str, fixed: Collection[str]) -> dict[str, Axis]:
    """`SPACE` without what is fixed; a network from scratch is always trained whole."""
    left_out = {*fixed, "unfreeze"} if architecture == SCRATCH else set(fixed)
    return {name: axis for name, axis in SPACE.items() if name not in left_out}


def drawn_values(space: Collection[str], number: int, *, seed: int) -> dict[str, Any]:
    """The values of the settings `space` in trial `number`, counted from 1."""
    return {
        name: axis.draw(np.random.default_rng([seed, number, place]))
        for place, (name, axis) in enumerate(SPACE.items())
        if name in space
    }


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
