"""Wardrobes, bookcases and chests of drawers."""

import numpy as np

from bowerbird.demo.canvas import Colour, lit
from bowerbird.demo.kinds.kind import WOOD, Kind
from bowerbird.demo.kinds.tables import paint_drawers
from bowerbird.demo.outlines import rectangle
from bowerbird.demo.palette import METALS, SHADES
from bowerbird.demo.solids import Block, recess
from bowerbird.demo.stage import Stage, Surface
from bowerbird.demo.things import Look


def wardrobe(stage: Stage, look: Look) -> None:
    """Two tall doors, panelled or plain, perhaps over a drawer or with a mirror."""
    rng = look.numbers()
    half, height, depth = 0.52, 1.9, 0.28
    stage.shadow(rectangle(-half, -depth, half, depth), 1.2)
    body = Block(stage, (-half, 0.0, -depth), (half, height, depth), look.colour, 0.01, "wood upright")
    body.draw()
    face, mirror = body.face("front"), int(rng.choice((-1, -1, 0, 1)))
    bottom = 0.42 if rng.random() < 0.5 else 0.1
    if bottom > 0.4:
        low, high = (-half + 0.03, 0.08, -depth), (half - 0.03, bottom - 0.02, depth)
        paint_drawers(Block(stage, low, high, look.colour), 1, look.colour, METALS["brass"], columns=1)
    panels = int(rng.integers(0, 3))
    for i in (0, 1):
        _door(
            face,
            (0.03 + i * half, bottom, half - 0.02 + i * (half - 0.01), height - 0.05),
            look.colour,
            panels,
        )
        if i == mirror:
            _mirror(face, (0.1 + i * half, bottom + 0.1, half - 0.1 + i * half, height - 0.15))
        knob = half + (0.045 if i else -0.045)
        face.box(knob - 0.01, 0.95, knob + 0.01, 1.12, METALS["brass"], radius=0.01)
    cornice = (-half - 0.02, height - 0.01, -depth - 0.01), (half + 0.02, height + 0.03, depth + 0.02)
    Block(stage, *cornice, look.colour, 0.008, "wood").draw()


def _door(face: Surface, box: tuple[float, float, float, float], colour: Colour, panels: int) -> None:
    x0, y0, x1, y1 = box
    face.fill(
        rectangle(x0 - 0.004, y0 - 0.004, x1 + 0.004, y1 + 0.004), (26, 18, 14), opacity=0.55, blur=0.005
    )
    face.fill(rectangle(x0, y0, x1, y1), lit(colour, 1.02), texture="wood upright")
    for i in range(panels):
        tall = (y1 - y0 - 0.08 * (panels + 1)) / panels
        low = y0 + 0.08 + i * (tall + 0.08)
        panel = rectangle(x0 + 0.07, low, x1 - 0.07, low + tall, 0.01)
        face.fill(panel, lit(colour, 0.7))
        inner = rectangle(x0 + 0.08, low + 0.008, x1 - 0.075, low + tall - 0.012, 0.008)
        face.fill(inner, lit(colour, 0.95), texture="wood upright")


def _mirror(face: Surface, box: tuple[float, float, float, float]) -> None:
    x0, y0, x1, y1 = box
    glass = rectangle(x0, y0, x1, y1, 0.02)
    sky = face.gradient(((224, 234, 238), (176, 196, 206), (206, 220, 226)), (x0, y1), (x1, y0))
    face.fill(glass, sky)
    streak = np.array([(x0, y0 + 0.7), (x0, y0 + 0.95), (x1, y1 - 0.1), (x1, y1 - 0.35)])
    face.fill(streak, (255, 255, 255), opacity=0.4, within=glass)


def bookcase(stage: Stage, look: Look) -> None:
    """Open shelves with a few books and ornaments."""
    rng = look.numbers()
    shelves = int(rng.integers(3, 5))
    half, depth = float(rng.uniform(0.36, 0.5)), 0.15
    height = 0.36 * shelves + 0.12
    stage.shadow(rectangle(-half, -depth, half, depth), height * 0.7)
    body = Block(stage, (-half, 0.0, -depth), (half, height, depth), look.colour, 0.006, "wood upright")
    body.draw()
    bay = (height - 0.12) / shelves
    for i in range(shelves):
        low = 0.08 + i * bay
        floor = recess(body, (0.03, low, 2 * half - 0.03, low + bay - 0.025), 2 * depth - 0.03)
        _books(floor, rng, 0.04, 2 * half - 0.04, bay - 0.05)


def _books(front: Surface, rng: np.random.Generator, left: float, right: float, tallest: float) -> None:
    spines = [shade.rgb for shade in SHADES.values()]
    x, end = left + rng.uniform(0, 0.1), right - rng.uniform(0.0, 0.35)
    while x < end:
        width, height = rng.uniform(0.022, 0.05), tallest * rng.uniform(0.6, 0.92)
        if x + width > end:
            break
        tone = lit(spines[int(rng.integers(len(spines)))], 0.85)
        front.fill(
            rectangle(x, 0, x + width, height),
            front.gradient((lit(tone, 0.8), tone, lit(tone, 0.75)), (x, 0), (x + width, 0)),
        )
        front.box(x + width * 0.2, height * 0.7, x + width * 0.8, height * 0.82, lit(tone, 1.5), opacity=0.8)
        x += width + 0.002
    if right - x > 0.16 and rng.random() < 0.7:
        middle, r = (x + right) / 2, 0.05
        tone = spines[int(rng.integers(len(spines)))]
        front.oval(
            middle,
            r,
            r,
            front.gradient((lit(tone, 1.2), lit(tone, 0.7)), (middle - r, 2 * r), (middle + r, 0)),
        )
        front.box(middle - 0.015, 2 * r - 0.01, middle + 0.015, 2 * r + 0.05, tone)


def drawers(stage: Stage, look: Look) -> None:
    """A chest of three to five drawers on short feet."""
    rng = look.numbers()
    count, half, depth = int(rng.integers(3, 6)), float(rng.uniform(0.34, 0.48)), 0.23
    foot, height = 0.08, 0.2 * count + 0.12
    stage.shadow(rectangle(-half, -depth, half, depth), height)
    for x in (-half + 0.05, half - 0.05):
        Block(
            stage, (x - 0.03, 0, depth - 0.08), (x + 0.03, foot + 0.02, depth - 0.02), lit(look.colour, 0.8)
        ).draw()
    body = Block(stage, (-half, foot, -depth), (half, height, depth), look.colour, 0.008, "wood")
    body.draw()
    inner = Block(
        stage, (-half + 0.02, foot + 0.03, -depth), (half - 0.02, height - 0.03, depth), look.colour
    )
    paint_drawers(
        inner, count, lit(look.colour, 1.03), METALS[("brass", "iron", "steel")[int(rng.integers(3))]]
    )
    top = (-half - 0.015, height - 0.01, -depth - 0.01), (half + 0.015, height + 0.02, depth + 0.015)
    Block(stage, *top, look.colour, 0.006, "wood").draw()


_BEDROOM = ("Home & Garden", "Bedroom Furniture")
_MATERIALS = {
    "oak": WOOD,
    "pine": WOOD,
    "walnut": WOOD,
    "mahogany": WOOD,
    "painted wood": ("white", "green", "blue", "grey", "pink", "yellow", "black"),
}
_BRANDS = ("Söderhus", "Ercombe", "Harrowby", "Thatch & Co")
KINDS = (
    Kind(
        "wardrobe",
        (*_BEDROOM, "Wardrobes"),
        ("wardrobe", "wardrobe", "double wardrobe", "armoire"),
        wardrobe,
        (1.08, 1.93, 0.6),
        _MATERIALS,
        ("room",),
        120,
        ("full hanging rail inside", "comes apart for moving", "plenty of space", "doors close properly"),
        _BRANDS,
    ),
    Kind(
        "bookcase",
        ("Home & Garden", "Living Room Furniture", "Bookcases & Shelving"),
        ("bookcase", "bookshelf", "shelving unit", "bookcase"),
        bookcase,
        (0.9, 1.45, 0.32),
        _MATERIALS,
        ("room",),
        55,
        ("books not included", "sturdy shelves", "can be fixed to the wall"),
        _BRANDS,
    ),
    Kind(
        "chest of drawers",
        (*_BEDROOM, "Chests of Drawers"),
        ("chest of drawers", "set of drawers", "tallboy", "chest of drawers"),
        drawers,
        (0.9, 1.0, 0.5),
        _MATERIALS,
        ("room",),
        70,
        ("drawers run smoothly", "solid and heavy", "deep drawers", "good for a child's room"),
        _BRANDS,
    ),
)
