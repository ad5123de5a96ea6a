"""Engines that share the compiled networks of the session: what is opened anew is the home alone."""

import dataclasses
from collections.abc import Callable
from typing import TypeAlias

import pytest

from bowerbird.assembly import engine_over, open_catalogue, open_generations, open_photo_store
from bowerbird.engine import Engine
from bowerbird.projection import calibration
from bowerbird.projection.build import Stores
from bowerbird.settings import Settings
from bowerbird.storage.embedding_store import EmbeddingStore
from bowerbird.storage.listing_encoders import ListingEncoders

OpenHome: TypeAlias = Callable[[Settings], Engine]


@pytest.fixture(autouse=True)
def _quick_calibration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Encoding 400 nonsense queries is most of the time that building a small generation takes."""
    monkeypatch.setattr(calibration, "NONSENSE_QUERIES", 40)


@pytest.fixture
def open_home(known_engine: Engine) -> OpenHome:
    """What `open_engine` does, without the second that compiling the networks takes."""

    def opened(settings: Settings) -> Engine:
        shared = known_engine.stores.vectors
        folder = settings.home / "embeddings"
        text, photo = shared.text_encoder, shared.photo_encoder
        vectors = dataclasses.replace(
            shared,
            text_store=EmbeddingStore(folder, text.fingerprint, text.dimension),
            feature_store=EmbeddingStore(folder, photo.fingerprint, photo.dimension),
            photo_store=open_photo_store(settings),
        )
        listing_encoders = ListingEncoders(settings.models, known_engine.stores.encoders)
        stores = Stores(open_catalogue(settings), vectors, open_generations(settings), listing_encoders)
        return engine_over(stores, settings)

    return opened


@pytest.fixture
def engine(settings: Settings, open_home: OpenHome):
    """The engine of `home`, for the tests that change it."""
    engine = open_home(settings)
    yield engine
    engine.close()
