"""A seller's home: the walls, floors and light that all their photos share."""

from dataclasses import dataclass

import numpy as np

from bowerbird.demo.canvas import Colour
from bowerbird.demo.floors import FLOORS
from bowerbird.demo.palette import distance

WALLS: tuple[Colour, ...] = (
    (232, 226, 214),
    (238, 233, 224),
    (214, 216, 206),
    (196, 206, 190),
    (188, 202, 212),
    (226, 206, 196),
    (204, 200, 196),
    (228, 214, 176),
    (196, 142, 116),
    (92, 112, 104),
    (84, 98, 122),
)
_ROOM_FLOORS = (
    "oak boards",
    "pale boards",
    "dark boards",
    "grey boards",
    "herringbone",
    "beige carpet",
    "grey carpet",
    "kitchen tiles",
    "blue carpet",
    "chequered tiles",
)
_TABLES = ("oak table", "pine table", "walnut table", "white table", "marble", "linen cloth", "blue cloth")
_BEDS = ("bedding", "grey bedding", "wool throw", "oak boards", "beige carpet", "linen cloth", "grey carpet")
_GROUNDS = ("lawn", "paving", "concrete")
_BACKDROPS = ("hedge", "fence", "brick", "render")


@dataclass(frozen=True, slots=True)
class Home:
    """What stands behind and under everything that one seller sells. `light_side` is -1 left, 1 right."""

    walls: tuple[Colour, ...]
    floor: str
    table: str
    bed: str
    ground: str
    backdrop: str
    light_side: int
    art_seed: int

    @classmethod
    def of(cls, seed: int) -> "Home":
        """The home number `seed`."""
        rng = np.random.default_rng([seed, 77])
        order = rng.permutation(len(WALLS))[:4]
        names = (_ROOM_FLOORS, _TABLES, _BEDS, _GROUNDS, _BACKDROPS)
        floor, table, bed, ground, backdrop = (row[int(rng.integers(len(row)))] for row in names)
        return cls(
            tuple(WALLS[i] for i in order),
            floor,
            table,
            bed,
            ground,
            backdrop,
            int(rng.choice((-1, 1))),
            int(rng.integers(1 << 30)),
        )

    def wall_behind(self, colour: Colour) -> Colour:
        """The wall on which `colour` shows best among the first two that differ enough."""
        clear = [wall for wall in self.walls if distance(wall, colour) > 42]
        return clear[0] if clear else max(self.walls, key=lambda wall: distance(wall, colour))

    def surface_under(self, choice: str, colour: Colour) -> str:
        """`choice`, or its like where `colour` would be lost on it."""
        if distance(FLOORS[choice][1], colour) > 34:
            return choice
        likes = next(row for row in (_TABLES, _BEDS, _ROOM_FLOORS, _GROUNDS) if choice in row)
        return max(likes, key=lambda name: distance(FLOORS[name][1], colour))
