"""One thing for sale as the painter knows it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bowerbird.demo.canvas import Colour
from bowerbird.demo.stage import Stage


@dataclass(frozen=True, slots=True)
class Look:
    """What a painter needs to know: the main colour, a second one, what it is made of, and its own numbers.

    `seed` fixes every proportion, so that each photo of a thing shows the same thing.
    """

    colour: Colour
    accent: Colour
    material: str
    seed: int
    worn: bool = False

    def numbers(self) -> np.random.Generator:
        """A fresh generator of this thing's proportions."""
        return np.random.default_rng(self.seed)


Painter = Callable[[Stage, Look], None]


@dataclass(frozen=True, slots=True)
class Thing:
    """A `look` with its painter and its `size` in metres (width, height, depth); `turns` scales the yaw."""

    look: Look
    paint: Painter
    size: tuple[float, float, float]
    turns: float = 1.0

    @property
    def colour(self) -> Colour:
        """Its main colour."""
        return self.look.colour

    def draw(self, stage: Stage) -> None:
        """Paint it."""
        self.paint(stage, self.look)
