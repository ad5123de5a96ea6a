"""A trained listing network becomes a learned model: exported, measured as it will be served, described."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import torch

from bowerbird.encoding.artefact import NETWORK_FILE
from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.encoding.network import Network, Precision
from bowerbird.errors import TrainingError
from bowerbird.evaluation.cross_modal import found_within
from bowerbird.evaluation.model_card import render_card
from bowerbird.evaluation.model_metrics import model_metrics
from bowerbird.evaluation.predictions import write_predictions
from bowerbird.evaluation.report import Figure
from bowerbird.settings import Settings
from bowerbird.storage.model_registry import publish_model, staged_model
from bowerbird.training.export import write_graph
from bowerbird.training.listing_examples import ListingExamples
from bowerbird.training.listing_figures import (
    CHANCE,
    KS,
    LAST_LAYER,
    LEARNED,
    THINNED_TO,
    WHITENED,
    Retrieval,
    chance_vectors,
    figures_of,
    photos_to_words,
    same_listing,
    thinned_gallery,
    whitened_systems,
    words_to_photos,
)
from bowerbird.training.listing_network import ListingNetwork
from bowerbird.training.listing_training import DIMENSION, ListingTraining
from bowerbird.training.listing_validation import photo_vectors, word_vectors
from bowerbird.training.photo_levels import last_layer_width
from bowerbird.training.training_data import Part

PARITY = 1e-4  # the most that a number of a vector may differ between torch and the export
SAME, TITLE, TEXT, WORDS = "same-listing photo", "title to photo", "words to photo", "photo to words"
_RANKS = (1, 2, 3, 5, 10, 20, 50, 100)


def publish_listing_encoder(
    settings: Settings,
    examples: ListingExamples,
    training: ListingTraining,
    network: ListingNetwork,
    history: Sequence[Mapping[str, float]],
    *,
    trained_at: datetime,
) -> LearnedModel:
    """`network` exported, measured on the test listings and published; it is not in use yet.

    Raises:
        TrainingError: its export computes something else.
    """
    data = examples.data
    retrievals = measured(settings, examples, network)
    figures = [
        figure
        for name, retrieval in retrievals.items()
        for figure in figures_of(name, retrieval, _baseline(retrieval))
    ]
    headline = f"{SAME} R@1", LEARNED
    figures.sort(key=lambda figure: (figure.name, figure.system) != headline)
    with staged_model(settings.models, LearnedKind.LISTING) as staged:
        export_listing_network(network, staged / NETWORK_FILE)
        _write_found(staged, retrievals)
        return publish_model(
            staged,
            LearnedKind.LISTING,
            config={
                "dimension": DIMENSION,
                "features": len(network.mean),
                "text": network.text_width,
                "looks": training.looks,
                "looks_share": round(float(network.looks_share), 3),
                "training": training.as_json(),
            },
            encoders=data.encoders,
            data=data.fingerprint,
            metrics=model_metrics(figures, _plots(retrievals, history)),
            card=_card(examples, training, figures, trained_at),
            trained_at=trained_at,
        )


def measured(settings: Settings, examples: ListingExamples, network: ListingNetwork) -> dict[str, Retrieval]:
    """The test listings' photos and words, found by `network` and by its baselines."""
    data = examples.data
    last_layer = last_layer_width(settings.encoders.photo_backbone)
    dimension = settings.encoders.whitened_dimension
    photos = photo_vectors(network, data.features)
    titles, texts = (word_vectors(network, source.numpy()) for source in (examples.titles, examples.texts))
    gallery = thinned_gallery(data, Part.TEST)
    chance = chance_vectors(data, data.seed)
    systems = {LEARNED: photos, **whitened_systems(data, last_layer, dimension)}
    retrievals = {
        SAME: same_listing(data, systems, Part.TEST),
        TITLE: words_to_photos(data, gallery, {LEARNED: (titles, photos), CHANCE: chance}),
        TEXT: words_to_photos(data, gallery, {LEARNED: (texts, photos), CHANCE: chance}),
        WORDS: photos_to_words(data, gallery, {LEARNED: (texts, photos), CHANCE: chance}),
    }
    # A market may have no listing with two photos.
    return {name: retrieval for name, retrieval in retrievals.items() if retrieval.items}


def export_listing_network(network: ListingNetwork, path: Path) -> None:
    """Write `network` as one ONNX file and hold what it computes against torch.

    Raises:
        TrainingError: the two differ.
    """
    network.eval()
    write_graph(
        network,
        _example(network, rows=2),
        path,
        inputs=("features", "text", "has_photo", "has_text"),
        outputs=("vectors",),
    )
    inputs = _example(network, rows=5)
    with torch.inference_mode():
        expected = network(*inputs).numpy()
    found: Vectors = Network(path, Precision.F32).run([tensor.numpy() for tensor in inputs])
    if not (difference := float(np.abs(found - expected).max())) <= PARITY:
        raise TrainingError(
            f"the export of the listing encoder differs from the network by {difference:.2g}, where at most "
            f"{PARITY} is allowed; train it again with another seed"
        )


def _example(network: ListingNetwork, rows: int) -> tuple[torch.Tensor, ...]:
    """Random inputs: with both parts, with photos alone, with words alone, in turn."""
    generator = torch.Generator().manual_seed(rows)
    features = torch.randn(rows, len(network.mean), generator=generator)
    text = torch.nn.functional.normalize(torch.randn(rows, network.text_width, generator=generator))
    turn = torch.arange(rows)[:, None] % 3
    return features, text, (turn != 2).float(), (turn != 1).float()


def _baseline(retrieval: Retrieval) -> str:
    return next(name for name in (LAST_LAYER, WHITENED, CHANCE) if name in retrieval.ranks)


def _write_found(folder: Path, retrievals: Mapping[str, Retrieval]) -> None:
    """A row a query of any kind; each kind's columns are its own."""
    items: list[str] = []
    groups: list[int] = []
    for name, retrieval in retrievals.items():
        items += [f"{name}: {item}" for item in retrieval.items]
        groups += retrieval.groups.tolist()
    measures = {}
    start = 0
    for name, retrieval in retrievals.items():
        for k in KS:
            column = np.full(len(items), np.nan)
            column[start : start + len(retrieval.items)] = found_within(retrieval.ranks[LEARNED], k)
            measures[f"{name} R@{k}"] = column
        start += len(retrieval.items)
    write_predictions(folder, items, measures, groups=groups)


def _plots(retrievals: Mapping[str, Retrieval], history: Sequence[Mapping[str, float]]) -> dict[str, object]:
    return {
        "learning_curve": [
            {name: int(value) if name == "epoch" else value for name, value in epoch.items()}
            for epoch in history
        ],
        "recall_at_k": {
            f"{name}, {system}": {str(k): float(found_within(ranks, k).mean()) for k in _RANKS}
            for name, retrieval in retrievals.items()
            for system, ranks in retrieval.ranks.items()
        },
    }


def _card(
    examples: ListingExamples, training: ListingTraining, figures: Sequence[Figure], trained_at: datetime
) -> str:
    data = examples.data
    return render_card(
        "One space for photos, words and listings",
        purpose="Raw photo features and a text vector go in, each optional; out comes a vector of length 1. "
        f"Its first {training.looks} numbers say what a photo looks like, the others what the thing is, as "
        "words do.",
        data=data.fingerprint,
        split=f"{len(examples.rows(Part.TRAIN)):,} listings with photos to learn from, "
        f"{len(examples.rows(Part.VALIDATION)):,} to choose the epoch, {len(examples.rows(Part.TEST)):,} for "
        f"testing; listings that share a photo or a text on one side, seed {data.seed}",
        encoders=data.encoders,
        training=training.as_json(),
        figures=figures,
        limits=[
            f"Words and photos are sought among {THINNED_TO:,} photos of whole listings (by SHA-256 of ids).",
            f"'{TITLE}' asks with the title alone.",
            f"'{SAME}' is sought among all photos but copies of one file; whitening is fitted on them all.",
            "It knows what this market sells, and of rare things little.",
        ],
        uses=["Search by photo and by words, similar listings.", "Not for saying what a photo shows."],
        trained_at=trained_at,
    )
