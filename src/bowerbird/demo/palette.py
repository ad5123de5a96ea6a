"""The colours of things: eleven basic terms, and the shades that sellers call by finer names."""

from dataclasses import dataclass

from bowerbird.demo.canvas import Colour


@dataclass(frozen=True, slots=True)
class Shade:
    """A colour as it looks, its basic term, and its finer name."""

    name: str
    term: str
    rgb: Colour


_ROWS: dict[str, tuple[tuple[str, Colour], ...]] = {
    "red": (
        ("red", (196, 40, 42)),
        ("scarlet", (214, 48, 34)),
        ("burgundy", (122, 24, 42)),
        ("cherry", (178, 24, 52)),
    ),
    "orange": (("orange", (230, 122, 36)), ("burnt orange", (202, 92, 32)), ("tangerine", (240, 138, 44))),
    "yellow": (("yellow", (240, 200, 52)), ("mustard", (214, 164, 42)), ("lemon", (244, 220, 92))),
    "green": (
        ("green", (54, 128, 74)),
        ("olive", (112, 120, 56)),
        ("sage", (142, 168, 130)),
        ("emerald", (20, 118, 84)),
        ("forest green", (36, 84, 56)),
    ),
    "blue": (
        ("blue", (46, 98, 178)),
        ("navy", (34, 48, 96)),
        ("sky blue", (112, 172, 220)),
        ("teal", (24, 122, 134)),
        ("duck egg", (150, 196, 200)),
    ),
    "purple": (("purple", (112, 62, 140)), ("plum", (92, 40, 84)), ("lilac", (178, 152, 208))),
    "pink": (("pink", (228, 130, 158)), ("blush", (232, 178, 176)), ("hot pink", (218, 62, 124))),
    "brown": (
        ("brown", (122, 80, 52)),
        ("tan", (178, 128, 84)),
        ("chestnut", (134, 68, 42)),
        ("camel", (192, 148, 96)),
    ),
    "black": (("black", (46, 46, 50)), ("jet black", (34, 34, 38))),
    "white": (("white", (240, 239, 235)), ("cream", (240, 228, 202)), ("ivory", (242, 236, 220))),
    "grey": (
        ("grey", (142, 144, 148)),
        ("charcoal", (78, 82, 88)),
        ("light grey", (190, 192, 194)),
        ("silver", (186, 190, 196)),
    ),
}
SHADES = {name: Shade(name, term, rgb) for term, row in _ROWS.items() for name, rgb in row}
TERMS = tuple(_ROWS)
WOODS = {
    "oak": Shade("oak", "brown", (196, 152, 100)),
    "pine": Shade("pine", "brown", (216, 172, 112)),
    "walnut": Shade("walnut", "brown", (112, 74, 50)),
    "mahogany": Shade("mahogany", "brown", (106, 56, 40)),
    "teak": Shade("teak", "brown", (162, 104, 62)),
}
METALS: dict[str, Colour] = {
    "brass": (196, 160, 84),
    "steel": (178, 182, 188),
    "chrome": (206, 210, 216),
    "iron": (52, 52, 56),
}


def shades_of(*terms: str) -> tuple[Shade, ...]:
    """Every shade of the basic `terms`."""
    return tuple(shade for shade in SHADES.values() if shade.term in terms)


def distance(one: Colour, other: Colour) -> float:
    """How far apart two colours are, as the eye weighs red, green and blue."""
    r, g, b = (a - c for a, c in zip(one, other, strict=True))
    return float((2 * r * r + 4 * g * g + 3 * b * b) ** 0.5 / 3)
