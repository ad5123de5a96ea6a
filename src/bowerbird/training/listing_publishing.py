"""A trained listing network becomes a learned model: exported, measured as it will be served, described."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import torch
from torch import nn

from bowerbird.encoding.artefact import NETWORK_FILE
from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.encoding.listing_encoder import WORDS_FILE
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
    KS,
    LEARNED,
    SAME,
    TEXT,
    THINNED_TO,
    TITLE,
    Retrieval,
    figures_of,
    learned_retrievals,
    recall_curves,
    whitened_systems,
)
from bowerbird.training.listing_space import ListingSpace, WordSide
from bowerbird.training.listing_training import DIMENSION, ListingTraining
from bowerbird.training.photo_levels import last_layer_width
from bowerbird.training.training_data import Part

PARITY = 1e-4  # the most that a number of a vector may differ between torch and the export


def publish_listing_encoder(
    settings: Settings,
    examples: ListingExamples,
    training: ListingTraining,
    space: ListingSpace,
    history: Sequence[Mapping[str, float]],
    *,
    trained_at: datetime,
) -> LearnedModel:
    """`space` exported, measured on the test listings and published; it is not in use yet.

    Raises:
        TrainingError: its export computes something else.
    """
    data = examples.data
    retrievals = measured(settings, examples, space)
    figures = [figure for name, retrieval in retrievals.items() for figure in figures_of(name, retrieval)]
    headline = f"{SAME} R@1", LEARNED
    figures.sort(key=lambda figure: (figure.name, figure.system) != headline)
    with staged_model(settings.models, LearnedKind.LISTING) as staged:
        export_listing_space(space, staged)
        _write_found(staged, retrievals)
        return publish_model(
            staged,
            LearnedKind.LISTING,
            config={
                "dimension": DIMENSION,
                "features": len(space.network.mean),
                "text": space.network.text_width,
                "looks": training.looks,
                "looks_share": space.looks_share,
                "told_share": space.told_share,
                "training": training.as_json(),
            },
            encoders=data.encoders,
            data=data.fingerprint,
            metrics=model_metrics(figures, _plots(retrievals, history)),
            card=_card(examples, training, figures, trained_at),
            trained_at=trained_at,
        )


def measured(settings: Settings, examples: ListingExamples, space: ListingSpace) -> dict[str, Retrieval]:
    """The test listings' photos and words, found by `space` and by its baselines."""
    data = examples.data
    encoders = settings.encoders
    last_layer = last_layer_width(encoders.photo_backbone)
    return learned_retrievals(
        data,
        space.photo_vectors(data.features),
        {TITLE: space.word_vectors(examples.titles.numpy()), TEXT: space.word_vectors(data.texts)},
        whitened_systems(data, last_layer, encoders.whitened_dimension),
    )


def export_listing_space(space: ListingSpace, folder: Path) -> None:
    """Write the photos' and the words' network of `space` and hold what they compute against torch.

    Raises:
        TrainingError: the two differ.
    """
    space.eval()
    features, text = len(space.network.mean), space.network.text_width
    _export(space, features, folder / NETWORK_FILE, "features")
    _export(WordSide(space).eval(), text, folder / WORDS_FILE, "text")


def _export(side: nn.Module, columns: int, path: Path, name: str) -> None:
    write_graph(side, (_example(2, columns),), path, inputs=(name,), outputs=("vectors",))
    inputs = _example(5, columns)
    with torch.inference_mode():
        expected = side(inputs).numpy()
    found: Vectors = Network(path, Precision.F32).run([inputs.numpy()])
    if not (difference := float(np.abs(found - expected).max())) <= PARITY:
        raise TrainingError(
            f"the export of the listing encoder differs from the network by {difference:.2g}, where at most "
            f"{PARITY} is allowed; train it again with another seed"
        )


def _example(rows: int, columns: int) -> torch.Tensor:
    drawn = torch.randn(rows, columns, generator=torch.Generator().manual_seed(rows))
    return torch.nn.functional.normalize(drawn)


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
        "recall_at_k": recall_curves(retrievals),
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
