"""A trained photo classifier becomes an artefact: its network, labels, figures, predictions and card.

The graph takes 'pixels' (B, 3, s, s) float32, normalised, to 'features' (B, 1000) and 'logits' (B, classes).
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bowerbird.encoding.artefact import NETWORK_FILE, digest
from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.encoding.openvino_runtime import openvino as ov
from bowerbird.errors import InputError, TrainingError
from bowerbird.evaluation.classification import confusion, correct, reliability, top_k
from bowerbird.evaluation.model_card import render_card
from bowerbird.evaluation.model_metrics import model_metrics
from bowerbird.evaluation.predictions import write_predictions
from bowerbird.evaluation.report import Figure
from bowerbird.storage.model_registry import publish_model, staged_model
from bowerbird.training.datasets import LabelledPhotos, Rows
from bowerbird.training.export import PARITY, export_backbone, weights_sha256, write_graph
from bowerbird.training.photo_classifier import FEATURES, ExportedClassifier
from bowerbird.training.photo_figures import TOP, Probabilities, figures_on_test, per_class
from bowerbird.training.train_photo_classifier import PhotoResult
from bowerbird.training.training_data import Part

SYSTEM = "photo classifier"


def publish_photo_classifier(
    result: PhotoResult,
    models_folder: Path,
    *,
    baselines: Mapping[str, Probabilities],
    trained_at: datetime,
) -> tuple[LearnedModel, list[Figure]]:
    """The published model and its figures; it is not put in use.

    Args:
        result: a finished run.
        models_folder: of the home.
        baselines: further systems' probabilities of the photos that `measured_rows` gives.
        trained_at: when the run ended.

    Raises:
        TrainingError: the export computes something else than the network.
    """
    photos = result.photos
    rows, chances, where = measured_rows(result)
    figures = figures_on_test(
        {SYSTEM: chances, **baselines},
        photos.labels[rows],
        groups=photos.groups[rows],
        majority=int(np.bincount(photos.labels[photos.rows(Part.TRAIN)]).argmax()),
        seed=result.training.seed,
    )
    with staged_model(models_folder, LearnedKind.PHOTO_CLASSIFIER) as staged:
        _write_network(result, staged / NETWORK_FILE)
        _write_predicted(photos, rows, chances, staged)
        model = publish_model(
            staged,
            LearnedKind.PHOTO_CLASSIFIER,
            config={
                "architecture": result.training.architecture,
                "dimension": FEATURES,
                "classes": list(photos.classes),
                "preparation": asdict(result.backbone.preparation),
                "training": result.training.as_json(),
            },
            encoders={},
            data=photos.fingerprint,
            metrics=_metrics(result, figures),
            card=_card(result, figures, where, trained_at),
            trained_at=trained_at,
        )
    return model, figures


def measured_rows(result: PhotoResult) -> tuple[Rows, Probabilities, str]:
    """The labelled test photos and their probabilities; validation photos where there are none."""
    rows = result.photos.rows(Part.TEST)
    known = result.photos.labels[rows] >= 0
    if known.any():
        return rows[known], result.test[known], "test photos"
    where = "validation photos, as no test photo has a label"
    return result.photos.rows(Part.VALIDATION), result.validation, where


def _metrics(result: PhotoResult, figures: list[Figure]) -> dict[str, Any]:
    """The figures with what draws them."""
    rows, chances, where = measured_rows(result)
    labels, classes = result.photos.labels[rows], result.photos.classes
    return model_metrics(
        figures,
        {
            "confusion": confusion(chances.argmax(axis=1), labels, classes),
            "reliability": reliability(chances.max(axis=1), correct(chances, labels)),
            "learning_curve": [{**one.as_json(), "epoch": one.epoch + 1} for one in result.history],
        },
        per_class=per_class(chances, labels, classes),
        best_epoch=result.best.epoch + 1,
        measured_on=where,
    )


def _write_predicted(photos: LabelledPhotos, rows: Rows, chances: Probabilities, folder: Path) -> None:
    labels = photos.labels[rows]
    write_predictions(
        folder,
        [photos.names[row] for row in rows],
        {"correct": correct(chances, labels), "top3": top_k(chances, labels, TOP)},
        groups=photos.groups[rows],
        labels={
            "label": [photos.classes[at] for at in labels],
            "predicted": [photos.classes[at] for at in chances.argmax(axis=1)],
        },
    )


def publish_backbone(result: PhotoResult, models_folder: Path) -> Path:
    """The folder of the fine-tuned backbone as a photo encoder, by whose name search can use it.

    Raises:
        InputError: nothing of the backbone was trained.
    """
    if result.training.unfreeze == "none":
        raise InputError(
            "the backbone was frozen, so its fine-tuned form is the one there is; give --unfreeze a number "
            "of blocks, or all"
        )
    weights = weights_sha256(result.backbone.network)
    name = f"{result.backbone.name} tuned {digest(weights)[:8]}"
    tuned = replace(result.backbone, name=name, network=result.backbone.network.eval())
    return export_backbone(tuned, models_folder=models_folder)


def _write_network(result: PhotoResult, path: Path) -> None:
    network = ExportedClassifier(result.front, result.classifier, result.partner).eval().cpu()
    example = result.backbone.example(rows=2)
    write_graph(network, example, path, inputs=["pixels"], outputs=["features", "logits"])
    pixels = result.backbone.example(rows=3, seed=1)[0]
    with torch.inference_mode():
        expected = network(pixels)
    core = ov.Core()
    compiled = core.compile_model(
        core.read_model(path), "CPU", {ov.properties.hint.inference_precision(): ov.Type.f32}
    )
    found = compiled([pixels.numpy()])
    for position, name in enumerate(("features", "logits")):
        cosine = float(
            torch.nn.functional.cosine_similarity(
                expected[position], torch.from_numpy(np.array(found[position])), dim=1
            ).min()
        )
        if not cosine >= PARITY:
            raise TrainingError(
                f"the export of the photo classifier gives other {name} than its network (cosine "
                f"{cosine:.4f}, at least {PARITY} is needed); choose another --architecture"
            )


def _card(result: PhotoResult, figures: list[Figure], where: str, trained_at: datetime) -> str:
    photos = result.photos
    return render_card(
        "Category of a photo",
        purpose=(
            f"A photo to one of {len(photos.classes)} categories ({', '.join(photos.classes)}), and to 1,000 "
            "features before the last layer. Two linear layers on a photo network, of which the settings "
            "below say how much was trained; 'remembered' is the share of an answer that photos like it have."
        ),
        data=photos.fingerprint,
        split=photos.split,
        encoders={},
        training={**result.training.as_json(), "best epoch": result.best.epoch + 1},
        figures=figures,
        limits=[
            f"Figures are per photo, on {where}.",
            "A photo shows what is in it, not what is sold: a room, a box or a person misleads it.",
            "Probabilities are those of the network and were not calibrated.",
            *photos.warnings,
        ],
        uses=[
            "Features and a first guess of the category, for people or models to weigh with the words.",
            "Not for deciding alone what a listing is, and not for photos of another market.",
        ],
        trained_at=trained_at,
    )
