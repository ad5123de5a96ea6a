"""Listing encoders with random weights: what does not depend on what was learned is tested with these."""

from datetime import UTC, datetime

import numpy as np
import torch

from bowerbird.assembly import open_stores
from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.settings import Settings
from bowerbird.storage.model_registry import publish_model, staged_model
from bowerbird.training.listing_looks import fit_looks_of
from bowerbird.training.listing_network import FeatureStatistics, ListingNetwork
from bowerbird.training.listing_publishing import export_listing_space
from bowerbird.training.listing_space import ListingSpace
from bowerbird.training.listing_training import DIMENSION, ListingTraining

TINY = {"looks": 16, "members": 2, "width": 120, "hidden": 8, "whitened": 16, "epochs": 3, "batch": 16}


def publish_random(settings: Settings, seed: int = 0, encoders: dict[str, str] | None = None) -> LearnedModel:
    """A model of the home's own encoders, published and not in use."""
    stores = open_stores(settings)
    try:
        hashes = [
            photo.content_hash for batch in stores.catalogue.scan() for one in batch for photo in one.photos
        ]
        features = stores.vectors.features(hashes)
        text = stores.vectors.text_encoder.dimension
        encoders = encoders or stores.encoders
    finally:
        stores.close()
    training = ListingTraining(**TINY, seed=seed)
    torch.manual_seed(seed)
    network = ListingNetwork(features.shape[1], text, training, FeatureStatistics.fit(features))
    parts = [len(part) for part in np.array_split(np.arange(features.shape[1]), 10)]  # fitted in no time
    looks = fit_looks_of(features, np.arange(len(features)), parts, training)
    with staged_model(settings.models, LearnedKind.LISTING) as staged:
        export_listing_space(ListingSpace(network, looks), staged)
        return publish_model(
            staged,
            LearnedKind.LISTING,
            config={
                "dimension": DIMENSION,
                "features": features.shape[1],
                "text": text,
                "looks": 16,
                "seed": seed,
            },
            encoders=encoders,
            data="drawn",
            metrics={"figures": [], "plots": {}},
            card="random weights",
            trained_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
