"""Pictures for TensorBoard: which class is taken for which, and the worst mistakes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from bowerbird.encoding.photo_preparation import decode
from bowerbird.training.datasets import LabelledPhotos, Rows
from bowerbird.training.photo_figures import Probabilities

Picture = NDArray[np.uint8]  # (h, w, 3) RGB
CELL, MARGIN = 36, 150  # pixels
TILE, CAPTION, COLUMNS, WORST = 160, 34, 6, 24


def confusion_picture(counts: NDArray[np.int64], classes: Sequence[str]) -> Picture:
    """The confusion matrix, darker where more of a true class (a row) is taken for a column's."""
    side = len(classes) * CELL
    image = Image.new("RGB", (MARGIN + side, MARGIN + side), "white")
    pen = ImageDraw.Draw(image)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    for row, name in enumerate(classes):
        pen.text((4, MARGIN + row * CELL + 12), name[:24], fill="black")
        for column in range(len(classes)):
            left, upper = MARGIN + column * CELL, MARGIN + row * CELL
            shade = round(255 * (1 - shares[row, column]))
            pen.rectangle((left, upper, left + CELL - 1, upper + CELL - 1), fill=(shade, shade, 255))
            ink = "white" if shares[row, column] > 0.5 else "black"
            pen.text((left + 6, upper + 12), str(counts[row, column]), fill=ink)
    return np.asarray(_with_columns(image, classes))


def _with_columns(image: Image.Image, classes: Sequence[str]) -> Image.Image:
    """The names of the columns, written upwards over them."""
    for column, name in enumerate(classes):
        strip = Image.new("RGB", (MARGIN - 4, CELL), "white")
        ImageDraw.Draw(strip).text((2, 12), name[:24], fill="black")
        image.paste(strip.rotate(90, expand=True), (MARGIN + column * CELL, 0))
    return image


def worst_mistakes(probabilities: Probabilities, labels: NDArray[np.int64], limit: int = WORST) -> Rows:
    """Positions of the rows whose wrong answer has the highest probability, that one first."""
    said = probabilities.max(axis=1)
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(-said[wrong], kind="stable")][:limit]


def mistakes_picture(photos: LabelledPhotos, rows: Rows, probabilities: Probabilities) -> Picture:
    """Tiles of the photos `rows`, each over its true class and what it was taken for."""
    lines = -(-len(rows) // COLUMNS) or 1
    image = Image.new("RGB", (COLUMNS * TILE, lines * (TILE + CAPTION)), "white")
    pen = ImageDraw.Draw(image)
    for place, (row, chances) in enumerate(zip(rows.tolist(), probabilities, strict=True)):
        left, upper = place % COLUMNS * TILE, place // COLUMNS * (TILE + CAPTION)
        photo = decode(photos.read(row), TILE)
        photo.thumbnail((TILE - 4, TILE - 4))
        image.paste(photo, (left + 2, upper + 2))
        said = int(chances.argmax())
        pen.text((left + 2, upper + TILE), photos.classes[photos.labels[row]][:26], fill="black")
        wrong = f"not {photos.classes[said][:16]} {chances[said]:.0%}"
        pen.text((left + 2, upper + TILE + 14), wrong, fill=(180, 0, 0))
    return np.asarray(image)


def add_picture(writer: Any, name: str, picture: Picture, step: int) -> None:  # noqa: ANN401 - it has no types
    """Show `picture` in TensorBoard."""
    writer.add_image(name, picture, step, dataformats="HWC")
