"""A market whose right answers are known: every kind in every colour, its photos coloured shapes.

The title names colour and kind, the photo shows them, the price follows the kind, the place the colour. What
each stage should find can be said from a listing's id alone: 'red-sofa'.
"""

import csv
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

COLOURS = {
    "red": (200, 30, 30),
    "blue": (30, 60, 200),
    "green": (30, 150, 60),
    "yellow": (230, 210, 40),
    "black": (25, 25, 25),
    "white": (240, 240, 240),
    "pink": (240, 130, 180),
    "brown": (120, 75, 40),
}
KINDS = {  # price in pounds, category
    "sofa": (200, "Home & Garden / Living Room"),
    "lamp": (15, "Home & Garden / Living Room"),
    "kettle": (10, "Home & Garden / Kitchen"),
    "bicycle": (120, "Sports / Cycling"),
    "tent": (60, "Sports / Camping"),
    "guitar": (90, "Music / Instruments"),
}
PLACES = ("Leeds, West Yorkshire", "Truro, Cornwall")
COLUMNS = ("id", "title", "description", "category", "price", "place", "created_at", "seller", "photos")


def listing_ids() -> list[str]:
    """Every listing, in the order of the source."""
    return [f"{colour}-{kind}" for kind in KINDS for colour in COLOURS]


def write_source(folder: Path) -> Path:
    """Write listings.csv and photos/ into `folder`; returns the table's path."""
    (folder / "photos").mkdir(parents=True)
    path = folder / "listings.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number, listing_id in enumerate(listing_ids()):
            colour, kind = listing_id.split("-")
            price, category = KINDS[kind]
            place = PLACES[list(COLOURS).index(colour) % 2]
            day = f"2026-01-{1 + number % 28:02d}T12:00:00+00:00"
            words = f"A {colour} {kind} in good order, collection only."
            draw(listing_id).save(folder / "photos" / f"{listing_id}.jpg", quality=92)
            writer.writerow(
                [listing_id, f"{colour.title()} {kind}", words, category, f"£{price}", place, day,
                 f"seller-{number % 5}", f"{listing_id}.jpg"]
            )  # fmt: skip
    return path


def draw(listing_id: str, seed: int = 0) -> Image.Image:
    """The photo of a listing: its kind's shape in its colour; another seed moves and shades it."""
    colour, kind = listing_id.split("-")
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (96, 96), (150, 170, 190))
    pen = ImageDraw.Draw(image)
    dx, dy = rng.integers(-4, 5, 2) if seed else (0, 0)
    fill = COLOURS[colour]
    boxes = {
        "sofa": [(8, 40, 88, 80)],
        "lamp": [(30, 8, 66, 40), (44, 40, 52, 90)],
        "kettle": [(30, 30, 70, 80), (66, 36, 88, 44)],
        "bicycle": [(6, 46, 42, 82), (54, 46, 90, 82), (24, 40, 72, 48)],
        "tent": [(10, 70, 86, 80), (40, 10, 56, 70)],
        "guitar": [(40, 4, 52, 50), (28, 50, 66, 92)],
    }[kind]
    for left, top, right, bottom in boxes:
        place = (left + dx, top + dy, right + dx, bottom + dy)
        if kind in ("bicycle", "guitar"):
            pen.ellipse(place, fill=fill)
        else:
            pen.rectangle(place, fill=fill)
    return image
