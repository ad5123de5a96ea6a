"""The packaged encoders, compiled once a session, and photos drawn from a seed."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bowerbird.encoding.artefact import Artefact, find_artefact
from bowerbird.encoding.openvino_runtime import openvino as ov
from bowerbird.encoding.photo_encoder import PhotoEncoder
from bowerbird.encoding.text_encoder import TextEncoder


@pytest.fixture(scope="session")
def photo_artefact(exported_models: Path) -> Artefact:
    return find_artefact(exported_models, "photo", "efficientnet-lite2")


@pytest.fixture(scope="session")
def text_artefact(exported_models: Path) -> Artefact:
    return find_artefact(exported_models, "text", "all-MiniLM-L6-v2")


@pytest.fixture(scope="session")
def photo_encoder(photo_artefact: Artefact) -> PhotoEncoder:
    return PhotoEncoder(photo_artefact, "f32")


@pytest.fixture(scope="session")
def text_encoder(text_artefact: Artefact) -> TextEncoder:
    return TextEncoder(text_artefact, "f32")


@pytest.fixture(scope="session")
def photos() -> list[np.ndarray]:
    """12 drawings of several shapes and sizes: (h, w, 3) uint8."""
    rng = np.random.default_rng(7)
    drawings = []
    for _ in range(12):
        width, height = (int(side) for side in rng.integers(90, 420, 2))
        image = Image.new("RGB", (width, height), tuple(int(c) for c in rng.integers(0, 256, 3)))
        pen = ImageDraw.Draw(image)
        for _ in range(6):
            x, y = rng.uniform(0, 0.8, 2) * (width, height)
            w, h = rng.uniform(0.1, 0.5, 2) * (width, height)
            colour = tuple(int(c) for c in rng.integers(0, 256, 3))
            (pen.ellipse if rng.random() < 0.5 else pen.rectangle)((x, y, x + w, y + h), fill=colour)
        drawings.append(np.asarray(image))
    return drawings


@pytest.fixture(scope="session")
def cosines():
    """A function of two (n, d) arrays: the (n,) cosines of their rows."""

    def of(a, b):
        return (a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))

    return of


@pytest.fixture(scope="session")
def has_bf16():
    if "BF16" not in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("this CPU has no bf16 arithmetic")
