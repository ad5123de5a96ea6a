"""A model learned from a home's own market, as a folder: what is in it, and whether it is whole.

`models/<kind>/<fingerprint>/` holds what the kind needs (network.onnx, boosted trees, tables), and always
config.json (what it is, its files' digests, the data it was trained on), metrics.json (its figures, see
`evaluation.model_metrics`) and card.md (the same for people). The fingerprint covers config and files, not
the figures. Nothing in the folder is executable: ONNX, safetensors, JSON, Parquet and the text form of
boosted trees. `storage.model_registry` writes and chooses them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from bowerbird.encoding.artefact import CONFIG_FILE, digest, file_sha256
from bowerbird.errors import MismatchError, NotFoundError
from bowerbird.evaluation.model_metrics import check_metrics

METRICS_FILE = "metrics.json"
CARD_FILE = "card.md"
MODEL_FORMAT = 1
_ADVICE = "train it again, or put another in use with `bowerbird models activate`"


class LearnedKind(StrEnum):
    """What a learned model is for. The frozen encoders are `artefact.Kind`, chosen by a setting."""

    PHOTO_CLASSIFIER = "photo-classifier"  # pixels -> root category, 1,000 features
    TEXT_CLASSIFIER = "text-classifier"  # words -> root category
    LISTING = "listing"  # photo features and text vectors -> one space
    CATEGORY = "category"  # photo features, text vectors and words -> root and leaf probabilities
    PRICE = "price"
    RANKER = "ranker"  # features of a query's candidates -> their order


@dataclass(frozen=True, slots=True)
class LearnedModel:
    """One learned model, its files checked against their digests when it was loaded."""

    folder: Path
    kind: LearnedKind
    fingerprint: str  # 16 hexadecimal digits of kind, config and files
    config: Mapping[str, Any]  # whatever the kind needs to run it
    encoders: Mapping[str, str]  # fingerprints of the encoders whose vectors it reads, by 'text' and 'photo'
    data: str  # fingerprint of the training data and its split
    trained_at: datetime
    metrics: Mapping[str, Any] = field(default_factory=dict)


def model_contents(
    kind: LearnedKind, config: Mapping[str, Any], encoders: Mapping[str, str], files: Mapping[str, str]
) -> dict[str, Any]:
    """The part of config.json that the fingerprint covers, as JSON gives it back."""
    contents = {
        "format": MODEL_FORMAT,
        "kind": kind,
        "config": dict(config),
        "encoders": dict(encoders),
        "files": dict(files),
    }
    restored: dict[str, Any] = json.loads(json.dumps(contents))
    return restored


def load_model(folder: Path) -> LearnedModel:
    """The learned model in `folder`, its config and files checked against its fingerprint.

    Raises:
        NotFoundError: there is no config.json, or a file it names is missing.
        MismatchError: the config is damaged, or a file is not the one that was published.
    """
    model, files = read_model(folder)
    contents = model_contents(model.kind, model.config, model.encoders, files)
    if digest(contents) != model.fingerprint:
        raise MismatchError(
            f"{folder / CONFIG_FILE} says what was not published under {model.fingerprint}; {_ADVICE}"
        )
    for name, expected in files.items():
        path = folder / name
        if not path.is_file():
            raise NotFoundError(f"{path} is missing; {_ADVICE}")
        if file_sha256(path) != expected:
            raise MismatchError(f"{path} is not the file that was published; {_ADVICE}")
    return model


def read_model(folder: Path) -> tuple[LearnedModel, dict[str, str]]:
    """The model in `folder` and the digests of its files, which are not read.

    Raises:
        NotFoundError: there is no config.json or no metrics.json.
        MismatchError: one of the two is damaged or has another form.
    """
    about = _read_json(folder / CONFIG_FILE)
    metrics = _read_json(folder / METRICS_FILE)
    try:
        check_metrics(metrics)
    except MismatchError as error:
        raise MismatchError(f"{folder / METRICS_FILE} is damaged: {error.message}; {_ADVICE}") from error
    try:
        if about["format"] != MODEL_FORMAT:
            raise ValueError(f"format {about['format']} where {MODEL_FORMAT} is read")
        model = LearnedModel(
            folder=folder,
            kind=LearnedKind(about["kind"]),
            fingerprint=folder.name,
            config=dict(about["config"]),
            encoders=dict(about["encoders"]),
            data=str(about["data"]),
            trained_at=datetime.fromisoformat(about["trained_at"]).astimezone(UTC),
            metrics=metrics,
        )
        return model, dict(about["files"])
    except (KeyError, TypeError, ValueError) as error:
        raise MismatchError(f"{folder / CONFIG_FILE} is no model's config ({error}); {_ADVICE}") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFoundError(
            f"{path.parent} holds no whole model: {path.name} is missing; {_ADVICE}"
        ) from error
    except ValueError as error:
        raise MismatchError(f"{path} is damaged ({error}); {_ADVICE}") from error
    if not isinstance(values, dict):
        raise MismatchError(f"{path} is damaged: it holds a {type(values).__name__}; {_ADVICE}")
    return values
