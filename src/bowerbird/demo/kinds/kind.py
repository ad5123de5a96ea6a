"""What the market knows about one kind of thing: how to paint it, call it, price it and where it is kept."""

from collections.abc import Mapping
from dataclasses import dataclass

from bowerbird.demo.palette import TERMS, WOODS, Shade, shades_of
from bowerbird.demo.things import Painter

ANY_COLOUR = TERMS
FABRIC = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "grey", "black", "white")
PAINTED = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "black", "white", "grey")
WOOD: tuple[str, ...] = ()  # the material is itself a wood, and gives the colour


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing.

    `materials` maps each to the basic colours it comes in (WOOD where the material is a wood). `price` is the
    usual second-hand price in pounds. `features` are phrases that may be said of any of its kind.
    """

    name: str
    category: tuple[str, ...]
    nouns: tuple[str, ...]
    painter: Painter
    size: tuple[float, float, float]
    materials: Mapping[str, tuple[str, ...]]
    settings: tuple[str, ...]
    price: float
    features: tuple[str, ...]
    brands: tuple[str, ...] = ()
    turns: float = 1.0
    plural: bool = False  # sold as a pair: 'these trainers'
    sizes: tuple[str, ...] = ()  # at most one is true of a thing

    def shades(self, material: str) -> tuple[Shade, ...]:
        """The shades that `material` comes in."""
        terms = self.materials[material]
        return shades_of(*terms) if terms else (WOODS[material],)
